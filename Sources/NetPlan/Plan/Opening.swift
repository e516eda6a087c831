/// What a rule of ours in somebody else's chain accepts.
///
/// In words that iptables knows too: one that it does not, a set for instance, makes its whole table "incompatible" and
/// the program that owns it fail.
struct Opening: Hashable {
  var from: LinkName?
  var to: LinkName?
  /// `udp`, `tcp`
  var transport: String?
  /// Of the destination.
  var port: Int?

  /// In the words of nft(8).
  var text: String {
    var words: [String] = []
    if let from { words.append("iifname \"\(from.text)\"") }
    if let to { words.append("oifname \"\(to.text)\"") }
    if let transport, let port { words.append("\(transport) dport \(port)") }
    return (words + ["accept"]).joined(separator: " ")
  }

  var rule: ForeignRule {
    var conditions: [ForeignRule.Condition] = []
    if let from { conditions.append(ForeignRule.Condition(.iifname, [from.text])) }
    if let to { conditions.append(ForeignRule.Condition(.oifname, [to.text])) }
    if let transport { conditions.append(ForeignRule.Condition(.l4proto, [transport])) }
    if let port { conditions.append(ForeignRule.Condition(.dport, [String(port)])) }
    return ForeignRule(conditions, .accept)
  }
}

extension Firewalls {
  /// With those openings in their chains, where the host puts them.
  func with(_ openings: [ChainID: [Opening]]) -> Firewalls {
    Firewalls(
      all.map { chain in
        var chain = chain
        let rules = (openings[chain.id] ?? []).map(\.rule)
        let end = chain.hook == nil ? chain.rules.firstIndex(of: ForeignRule([], .returns)) : 0
        chain.rules.insert(contentsOf: rules, at: end ?? chain.rules.endIndex)
        return chain
      })
  }
}
