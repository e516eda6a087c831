/// What the files say, before anything is settled.
struct ConfigurationKeys: Keyed {
  var written: [WrittenKey] = []
  var version: Int?
  var name: String?
  var macSeed: String?
  var defaults: Node?
  var networks: [NetworkStanza]?
  var vms: [VMStanza]?
  var coexist: CoexistKeys?
  var allow: [RiskAcceptance]?

  static let table = KeyTable<ConfigurationKeys>("a configuration", schema: "configuration") {
    TableKey("version", \.version, .version, "version of the language, 1")
    TableKey("name", \.name, .name("a configuration"), "scope of ownership")
    TableKey("mac-seed", \.macSeed, .text("text"), "replaces the machine id in derived MAC addresses")
    TableKey("defaults", \.defaults, .defaults, "for every NIC and VM that does not say otherwise")
    TableKey("networks", \.networks, .networks, "networks by name")
    TableKey("vms", \.vms, .vms, "VMs by name")
    TableKey<ConfigurationKeys>.mapping(
      "coexist", \.coexist, CoexistKeys.table, "remedies beside other programs")
    TableKey("allow", \.allow, ValueShape<RiskAcceptance>.risk.list, "risks accepted for the whole file")
  }
}

struct NetworkStanza: Sendable {
  let name: String
  let position: SourcePosition
  let keys: NetworkKeys
  /// Something in it could not be read.
  let isBroken: Bool
}

struct VMStanza: Sendable {
  let name: String
  let position: SourcePosition
  let node: Node
}

struct CoexistKeys: Keyed {
  var written: [WrittenKey] = []
  var docker: Accept?
  var brNetfilter: Exempt?
  var firewalld: String?
  var ufw: Accept?
  var networkManager: Unmanaged?
  var networkd: Unmanaged?

  enum Accept: String, CaseIterable { case accept }
  enum Exempt: String, CaseIterable { case exempt }
  enum Unmanaged: String, CaseIterable { case unmanaged }

  static let table = KeyTable<CoexistKeys>("coexist", schema: "coexist") {
    TableKey<CoexistKeys>.choice("docker", \.docker, "let traffic of ours pass Docker's forward chain")
    TableKey<CoexistKeys>.choice(
      "br-netfilter", \.brNetfilter, "keep bridged frames of ours out of the IP filters")
    TableKey("firewalld", \.firewalld, .zone, "zone that interfaces of ours are put in")
    TableKey<CoexistKeys>.choice("ufw", \.ufw, "let traffic of ours pass ufw's forward chain")
    TableKey<CoexistKeys>.choice(
      "network-manager", \.networkManager, "have NetworkManager leave interfaces of ours alone")
    TableKey<CoexistKeys>.choice(
      "networkd", \.networkd, "have systemd-networkd leave interfaces of ours alone")
  }
}

extension ValueShape where Value == Int {
  static let understood = 1

  static var version: ValueShape {
    ValueShape(["const": understood.json]) { node, reader in
      guard let value = reader.number(node, "the version of the language") else { return nil }
      if value == understood { return value }
      reader.report(
        .unsupportedVersion, node.position, "version \(value) of the language is not understood",
        hint: "this program understands version \(understood)")
      return nil
    }
  }
}

extension ValueShape where Value == Node {
  static var defaults: ValueShape {
    ValueShape(VMKeys.defaults.reference) { node, _ in node }
  }
}

extension ValueShape where Value == [NetworkStanza] {
  static var networks: ValueShape {
    ValueShape([
      "type": "object", "propertyNames": Name.schema, "additionalProperties": NetworkKeys.table.reference,
    ]) {
      node, reader in
      let stanzas = reader.stanzas(node, "a network")
      return stanzas?.map { entry in
        let before = reader.diagnostics.errorCount
        let keys = reader.within(entry.key) { NetworkKeys.table.read(entry.value, &$0) }
        return NetworkStanza(
          name: entry.key, position: entry.keyPosition, keys: keys ?? NetworkKeys(),
          isBroken: reader.diagnostics.errorCount > before)
      }
    }
  }
}

extension ValueShape where Value == [VMStanza] {
  static var vms: ValueShape {
    ValueShape([
      "type": "object", "propertyNames": Name.schema, "additionalProperties": VMKeys.table.reference,
    ]) {
      node, reader in
      reader.stanzas(node, "a VM")?.map { VMStanza(name: $0.key, position: $0.keyPosition, node: $0.value) }
    }
  }
}

extension NodeReader {
  /// Entries with well-formed names.
  fileprivate mutating func stanzas(_ node: Node, _ what: String) -> [Node.Entry]? {
    guard case .mapping(let entries) = node.content else {
      if node.isNull { return [] }
      wrongType(node, "a mapping by name, \(what) each")
      return nil
    }
    return entries.filter { entry in within(entry.key) { Name.check(entry.key, what, entry.keyPosition, &$0) }
    }
  }
}

/// Which mappings know a key, for what stands in the wrong one.
enum KeyHomes {
  static func of(_ key: String) -> String? {
    var homes: [String] = []
    if ConfigurationKeys.table.contains(key) { homes.append("the top level") }
    if NetworkKeys.table.contains(key) { homes.append("a network") }
    if VMKeys.table.contains(key), !NICKeys.table.contains(key) { homes.append("a VM") }
    if NICKeys.table.contains(key) { homes.append("a NIC") }
    return homes.isEmpty ? nil : homes.joined(separator: " or ")
  }
}
