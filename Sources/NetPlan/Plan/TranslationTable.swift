/// The table of a network namespace in which guests have other addresses than those by which they are reached: one to one,
/// either way, for whatever protocol.
struct TranslationTable {
  private var sets: [String: TableSet] = [:]

  init() {
    sets["outside"] = TableSet("outside", key: "ifname")
    for family in AddressFamily.allCases {
      let type = family == .ipv4 ? "ipv4_addr" : "ipv6_addr"
      for name in [Self.inner(family), Self.outer(family)] {
        sets[name] = TableSet(name, key: type, value: type)
      }
    }
  }

  /// `outside` is the way to the host, as nft has it, in quotes.
  mutating func translate(_ inner: IPAddress, to outer: IPAddress, outside: String) {
    sets["outside"]!.elements[outside] = ""
    sets[Self.inner(outer.family)]!.elements[outer.description] = inner.description
    sets[Self.outer(inner.family)]!.elements[inner.description] = outer.description
  }

  var isEmpty: Bool { sets["outside"]!.elements.isEmpty }

  func table(_ id: TableID) -> Table {
    var table = Table(id: id)
    table.sets = sets.values.sorted { $0.name < $1.name }
    table.chains = [
      TableChain(
        "enter", hook: TableChain.hook("nat", "prerouting", -100),
        AddressFamily.allCases.map { family in
          "iifname @outside dnat \(family.word) to \(family.word) daddr map @\(Self.inner(family))"
        }),
      TableChain(
        "leave", hook: TableChain.hook("nat", "postrouting", 100),
        AddressFamily.allCases.map { family in
          "oifname @outside snat \(family.word) to \(family.word) saddr map @\(Self.outer(family))"
        }),
    ]
    return table
  }

  private static func inner(_ family: AddressFamily) -> String { "inner-\(family.shortName)" }
  private static func outer(_ family: AddressFamily) -> String { "outer-\(family.shortName)" }

  /// Inner and outer addresses of a table that is one of these.
  static func pairs(of table: Table) -> [(inner: String, outer: String)] {
    AddressFamily.allCases.flatMap { family in
      (table[set: outer(family)]?.elements ?? [:]).sorted { naturallyPrecedes($0.key, $1.key) }
        .map { (inner: $0.key, outer: $0.value) }
    }
  }
}

extension AddressFamily {
  fileprivate var word: String { self == .ipv4 ? "ip" : "ip6" }
}
