/// An entry of the routing policy, as `ip rule` shows it.
package struct Rule: Described, Hashable {
  package var id: RuleID
  /// `FRA_PROTOCOL`
  package var origin: UInt8?

  package init(id: RuleID) { self.id = id }

  package static let fields: [Field<Rule>] = [
    .always("family", \.id.family),
    .always("priority", \.id.priority),
    .fact("iif", \.id.iif),
    .fact("oif", \.id.oif),
    .always("action", \.id.action),
    .always("table", \.id.table),
    .fact("rest", \.id.rest),
    .open("protocol", \.origin),
  ]

  package static var blank: Rule {
    Rule(id: RuleID(family: .ipv4, priority: 0, action: .lookup, table: 0))
  }
}

/// A rule is all identity: the kernel has no way to change one.
package struct RuleID: Hashable, Sendable {
  package var family: AddressFamily
  package var priority: UInt32
  package var iif: LinkName?
  package var oif: LinkName?
  package var action: Action
  package var table: UInt32
  /// Further selectors, as the kernel's attribute bytes in hexadecimal, so that a rule can move unread.
  package var rest: String?

  package init(
    family: AddressFamily, priority: UInt32, iif: LinkName? = nil, oif: LinkName? = nil, action: Action,
    table: UInt32, rest: String? = nil
  ) {
    self.family = family
    self.priority = priority
    self.iif = iif
    self.oif = oif
    self.action = action
    self.table = table
    self.rest = rest
  }

  /// `FR_ACT_*` of linux/fib_rules.h
  package enum Action: UInt8, Hashable, Sendable, JSONRepresentable {
    case unspecified = 0
    case lookup = 1
    case goto = 2
    case nop = 3
    case blackhole = 6
    case unreachable = 7
    case prohibit = 8
  }
}

extension RuleID: Comparable, CustomStringConvertible {
  package static func < (a: RuleID, b: RuleID) -> Bool {
    (a.family, a.priority, a.description) < (b.family, b.priority, b.description)
  }

  package var description: String {
    var text = "\(family) pref \(priority)"
    if let iif { text += " iif \(iif)" }
    if let oif { text += " oif \(oif)" }
    text += action == .lookup ? " lookup \(table)" : " \(action)"
    if let rest { text += " +\(rest)" }
    return text
  }
}

extension AddressFamily: JSONRepresentable {}
