/// Rules of ours in a chain of somebody else's, that let traffic of ours pass what the chain drops.
///
/// A packet must be accepted by every base chain of its hook (nft(8)), so that a rule in a table of our own is no help:
/// it has to stand before the drop, in the chain that drops. Rules of one configuration are together in a chain and are
/// known by their comment, `vnet:NAME`.
package struct Passage: Described, Hashable {
  package var id: PassageID
  /// In the words of nft(8), interfaces in quotes; their order is that in the chain.
  package var rules: [String]

  package init(id: PassageID, rules: [String]) {
    self.id = id
    self.rules = rules
  }

  package static let fields: [Field<Passage>] = [
    .always("family", \.id.chain.family),
    .always("table", \.id.chain.table),
    .always("chain", \.id.chain.name),
    .always("name", \.id.name),
    .always("rules", \.rules),
  ]

  package static var blank: Passage {
    Passage(id: PassageID(chain: ChainID(family: .ip, table: "", name: ""), name: ""), rules: [])
  }

  private static let mark = "vnet:"

  /// The comment of rules of a configuration.
  package static func comment(of name: String) -> String { mark + name }

  /// The configuration whose rule has that comment; nil for anybody else's.
  package static func owner(comment: String) -> String? {
    comment.hasPrefix(mark) ? String(comment.dropFirst(mark.count)) : nil
  }
}

package struct PassageID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var chain: ChainID
  /// Of the configuration.
  package var name: String

  package init(chain: ChainID, name: String) {
    self.chain = chain
    self.name = name
  }

  package var description: String {
    "\(chain.family.rawValue)/\(chain.table)/\(chain.name)/\(name)"
  }

  package static func < (a: PassageID, b: PassageID) -> Bool { (a.chain, a.name) < (b.chain, b.name) }
}

/// A chain of nftables, whoever made it.
package struct ChainID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The families whose chains guests' traffic meets, by their names in nft(8).
  package enum Family: String, Hashable, Sendable, CaseIterable, Comparable, JSONRepresentable {
    case bridge, inet, ip, ip6

    package static func < (a: Family, b: Family) -> Bool { a.rawValue < b.rawValue }
  }

  package var family: Family
  package var table: String
  package var name: String

  package init(family: Family, table: String, name: String) {
    self.family = family
    self.table = table
    self.name = name
  }

  package var description: String { "\(family.rawValue) \(table) \(name)" }

  package static func < (a: ChainID, b: ChainID) -> Bool {
    (a.family, a.table, a.name) < (b.family, b.table, b.name)
  }
}
