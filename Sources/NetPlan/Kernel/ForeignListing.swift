// What others have in nftables, of a listing in JSON (libnftables-json(5)): the chains on the hooks of guests' traffic
// and those that they lead to, and rules of ours among theirs.

/// A rule of ours among others' as it stands there.
struct PassageRule {
  var id: PassageID
  var handle: Int64
  var text: String

  init?(listing rule: JSON) {
    guard let comment = rule["comment"]?.string, let owner = Passage.owner(comment: comment),
      let chain = ChainID(listing: rule, name: "chain"), let handle = rule["handle"]?.int
    else { return nil }
    id = PassageID(chain: chain, name: owner)
    self.handle = handle
    text = (rule["expr"]?.array ?? []).filter { $0["counter"] == nil }.map(PassageRule.words).joined(
      separator: " ")
  }

  /// As `Passage` writes it: names of interfaces in quotes.
  private static func words(_ statement: JSON) -> String {
    if let match = statement["match"], match["op"]?.string == "==", let name = match["right"]?.string,
      let key = match["left"]?["meta"]?["key"]?.string, key == "iifname" || key == "oifname"
    {
      return "\(key) \"\(name)\""
    }
    return RuleText.rule(.array([statement]))
  }
}

extension [Passage] {
  init(listing: JSON) {
    var rules: [PassageID: [String]] = [:]
    for item in listing["nftables"]?.array ?? [] {
      if let rule = item["rule"].flatMap(PassageRule.init) { rules[rule.id, default: []].append(rule.text) }
    }
    self = rules.map { Passage(id: $0.key, rules: $0.value) }
  }
}

extension [ForeignChain] {
  /// Without our own tables, and without rules of ours: what would be there if we were not.
  init(listing: JSON) {
    var chains: [ChainID: ForeignChain] = [:]
    for item in listing["nftables"]?.array ?? [] {
      if let chain = item["chain"], let id = ChainID(listing: chain, name: "name"), !id.isOurs {
        let hook = chain["type"]?.string == "filter" ? chain["hook"]?.string : nil
        chains[id] = ForeignChain(
          id, hook: ["forward", "input"].contains(hook) ? hook : nil, drops: chain["policy"]?.string == "drop"
        )
      } else if let rule = item["rule"], let id = ChainID(listing: rule, name: "chain"),
        PassageRule(listing: rule) == nil, let rule = ForeignRule(listing: rule)
      {
        chains[id]?.rules.append(rule)
      }
    }
    self = chains.reachable.sorted { $0.id < $1.id }
  }
}

extension [ChainID: ForeignChain] {
  /// Those on a hook, and those that they lead to.
  fileprivate var reachable: [ForeignChain] {
    var found: Set<ChainID> = []
    var pending = values.filter { $0.hook != nil }
    while let chain = pending.popLast() {
      guard found.insert(chain.id).inserted else { continue }
      for rule in chain.rules {
        switch rule.verdict {
        case .jump(let name), .goto(let name):
          let next = ChainID(family: chain.id.family, table: chain.id.table, name: name)
          if let next = self[next] { pending.append(next) }
        case .accept, .drop, .returns: break
        }
      }
    }
    return values.filter { found.contains($0.id) }
  }
}

extension ChainID {
  fileprivate init?(listing json: JSON, name key: String) {
    guard let family = json["family"]?.string.flatMap(Family.init(rawValue:)),
      let table = json["table"]?.string,
      let name = json[key]?.string
    else { return nil }
    self.init(family: family, table: table, name: name)
  }

  fileprivate var isOurs: Bool {
    guard let family = TableID.Family(rawValue: family.rawValue) else { return false }
    return TableID(family: family, name: table).owner != nil
  }
}

