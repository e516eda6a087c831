internal import Glibc

extension LinuxHost {
  /// Where the rules of others name these interfaces, as `nft` lists them (iptables' own ones among them); nothing
  /// where nft is not installed.
  package func firewallRules(naming names: Set<LinkName>) -> [LinkName: [String]] {
    guard !names.isEmpty, let text = output(of: "nft", ["-j", "list", "ruleset"]),
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

  /// Standard output of a program that ended well.
  private func output(of program: String, _ arguments: [String]) -> [UInt8]? {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var path = [strdup("PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"), nil]
    defer { free(path[0]) }
    var child = pid_t()
    let result = posix_spawnp(&child, program, &actions, nil, &words, &path)
    close(ends[1])
    guard result == 0 else { return nil }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(ends[0], &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      text += buffer[..<count]
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return status == 0 ? text : nil
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
