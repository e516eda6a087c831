/// Where a line stands among those that a `count` makes alike: the same VM but for its number, the same NIC, the same
/// words but for the numbers and addresses in them.
struct SeriesPlace: Sendable {
  /// All lines of one series have it.
  let key: String
  /// The VM's.
  let number: UInt64
  private let words: [UInt8]
  private let values: [(place: Range<Int>, value: Value)]

  enum Value: Sendable, Hashable {
    /// Decimal digits, leading zeros kept.
    case number(String)
    case address(IPAddress)

    var magnitude: UInt128 {
      switch self {
      case .number(let digits): UInt128(digits) ?? 0
      case .address(let address): address.value
      }
    }
  }

  /// `reason` is the place in the configuration; nil where no number stands in it.
  init?(_ change: Change, _ words: String, reason: String) {
    let (stanza, nic) = SeriesPlace.parts(of: reason)
    let digits = stanza.utf8.reversed().prefix(while: isDigit).count
    guard digits > 0, digits < 19, let number = UInt64(stanza.suffix(digits)) else { return nil }
    self.number = number
    var named = words
    if let short = SeriesPlace.hashedName(in: change, stanza, nic) {
      named = words.replacing(short, with: "\(stanza.dropFirst("vms.".count))-\(nic)")
    }
    self.words = Array(named.utf8)
    values = SeriesPlace.values(in: self.words)
    var key = Array("\(change.action.symbol) \(stanza.dropLast(digits)) \(nic) ".utf8)
    var end = 0
    for (place, value) in values {
      key += self.words[end..<place.lowerBound]
      let isNumber = if case .number = value { true } else { false }
      key.append(isNumber ? UInt8(ascii: "#") : UInt8(ascii: "@"))
      end = place.upperBound
    }
    key += self.words[end...]
    self.key = String(decoding: key, as: UTF8.self)
  }

  /// `vms.web-1`, `eth0` of `vms.web-1.nics.eth0`; a network has no second part.
  private static func parts(of reason: String) -> (stanza: Substring, nic: Substring) {
    guard reason.hasPrefix("vms.") else { return (reason[...], "") }
    let middle = ".nics.".utf8
    var rest = reason.utf8[...]
    while let dot = rest.firstIndex(of: UInt8(ascii: ".")) {
      rest = rest[dot...]
      if rest.starts(with: middle) { return (reason[..<dot], Substring(rest.dropFirst(middle.count))) }
      rest = rest.dropFirst()
    }
    return (reason[...], "")
  }

  /// A device whose name would be too long has a hash in it, which says nothing in a series.
  private static func hashedName(in change: Change, _ stanza: Substring, _ nic: Substring) -> String? {
    guard !nic.isEmpty, let object = change.after ?? change.before else { return nil }
    let device = object.link?.name.text ?? object.links.first?.text
    guard let device, device.utf8.count == 15 else { return nil }
    let full = "\(stanza.dropFirst("vms.".count))-\(nic)"
    guard full.utf8.count > 15,
      Array(device.utf8.prefix(7)) == Array(full.utf8.prefix(6)) + [UInt8(ascii: "-")]
    else { return nil }
    return device
  }

  private static func isBetweenWords(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "/")
  }

  /// What may grow, in bytes: a word that is an address, or else each number in it.
  private static func values(in words: [UInt8]) -> [(place: Range<Int>, value: Value)] {
    var values: [(place: Range<Int>, value: Value)] = []
    for word in words.split(whereSeparator: isBetweenWords) {
      if let address = IPAddress(utf8: word) {
        values.append((word.indices, .address(address)))
      } else {
        for digits in word.split(whereSeparator: { !isDigit($0) }) {
          values.append((digits.indices, .number(String(decoding: digits, as: UTF8.self))))
        }
      }
    }
    return values
  }

  // MARK: Series

  /// How each value grows to the next line; nil where that is not the next VM.
  func steps(to next: SeriesPlace) -> [UInt128]? {
    guard next.number == number + 1 else { return nil }
    return zip(values, next.values).map { $1.value.magnitude &- $0.value.magnitude }
  }

  /// `tap runner-{0001…1000}-eth0`: the words of this first line and of the `last`.
  func words(to last: SeriesPlace) -> String {
    var out = ""
    var end = 0
    for (index, (place, value)) in values.enumerated() {
      out += String(decoding: words[end..<place.lowerBound], as: UTF8.self)
      out += SeriesPlace.range(value, last.values[index].value)
      end = place.upperBound
    }
    return out + String(decoding: words[end...], as: UTF8.self)
  }

  private static func range(_ first: Value, _ last: Value) -> String {
    switch (first, last) {
    case (.number(let a), .number(let b)): return a == b ? a : "{\(a)…\(b)}"
    case (.address(let a), .address(let b)):
      if a == b { return "\(a)" }
      let separator: Character = a.family == .ipv4 ? "." : ":"
      let (from, to) = (a.description, b.description)
      // What both begin with, where nothing but the last group differs.
      if let x = from.lastIndex(of: separator), let y = to.lastIndex(of: separator), from[...x] == to[...y] {
        return "\(from[...x]){\(from[x...].dropFirst())…\(to[y...].dropFirst())}"
      }
      return "{\(from)…\(to)}"
    default: return "{\(first)…\(last)}"
    }
  }
}
