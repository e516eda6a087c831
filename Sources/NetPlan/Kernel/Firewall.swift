internal import Netlink

extension LinuxHost {
  /// Where the rules of others name these interfaces, as `nft` lists them (iptables' own ones among them); nothing
  /// where nft is not installed.
  package func firewallRules(naming names: Set<LinkName>) -> [LinkName: [String]] {
    guard !names.isEmpty, let text = ruleset(),
      let json = try? JSON(parsing: text)
    else { return [:] }
    var found: [LinkName: Set<String>] = [:]
    for item in json["nftables"]?.array ?? [] {
      guard let object = item["rule"] ?? item["chain"] ?? item["set"] ?? item["map"] ?? item["flowtable"]
      else { continue }
      let words = [object["family"], object["table"], object["chain"] ?? object["name"]].compactMap {
        $0?.string
      }
      for name in object.names(in: names) { found[name, default: []].insert(words.joined(separator: " ")) }
    }
    return found.mapValues { $0.sorted() }
  }

  private func ruleset() -> [UInt8]? {
    guard let nft = Executable.find("nft"),
      let result = try? ChildProcess.run([nft, "-j", "list", "ruleset"], timeout: 30_000), result.code == 0
    else { return nil }
    return result.output
  }
}

extension JSON {
  /// Which of the names stand anywhere in the value as whole strings.
  fileprivate func names(in wanted: Set<LinkName>) -> Set<LinkName> {
    switch self {
    case .string(let text):
      let name = LinkName(kernel: text)
      return wanted.contains(name) ? [name] : []
    case .array(let items): return items.reduce(into: []) { $0.formUnion($1.names(in: wanted)) }
    case .object(let members): return members.reduce(into: []) { $0.formUnion($1.value.names(in: wanted)) }
    default: return []
    }
  }
}
