import Glibc
import NetPlan
import Testing

/// SplitMix64 (Steele, Lea, Flood 2014): the same mutations on every run.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z &>> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z &>> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z &>> 31
  }
}

/// Breaks configurations the way typing, cutting and pasting do.
struct Mutator {
  var random: SplitMix64
  let seeds: [[UInt8]]
  let words: [[UInt8]]

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    // Sound ones twice over: what is broken already hides what comes after. A thousand VMs are a thousand
    // times slower.
    let sound = Fixture.all("topology")
    let fixtures = Fixture.all("diagnostics").filter { $0.name != "too-many-ports" } + sound + sound + sound
    seeds = fixtures.flatMap(\.files).map(\.bytes).filter { $0.count <= 320 }
    words = Mutator.dictionary.map { Array($0.utf8) }
  }

  private static let dictionary = [
    "{", "}", "[", "]", ": ", "- ", ", ", "\n", "  ", "\t", "\"", "'", "&a ", "*a", "<<: ", "!!str ", "#",
    "|\n", ">\n",
    "---\n", "~", "null", "true", "false", "yes", "010", "0x1", "-1", "65536", "4294967296",
    "99999999999999999999",
    "{n}", "{{", "{n-1}", "{", "10.0.0.0/8", "10.0.0.1-10.0.0.9", "::", "fe80::1/64", "52:54:00:00:00:01",
    "eth1",
    "default-route", "vms", "networks", "nics", "mode", "via", "network", "hardware", "count", "was",
    "address",
    "vlan", "trunk", "forward", "8080 -> 80", "->", "limit", "owner", "defaults", "netns", "nat", "uplink",
    "host",
    "mtu", "dhcp", "shared", "tap", "bridged", "dedicated", "macvtap", "sriov", "vmm", "device", "é",
    "\u{2028}",
    "\u{feff}", "\0", "\u{1b}",
  ]

  mutating func next() -> [UInt8] {
    var bytes = seeds[Int.random(in: 0..<seeds.count, using: &random)]
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      // A word for a word keeps the file's structure, so that more than its syntax is put to the test.
      if Bool.random(using: &random) { exchange(&bytes) } else { mutate(&bytes) }
    }
    return bytes
  }

  private mutating func exchange(_ bytes: inout [UInt8]) {
    func isLetter(_ byte: UInt8) -> Bool {
      switch byte {
      case 0x2d...0x3a, 0x41...0x5a, 0x5f, 0x61...0x7a: true
      default: false
      }
    }
    guard !bytes.isEmpty else { return }
    var start = Int.random(in: 0..<bytes.count, using: &random)
    while start < bytes.count, !isLetter(bytes[start]) { start += 1 }
    while start > 0, start < bytes.count, isLetter(bytes[start - 1]) { start -= 1 }
    var end = start
    while end < bytes.count, isLetter(bytes[end]) { end += 1 }
    let word = words[Int.random(in: 0..<words.count, using: &random)]
    if Bool.random(using: &random) {
      bytes.replaceSubrange(start..<end, with: word)
    } else {
      let other = seeds[Int.random(in: 0..<seeds.count, using: &random)]
      let pieces = other.split { !isLetter($0) }
      if let piece = pieces.randomElement(using: &random) { bytes.replaceSubrange(start..<end, with: piece) }
    }
  }

  private mutating func mutate(_ bytes: inout [UInt8]) {
    let at = Int.random(in: 0...bytes.count, using: &random)
    let end = min(bytes.count, at + Int.random(in: 0...12, using: &random))
    switch Int.random(in: 0..<7, using: &random) {
    case 0 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes.removeSubrange(at..<end)
    case 2: bytes.insert(contentsOf: bytes[at..<end], at: at)
    case 3, 4: bytes.insert(contentsOf: words[Int.random(in: 0..<words.count, using: &random)], at: at)
    case 5: bytes.replaceSubrange(at..<end, with: words[Int.random(in: 0..<words.count, using: &random)])
    default:
      let other = seeds[Int.random(in: 0..<seeds.count, using: &random)]
      let start = Int.random(in: 0...other.count, using: &random)
      let piece = other[start..<min(other.count, start + Int.random(in: 0...60, using: &random))]
      bytes.insert(contentsOf: piece, at: at)
    }
  }
}

@Suite("Mutated configurations")
struct FuzzTests {
  /// In all; VNET_FUZZ in the environment says another number (`make prove`).
  static let total = getenv("VNET_FUZZ").flatMap { Int(String(cString: $0)) } ?? 150_000
  static let parts = 4

  @Test(
    "mutated configurations end in a topology or in errors that have a place", arguments: 0..<parts)
  func mutated(_ part: Int) {
    var mutator = Mutator(seed: UInt64(part))
    var sound = 0
    let count = Self.total / Self.parts
    for round in 0..<count {
      var files = [SourceFile(path: "m.conf", bytes: mutator.next())]
      if round % 8 == 1 { files.append(SourceFile(path: "n.conf", bytes: mutator.next())) }
      do {
        _ = try Configuration.load(files, defaultName: "m", seed: Seed(machineID: "m"))
        sound += 1
      } catch {
        let places = error.diagnostics.compactMap(\.position)
        guard error.diagnostics.contains(where: { $0.severity == .error }), places == places.sorted() else {
          Issue.record("part \(part), round \(round): \(error.text)")
          return
        }
        // Rendering walks the file for each line; every eighth is enough to meet every kind of text.
        if round % 8 == 0, error.text.isEmpty { Issue.record("part \(part), round \(round): no text") }
      }
    }
    print("mutated configurations, part \(part + 1) of \(Self.parts): \(count) tried, \(sound) sound")
  }
}
