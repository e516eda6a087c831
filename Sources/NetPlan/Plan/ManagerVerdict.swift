// Which interfaces a program that manages them by itself would take, by its configuration.

extension InterfaceManager {
  /// The file by which it takes an interface, or its own habit; nil where it leaves the interface alone.
  func taker(of link: Link, _ files: [ManagerFile]) -> Taker? {
    switch self {
    case .networkd:
      guard let file = files.first(where: { !$0.isMasked && $0.applies(to: link) }) else { return nil }
      return file.isUnmanaged ? nil : .file(file.path)
    case .networkManager:
      return files.leaveAlone(link) ? nil : .habit
    }
  }

  enum Taker: Hashable {
    case file(String)
    case habit
  }
}

// MARK: systemd-networkd

extension ManagerFile {
  /// All conditions hold; one of which nothing is known does not. Without any the file is for all interfaces
  /// (systemd.network(5)).
  fileprivate func applies(to link: Link) -> Bool {
    if settings.contains("Match.?") { return false }
    func holds(_ key: String, _ values: [String]) -> Bool {
      let patterns = patterns(key)
      if patterns.isEmpty { return true }
      return values.isEmpty ? Self.holds(patterns, nil) : values.contains { Self.holds(patterns, $0) }
    }
    let words = link.words
    return holds("Name", [link.name.text] + (link.altnames ?? [])) && holds("Type", [words.type])
      && holds("Kind", words.kind.map { [$0] } ?? []) && holds("Driver", words.driver.map { [$0] } ?? [])
  }

  /// `!` before a list is before each of its words; nothing after the sign forgets what was said before.
  private func patterns(_ key: String) -> [Substring] {
    var patterns: [Substring] = []
    for setting in settings where setting.hasPrefix("Match.\(key)=") {
      let value = setting.dropFirst("Match.\(key)=".count)
      if value.isEmpty { patterns = [] }
      let sign = value.hasPrefix("!") ? "!" : ""
      patterns += value.dropFirst(sign.count).split(whereSeparator: \.isWhitespace).map { (sign + $0)[...] }
    }
    return patterns
  }

  /// `net_condition_test_strv`, src/shared/net-condition.c of systemd.
  private static func holds(_ patterns: [Substring], _ value: String?) -> Bool {
    let inverted = patterns.filter { $0.hasPrefix("!") }, plain = patterns.filter { !$0.hasPrefix("!") }
    if let value {
      if inverted.contains(where: { isLike(value, pattern: $0.dropFirst()) }) { return false }
      if plain.contains(where: { isLike(value, pattern: $0) }) { return true }
    }
    return plain.isEmpty
  }

  fileprivate var isUnmanaged: Bool {
    let last = settings.last { $0.hasPrefix("Link.Unmanaged=") }
    return last.map { $0.dropFirst("Link.Unmanaged=".count).isYes } ?? false
  }
}

extension Link {
  /// As programs call what it is. A device's type is the kernel's DEVTYPE where it has one, which TAPs have not.
  fileprivate var words: (type: String, kind: String?, driver: String?) {
    switch kind {
    case .device: (facts?.wireless == true ? "wlan" : "ether", nil, nil)
    case .bridge: ("bridge", "bridge", "bridge")
    case .vlan: ("vlan", "vlan", "802.1Q VLAN Support")
    case .tap, .tun: ("ether", "tun", "tun")
    // macvlan_setup sets no type of its own (drivers/net/macvlan.c).
    case .macvtap: ("ether", "macvtap", "macvlan")
    case .macvlan: ("ether", "macvlan", "macvlan")
    case .veth: ("ether", "veth", "veth")
    case .other(let text): ("ether", text, nil)
    }
  }

  /// NetworkManager's own word for it.
  fileprivate var deviceType: String {
    switch kind {
    case .tap: "tun"
    case .device: facts?.wireless == true ? "wifi" : "ethernet"
    default: kind.description
    }
  }
}

