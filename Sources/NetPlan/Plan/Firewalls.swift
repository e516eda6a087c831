/// The chains that others have on the hooks which guests' traffic meets, and what becomes of a packet in them.
struct Firewalls {
  private let chains: [ChainID: ForeignChain]
  /// Chains that the kernel calls, sorted.
  let bases: [ForeignChain]

  /// What a plan knows of the first packet of a connection; what it does not know, no condition on it is met by.
  typealias Packet = [ForeignRule.Condition.Field: String]

  init(_ list: [ForeignChain]) {
    chains = Dictionary(list.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    bases = list.filter { $0.hook != nil }.sorted { $0.id < $1.id }
  }

  func bases(on hook: String, _ family: AddressFamily) -> [ForeignChain] {
    bases.filter { base in
      base.hook == hook && (base.id.family == .inet || base.id.family == (family == .ipv4 ? .ip : .ip6))
    }
  }

  func has(_ name: String, beside chain: ChainID) -> ChainID? {
    let id = ChainID(family: chain.family, table: chain.table, name: name)
    return chains[id] == nil ? nil : id
  }

  var all: [ForeignChain] { Array(chains.values) }

  func named(_ name: String) -> [ChainID] { chains.keys.filter { $0.name == name }.sorted() }

  /// Whether a base chain drops it: by a rule that is met for certain, or by its policy.
  func drops(_ base: ForeignChain, _ packet: Packet) -> Bool {
    var seen: Set<ChainID> = []
    return outcome(of: base, packet, &seen) ?? (base.drops ? .drop : .accept) == .drop
  }

  private enum Outcome { case accept, drop }

  /// nil where the chain lets go of it. The kernel takes no chains that jump in a circle, but a recorded host may have
  /// them.
  private func outcome(of chain: ForeignChain, _ packet: Packet, _ seen: inout Set<ChainID>) -> Outcome? {
    guard seen.insert(chain.id).inserted else { return nil }
    defer { seen.remove(chain.id) }
    for rule in chain.rules where applies(rule, packet) {
      switch rule.verdict {
      case .accept: return .accept
      case .drop: return .drop
      case .returns: return nil
      case .jump(let name):
        if let next = target(name, of: chain), let end = outcome(of: next, packet, &seen) { return end }
      case .goto(let name):
        return target(name, of: chain).flatMap { outcome(of: $0, packet, &seen) }
      }
    }
    return nil
  }

  private func target(_ name: String, of chain: ForeignChain) -> ForeignChain? {
    chains[ChainID(family: chain.id.family, table: chain.id.table, name: name)]
  }

  /// Where a rule asks for more than is known, it counts if it accepts and names the interface: whoever wrote it has
  /// thought of the guests.
  private func applies(_ rule: ForeignRule, _ packet: Packet) -> Bool {
    var isCertain = !rule.isPartial
    var namesInterface = false
    for condition in rule.conditions {
      guard let value = packet[condition.field] else {
        isCertain = false
        continue
      }
      guard condition.holds(value) else { return false }
      if condition.field.isInterface, !condition.isNegated { namesInterface = true }
    }
    return isCertain || rule.verdict == .accept && namesInterface
  }
}

extension ForeignRule.Condition {
  fileprivate func holds(_ value: String) -> Bool { values.contains { matches($0, value) } != isNegated }

  private func matches(_ pattern: String, _ value: String) -> Bool {
    if pattern == value { return true }
    if field.isInterface { return pattern.hasSuffix("*") && value.hasPrefix(pattern.dropLast()) }
    let ends = pattern.split(separator: "-").compactMap { Int($0) }
    guard ends.count == 2, let number = Int(value) else { return false }
    return ends[0] <= number && number <= ends[1]
  }
}

extension ForeignRule.Condition.Field {
  fileprivate var isInterface: Bool {
    switch self {
    case .iifname, .oifname, .ibrname, .obrname: true
    case .nfproto, .l4proto, .dport, .ctstatus: false
    }
  }
}