extension ForeignRule {
  /// nil where it decides nothing, or nothing that can be known beforehand.
  fileprivate init?(listing rule: JSON) {
    var conditions: [Condition] = []
    var isPartial = false
    var verdict: Verdict?
    for statement in rule["expr"]?.array ?? [] {
      guard case .object(let members) = statement, let first = members.first else { return nil }
      switch first.name {
      case "match":
        switch Condition.read(first.value) {
        case .said(let condition):
          if let transport = Condition.transport(first.value), !conditions.contains(transport) {
            conditions.append(transport)
          }
          conditions.append(condition)
        case .met: break
        case .unmet: return nil
        case .unknown: isPartial = true
        }
      case "accept": verdict = .accept
      case "drop", "reject": verdict = .drop
      case "return": verdict = .returns
      case "jump": verdict = first.value["target"]?.string.map(Verdict.jump)
      case "goto": verdict = first.value["target"]?.string.map(Verdict.goto)
      case "counter", "log", "mangle": break
      // An extension of iptables: what it asks for is not told.
      case "xt" where first.value["name"]?.string == "REJECT": verdict = .drop
      case "xt" where first.value["name"]?.string == "comment": break
      default: isPartial = true
      }
    }
    guard let verdict else { return nil }
    // Nothing but an acceptance is taken into account without being certain.
    if isPartial, verdict != .accept || conditions.isEmpty { return nil }
    self.init(conditions, isPartial: isPartial, verdict)
  }
}

extension ForeignRule.Condition {
  fileprivate enum Reading {
    case said(ForeignRule.Condition)
    /// By the first packet of any connection.
    case met, unmet
    case unknown
  }

  fileprivate static func read(_ match: JSON) -> Reading {
    guard let left = match["left"], let right = match["right"], let values = values(right) else {
      return .unknown
    }
    let isNegated = match["op"]?.string == "!="
    if left["ct"]?["key"]?.string == "state" {
      return values.contains("new") != isNegated ? .met : .unmet
    }
    // A flag among others: what has it may have others, and what has not is told by none of this one's values.
    if left["ct"]?["key"]?.string == "status" {
      return values == ["dnat"] && !isNegated ? .said(ForeignRule.Condition(.ctstatus, values)) : .unknown
    }
    guard let field = field(left) else { return .unknown }
    let names = field == .l4proto ? values.map { protocols[$0] ?? $0 } : values
    return .said(ForeignRule.Condition(field, names, isNegated: isNegated))
  }

  /// What a match of a port says besides: `tcp dport 53` is TCP.
  fileprivate static func transport(_ match: JSON) -> ForeignRule.Condition? {
    guard let name = match["left"]?["payload"]?["protocol"]?.string, name == "tcp" || name == "udp" else {
      return nil
    }
    return ForeignRule.Condition(.l4proto, [name])
  }

  /// nft writes numbers where /etc/protocols is missing.
  private static let protocols = ["6": "tcp", "17": "udp"]

  private static func field(_ left: JSON) -> Field? {
    if let key = left["meta"]?["key"]?.string {
      return key == "iif" ? .iifname : key == "oif" ? .oifname : Field(rawValue: key)
    }
    guard let payload = left["payload"], let name = payload["field"]?.string else { return nil }
    switch (payload["protocol"]?.string, name) {
    case ("udp", "dport"), ("tcp", "dport"), ("th", "dport"): return .dport
    case ("ip", "protocol"), ("ip6", "nexthdr"): return .l4proto
    default: return nil
    }
  }

  /// Constants; nil for named sets and everything that is looked up.
  private static func values(_ right: JSON) -> [String]? {
    switch right {
    case .string(let text): return text.hasPrefix("@") || text.contains("/") ? nil : [text]
    case .int(let number): return [String(number)]
    case .array(let items): return all(items)
    case .object:
      if let set = right["set"] { return all(set.array ?? [set]) }
      if let ends = right["range"]?.array, ends.count == 2, let low = ends[0].int, let high = ends[1].int {
        return ["\(low)-\(high)"]
      }
      return nil
    default: return nil
    }
  }

  private static func all(_ items: [JSON]) -> [String]? {
    var list: [String] = []
    for item in items {
      guard let some = values(item["elem"]?["val"] ?? item) else { return nil }
      list += some
    }
    return list
  }
}
