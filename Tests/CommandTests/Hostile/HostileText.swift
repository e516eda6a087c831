import Glibc

/// Text that would be something else to whoever reads it unescaped.
struct HostileText: Hashable, Sendable {
  let what: String
  let text: String

  /// What a command hidden in a value would leave behind.
  static let canary = "/tmp/vt-canary-\(getpid())"

  /// The few that stand for all of them.
  private static let few = all.filter { ["newline", "statement", "path", "a word of nft"].contains($0.what) }
  /// What means something to somebody.
  private static let main = all.prefix { $0.what != "not ASCII" }
  private static let others = all.dropFirst(main.count)

  /// All in `make prove`, else one of four of the others, and half of the few where the same key was asked everything elsewhere.
  static func texts(for place: StringPlace) -> [HostileText] {
    guard Campaign.bound != .max, let number = StringPlace.all.firstIndex(of: place) else {
      return place.isRepeated ? few : all
    }
    if place.isRepeated { return few.enumerated().filter { ($0.offset + number) % 2 == 0 }.map(\.element) }
    return main + others.enumerated().filter { ($0.offset + number) % 4 == 0 }.map(\.element)
  }

  static let all: [HostileText] = [
    ("double quote", "a\"b"), ("single quote", "a'b"), ("newline", "a\nport=5353"),
    ("statement", "a; flush ruleset"), ("command", "$(touch \(canary))"), ("backticks", "`touch \(canary)`"),
    ("path", "../../../../../..\(canary)"), ("absolute path", canary), ("NUL", "a\0b"),
    ("wildcard", "a*?[b]"),
    ("300 characters", String(repeating: "a", count: 300)), ("not ASCII", "größe☃"), ("option", "-rf"),
    ("comma", "a,b=c"), ("comment", "#a"), ("backslash", "a\\nb"), ("markup", "<a b='c'>&amp;"),
    ("escape", "a\u{1B}[31m"), ("format", "%s%n"), ("blanks", " a b "), ("nothing", ""),
    ("braces", "a} drop {"),
    // Sound names, and words of nft(8), dnsmasq(8) and shells all the same.
    ("a word of nft", "drop"), ("another word of nft", "inet"), ("dots", "a..b_-."),
  ].map { HostileText(what: $0, text: $1) }
}

/// A text that the language takes at a place, and the configuration with it.
struct TakenText: Sendable {
  let place: StringPlace
  let hostile: HostileText
  let configuration: String

  var description: String { "\(place.testDescription): \(hostile.what)" }
  var namesNetns: Bool { place.path.last == "netns" }
}
