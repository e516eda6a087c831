/// An nftables table of ours: the data of NICs in sets and maps, and chains whose rules look it up.
///
/// A table is one object because the kernel replaces it in one transaction, and because one is all that a
/// configuration owns of a family.
package struct Table: Described, Hashable {
  package var id: TableID
  /// Sorted by name.
  package var sets: [TableSet] = []
  /// In the order in which rules may jump to them; base chains last.
  package var chains: [TableChain] = []

  package init(id: TableID) { self.id = id }

  package static let fields: [Field<Table>] = [
    .always("family", \.id.family),
    .always("table", \.id.name),
    .always("sets", \.sets),
    .always("chains", \.chains),
  ]

  package static var blank: Table { Table(id: TableID(family: .inet, name: "")) }

  /// One that is there and could not be read.
  package init(unread id: TableID, because error: some CustomStringConvertible) {
    self.id = id
    chains = [TableChain(Table.unread, [error.description])]
  }

  private static let unread = "?"

  /// Why it could not be read.
  package var reasonUnread: String? { chains.first { $0.name == Table.unread }?.rules.first }

  /// Names of the sets and chains in which two tables differ.
  package func parts(unlike other: Table) -> [String] {
    let names = Set((sets + other.sets).map(\.name)).filter { self[set: $0] != other[set: $0] }
    func chain(_ table: Table, _ name: String) -> TableChain? { table.chains.first { $0.name == name } }
    let others = Set((chains + other.chains).map(\.name)).filter { chain(self, $0) != chain(other, $0) }
    return names.sorted().map { "set \($0)" } + others.sorted().map { "chain \($0)" }
  }

  package subscript(set name: String) -> TableSet? { sets.first { $0.name == name } }
}

package struct TableID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The families that are used here, by their names in nft(8).
  package enum Family: String, Hashable, Sendable, CaseIterable, Comparable, JSONRepresentable {
    case bridge, inet, netdev

    package static func < (a: Family, b: Family) -> Bool { a.rawValue < b.rawValue }
  }

  package var family: Family
  package var name: String

  package init(family: Family, name: String) {
    self.family = family
    self.name = name
  }

  private static let prefix = "vnet-"

  /// The table of a configuration: names of configurations are names of tables as well, letters, digits and `_.-`.
  package init(_ family: Family, of configuration: String) {
    self.init(family: family, name: TableID.prefix + configuration)
  }

  /// The table of one device of a configuration. No name of a configuration holds a slash, nor does that of an interface.
  package init(of device: LinkName, in configuration: String) {
    self.init(family: .netdev, name: "\(TableID.prefix)\(configuration)/\(device)")
  }

  /// The configuration whose table it is; nil for anybody else's.
  package var owner: Substring? {
    name.hasPrefix(TableID.prefix) ? name.dropFirst(TableID.prefix.count).prefix { $0 != "/" } : nil
  }

  /// The device at whose hooks it is.
  package var device: LinkName? {
    guard family == .netdev, let slash = name.firstIndex(of: "/") else { return nil }
    return LinkName(kernel: String(name[name.index(after: slash)...]))
  }

  package var description: String { "\(family.rawValue)/\(name)" }

  package static func < (a: TableID, b: TableID) -> Bool { (a.family, a.name) < (b.family, b.name) }
}

/// A named set, or a map where it has values.
package struct TableSet: Hashable, Sendable, JSONRepresentable {
  package var name: String
  /// The types of its keys, as nft(8) writes them: `ifname . ether_addr`, or `typeof …`.
  package var key: String
  /// The type of a map's values; nil for a set.
  package var value: String?
  /// Keys may be prefixes and ranges.
  package var isInterval = false
  /// Packets add the elements, each of which counts them: they are nobody's wish, and are neither made nor compared.
  package var counts = false
  /// Each key as nft writes it, with its value; an empty one in a set.
  package var elements: [String: String] = [:]

  package init(
    _ name: String, key: String, value: String? = nil, isInterval: Bool = false, counts: Bool = false
  ) {
    self.name = name
    self.key = key
    self.value = value
    self.isInterval = isInterval
    self.counts = counts
  }

  package var json: JSON {
    var members = [JSON.Member("name", .string(name)), JSON.Member("key", .string(key))]
    if let value { members.append(JSON.Member("value", .string(value))) }
    if isInterval { members.append(JSON.Member("interval", .bool(true))) }
    if counts { members.append(JSON.Member("counter", .bool(true))) }
    let sorted = elements.sorted { $0.key < $1.key }
    members.append(
      JSON.Member(
        "elements",
        value == nil
          ? .array(sorted.map { .string($0.key) })
          : .object(sorted.map { JSON.Member($0.key, .string($0.value)) })))
    return .object(members)
  }

  package init?(json: JSON) {
    guard let name = json["name"]?.string, let key = json["key"]?.string else { return nil }
    self.init(
      name, key: key, value: json["value"]?.string, isInterval: json["interval"]?.bool ?? false,
      counts: json["counter"]?.bool ?? false)
    switch json["elements"] {
    case .array(let items)?:
      for item in items {
        guard let key = item.string else { return nil }
        elements[key] = ""
      }
    case .object(let members)?:
      for member in members {
        guard let value = member.value.string else { return nil }
        elements[member.name] = value
      }
    default: return nil
    }
  }

  /// The same but for its elements.
  package func isDefined(as other: TableSet) -> Bool {
    var (a, b) = (self, other)
    (a.elements, b.elements) = ([:], [:])
    return a == b
  }
}

/// A chain and its rules, each in the words of nft(8).
package struct TableChain: Hashable, Sendable, JSONRepresentable {
  package var name: String
  /// `type filter hook prerouting priority -300; policy accept;` for a base chain.
  package var hook: String?
  package var rules: [String]

  package init(_ name: String, hook: String? = nil, _ rules: [String] = []) {
    self.name = name
    self.hook = hook
    self.rules = rules
  }

  package var json: JSON {
    var members = [JSON.Member("name", .string(name))]
    if let hook { members.append(JSON.Member("hook", .string(hook))) }
    members.append(JSON.Member("rules", rules.json))
    return .object(members)
  }

  package init?(json: JSON) {
    guard let name = json["name"]?.string, let rules = json["rules"].flatMap([String].init(json:)) else {
      return nil
    }
    self.init(name, hook: json["hook"]?.string, rules)
  }

  /// The hook in the words that a listing has for it.
  package static func hook(
    _ type: String, _ hook: String, _ priority: Int, device: LinkName? = nil
  ) -> String {
    let place = device.map { " device \"\($0)\"" } ?? ""
    return "type \(type) hook \(hook)\(place) priority \(priority); policy accept;"
  }
}
