/// A chain of somebody else's, as far as it says what becomes of a packet by its interfaces, protocol and port.
package struct ForeignChain: Hashable, Sendable, JSONRepresentable {
  package var id: ChainID
  /// `forward`, `input`; nil for a chain that others jump to.
  package var hook: String?
  package var drops = false
  package var rules: [ForeignRule]

  package init(_ id: ChainID, hook: String? = nil, drops: Bool = false, _ rules: [ForeignRule] = []) {
    self.id = id
    self.hook = hook
    self.drops = drops
    self.rules = rules
  }

  package var json: JSON {
    var members = [
      JSON.Member("family", id.family.json), JSON.Member("table", .string(id.table)),
      JSON.Member("chain", .string(id.name)),
    ]
    if let hook { members.append(JSON.Member("hook", .string(hook))) }
    if drops { members.append(JSON.Member("policy", .string("drop"))) }
    if !rules.isEmpty { members.append(JSON.Member("rules", rules.map(\.description).json)) }
    return .object(members)
  }

  package init?(json: JSON) {
    guard let family = json["family"].flatMap(ChainID.Family.init(json:)), let table = json["table"]?.string,
      let name = json["chain"]?.string
    else { return nil }
    self.init(
      ChainID(family: family, table: table, name: name), hook: json["hook"]?.string,
      drops: json["policy"]?.string == "drop")
    for item in json["rules"]?.array ?? [] {
      guard let rule = item.string.flatMap(ForeignRule.init) else { return nil }
      rules.append(rule)
    }
  }
}

/// A rule of somebody else's: `iifname=lan oifname!=wan0/wan1 ? accept`. `?` stands for conditions that say more than a
/// planner can know of a packet.
package struct ForeignRule: Hashable, Sendable, TextRepresentable {
  package var conditions: [Condition]
  package var isPartial: Bool
  package var verdict: Verdict

  package struct Condition: Hashable, Sendable {
    package enum Field: String, Sendable {
      case iifname, oifname, ibrname, obrname, nfproto, l4proto, dport, ctstatus
    }

    package var field: Field
    package var isNegated: Bool
    /// One of them. `*` at the end of an interface's name stands for any rest, `1-9` for a range of ports.
    package var values: [String]

    package init(_ field: Field, _ values: [String], isNegated: Bool = false) {
      self.field = field
      self.values = values
      self.isNegated = isNegated
    }
  }

  package enum Verdict: Hashable, Sendable {
    case accept, drop, returns
    case jump(String)
    case goto(String)
  }

  package init(_ conditions: [Condition] = [], isPartial: Bool = false, _ verdict: Verdict) {
    self.conditions = conditions
    self.isPartial = isPartial
    self.verdict = verdict
  }

  /// No interface's name has a space or a slash in it (`dev_valid_name`).
  package var description: String {
    let words = conditions.map {
      "\($0.field.rawValue)\($0.isNegated ? "!=" : "=")\($0.values.joined(separator: "/"))"
    }
    return (words + (isPartial ? ["?"] : []) + [verdict.words]).joined(separator: " ")
  }

  package init?(_ text: String) {
    var words = text.split(separator: " ")[...]
    guard let last = words.popLast() else { return nil }
    if let before = words.last, before == "jump" || before == "goto" {
      words.removeLast()
      verdict = before == "jump" ? .jump(String(last)) : .goto(String(last))
    } else {
      guard let simple = [Verdict.accept, .drop, .returns].first(where: { $0.words == last }) else {
        return nil
      }
      verdict = simple
    }
    isPartial = words.last == "?"
    if isPartial { words.removeLast() }
    conditions = []
    for word in words {
      guard let sign = word.firstIndex(of: "=") else { return nil }
      let isNegated = word[..<sign].hasSuffix("!")
      guard let field = Condition.Field(rawValue: String(word[..<sign].dropLast(isNegated ? 1 : 0))) else {
        return nil
      }
      let values = word[word.index(after: sign)...].split(separator: "/").map(String.init)
      conditions.append(Condition(field, values, isNegated: isNegated))
    }
  }
}

extension ForeignRule.Verdict {
  fileprivate var words: String {
    switch self {
    case .accept: "accept"
    case .drop: "drop"
    case .returns: "return"
    case .jump(let chain): "jump \(chain)"
    case .goto(let chain): "goto \(chain)"
    }
  }
}