// MARK: NetworkManager

extension [ManagerFile] {
  fileprivate func leaveAlone(_ link: Link) -> Bool {
    unmanagedDevices.select(link) || isUnmanagedSection(link)
  }

  /// `=` begins anew, `+=` adds, `-=` takes away.
  private var unmanagedDevices: [Substring] {
    var list: [Substring] = []
    for setting in lazy.filter({ !$0.isMasked }).flatMap(\.settings) {
      guard setting.hasPrefix("keyfile."), let sign = setting.firstIndex(of: "=") else { continue }
      let words = setting[setting.index(after: sign)...].specifications
      switch setting[..<sign] {
      case "keyfile.unmanaged-devices": list = words
      case "keyfile.unmanaged-devices+": list += words
      case "keyfile.unmanaged-devices-": list.removeAll { words.contains($0) }
      default: break
      }
    }
    return list
  }

  /// The first section that is about the interface, `[device]` itself last of all.
  private func isUnmanagedSection(_ link: Link) -> Bool {
    var order: [Substring] = []
    var sections: [Substring: [Substring: Substring]] = [:]
    for setting in lazy.filter({ !$0.isMasked }).flatMap(\.settings) where setting.hasPrefix("device") {
      guard let sign = setting.firstIndex(of: "="), let dot = setting[..<sign].lastIndex(of: ".") else {
        continue
      }
      let section = setting[..<dot]
      if sections[section] == nil { order.append(section) }
      sections[section, default: [:]][setting[setting.index(after: dot)..<sign]] =
        setting[setting.index(after: sign)...]
    }
    let ordered = order.filter { $0 != "device" } + order.filter { $0 == "device" }
    let first = ordered.lazy.compactMap { sections[$0] }.first { section in
      section["managed"] != nil && section["match-device"].map { $0.specifications.select(link) } ?? true
    }
    return first?["managed"].map { !$0.isYes } ?? false
  }
}

extension Substring {
  fileprivate var isYes: Bool { ["1", "yes", "y", "true", "t", "on"].contains(lowercased()) }

  /// `SPEC[,;]SPEC`, separators behind a backslash aside.
  fileprivate var specifications: [Substring] {
    var words: [Substring] = []
    var (start, isEscaped) = (startIndex, false)
    for place in indices {
      if !isEscaped, self[place] == "," || self[place] == ";" {
        words.append(self[start..<place])
        start = index(after: place)
      }
      isEscaped = !isEscaped && self[place] == "\\"
    }
    return (words + [self[start...]]).map(\.bare).filter { !$0.isEmpty }
  }
}

extension [Substring] {
  /// NetworkManager.conf(5), "Device List Format": what is excepted goes before all else; nothing but exceptions means all
  /// others.
  fileprivate func select(_ link: Link) -> Bool {
    let mark = "except:"
    let exceptions = filter { $0.hasPrefix(mark) }
    if exceptions.contains(where: { Self.names(link, $0.dropFirst(mark.count)) }) { return false }
    return isEmpty ? false : exceptions.count == count || contains { Self.names(link, $0) }
  }

  private static func names(_ link: Link, _ word: Substring) -> Bool {
    if word == "*" { return true }
    guard let colon = word.firstIndex(of: ":") else { return word == link.name.text }
    let value = word[word.index(after: colon)...]
    switch word[..<colon] {
    case "interface-name":
      if value.hasPrefix("=") { return value.dropFirst() == link.name.text }
      // Simple globbing: there are no brackets, and nothing is escaped.
      let pattern = (value.hasPrefix("~") ? value.dropFirst() : value).replacing("[", with: "\\[")
      return isLike(link.name.text, pattern: pattern)
    case "type": return value == link.deviceType
    case "driver": return value.prefix { $0 != "/" } == link.words.driver ?? ""
    default: return false
    }
  }
}
