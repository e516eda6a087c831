/// Whether a name is what a shell's pattern says: `*`, `?`, `[a-z]`, `[!a]`, `\` before what is meant as it stands
/// (fnmatch(3) without flags).
func isLike(_ name: some StringProtocol, pattern: some StringProtocol) -> Bool {
  var glob = Glob(pattern: Array(pattern.utf8), name: Array(name.utf8))
  return glob.matches(0, 0)
}

private struct Glob {
  let pattern: [UInt8]
  let name: [UInt8]

  mutating func matches(_ at: Int, _ place: Int) -> Bool {
    var (at, place) = (at, place)
    while at < pattern.count {
      switch pattern[at] {
      case UInt8(ascii: "*"):
        while at < pattern.count, pattern[at] == UInt8(ascii: "*") { at += 1 }
        if at == pattern.count { return true }
        return (place...name.count).contains { matches(at, $0) }
      case UInt8(ascii: "?"):
        guard place < name.count else { return false }
        (at, place) = (at + 1, place + 1)
      case UInt8(ascii: "["):
        guard place < name.count else { return false }
        if let (end, holds) = bracket(at, name[place]) {
          guard holds else { return false }
          (at, place) = (end, place + 1)
        } else {
          guard name[place] == pattern[at] else { return false }
          (at, place) = (at + 1, place + 1)
        }
      case UInt8(ascii: "\\") where at + 1 < pattern.count:
        guard place < name.count, name[place] == pattern[at + 1] else { return false }
        (at, place) = (at + 2, place + 1)
      default:
        guard place < name.count, name[place] == pattern[at] else { return false }
        (at, place) = (at + 1, place + 1)
      }
    }
    return place == name.count
  }

  /// Behind the bracket, and whether the byte is one of those in it; nil for a `[` that nothing closes.
  private func bracket(_ start: Int, _ byte: UInt8) -> (end: Int, holds: Bool)? {
    var at = start + 1
    var isInverted = false
    if at < pattern.count, pattern[at] == UInt8(ascii: "!") || pattern[at] == UInt8(ascii: "^") {
      isInverted = true
      at += 1
    }
    let first = at
    var holds = false
    while at < pattern.count {
      if pattern[at] == UInt8(ascii: "]"), at > first { return (at + 1, holds != isInverted) }
      if at + 2 < pattern.count, pattern[at + 1] == UInt8(ascii: "-"), pattern[at + 2] != UInt8(ascii: "]") {
        if pattern[at] <= byte, byte <= pattern[at + 2] { holds = true }
        at += 3
      } else {
        if pattern[at] == byte { holds = true }
        at += 1
      }
    }
    return nil
  }
}
