import Witness

/// Objects by short names, as exit 3 lists them and as two dumps tell them apart: `link office`,
/// `address 192.0.2.10/24 dev eth1`, `route 203.0.113.7 table 214`, `rule 214`, `table inet vnet-lab`,
/// `sysctl net.ipv4.conf.all.forwarding`.
enum NamedObjects {
  /// What a run that could not undo itself has listed. The ledger is a file, which no dump shows.
  static func listed(_ outcome: Outcome) -> Set<String> {
    let lines = outcome.stderr.lines.drop { !$0.hasPrefix("the rollback is incomplete") }
      .dropFirst().prefix { $0.hasPrefix("  ") && !$0.hasPrefix("  hint:") }
    return Set(lines.filter { !$0.hasPrefix("    ") }.map { name($0.words.dropFirst()) })
      .filter { !$0.hasPrefix("ledger") }
  }

  private static func name(_ words: ArraySlice<String>) -> String {
    let words = Array(words)
    func value(_ key: String) -> String? {
      words.firstIndex(of: key).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
    }
    switch words[0] {
    case "address": return "address \(words[1]) dev \(words[3])"
    case "route": return route(words[1], via: value("via"), table: value("table"))
    case "rule": return "rule \(words[3])"
    case "table": return "table \(words[1]) \(words[2])"
    case "sysctl", "ledger": return "\(words[0]) \(words[1])"
    default: return "link \(words[1])"
    }
  }

  private static func route(_ destination: String, via: String?, table: String?) -> String {
    var destination = destination
    for suffix in ["/32", "/128"] where destination.hasSuffix(suffix) {
      destination.removeLast(suffix.count)
    }
    if destination == "default", via?.contains(":") == true { destination = "::/0" }
    return "route \(destination) table \(table ?? "main")"
  }

  /// What differs between two dumps, apart from what the kernel makes and drops with its link or address.
  static func differing(_ before: Dump, _ after: Dump) -> Set<String> {
    let lines = before.difference(to: after).lines.map { (side: $0.prefix(1), fact: String($0.dropFirst(2))) }
    // A link of which every fact is on one side comes or goes, with its settings.
    let known = Dictionary(grouping: before.facts + after.facts, by: { link($0) ?? "" })
    let both = Set(
      known.keys.filter { name in
        [before, after].allSatisfy { dump in dump.facts.contains { $0.hasPrefix("link \(name).ifname=") } }
      })
    var sides: [String: Set<Substring>] = [:]
    for (side, fact) in lines {
      guard let name = name(of: fact, lasting: both) else { continue }
      // An address that has only another place among others is on both sides.
      let key = fact.hasPrefix("address ") ? "\(name)|\(fact.drop { $0 != "{" })" : name
      sides[key, default: []].insert(side)
    }
    return Set(
      sides.filter { !($0.key.contains("|") && $0.value.count == 2) }
        .map { String($0.key.prefix { $0 != "|" }) })
  }

  private static func link(_ fact: String) -> String? {
    fact.hasPrefix("link ") ? String(fact.dropFirst(5).prefix { $0 != "." }) : nil
  }

  private static func name(of fact: String, lasting: Set<String>) -> String? {
    func value(_ key: String) -> String? {
      // What is of the object itself stands behind what is within its parts.
      fact.matches(of: try! Regex("[ {]\(key)=([^ }]+)")).last.flatMap { $0[1].substring.map(String.init) }
    }
    let kind = fact.prefix { $0 != " " }
    switch kind {
    case "link": return link(fact).map { "link \($0)" }
    case "address":
      return "address \(value("local") ?? "")/\(value("prefixlen") ?? "") dev \(fact.words[1])"
    case "route":
      if ["local", "broadcast", "multicast", "anycast"].contains(value("type"))
        || value("protocol") == "kernel"
      {
        return nil
      }
      return route(value("dst") ?? "", via: value("gateway"), table: value("table"))
    case "rule": return "rule \(value("priority") ?? "")"
    case "nft":
      let table = fact.hasPrefix("nft {table=") ? value("name") : value("table")
      return "table \(value("family") ?? "") \(table ?? "")"
    case "sysctl":
      let path = fact.dropFirst("sysctl ".count).prefix { $0 != ":" }
      let parts = path.split(separator: "/")
      // The mode is an attribute of the link, too.
      if parts.last == "addr_gen_mode" { return "link \(parts[2])" }
      if parts.count == 4, !lasting.contains(String(parts[2])), !["all", "default"].contains(parts[2]) {
        return nil
      }
      return "sysctl net." + parts.joined(separator: ".")
    // Groups are joined with addresses.
    case "fdb" where value("mac")?.hasPrefix("33:33:") == true: return nil
    default:
      guard let device = value("dev") ?? value("ifname"), lasting.contains(device) else { return nil }
      return String(fact)
    }
  }
}
