/// Where a line stands among those that a `count` makes alike: the same VM but for its number, the same NIC, the same
/// words but for the numbers and addresses in them.
struct SeriesPlace: Sendable {
  /// All lines of one series have it.
  let key: String
  /// The VM's.
  let number: UInt64
  let values: [Value]
  private let texts: [String]

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
    let digits = String(stanza.reversed().prefix { $0.isASCII && $0.isNumber }.reversed())
    guard !digits.isEmpty, digits.utf8.count < 19, let number = UInt64(digits) else { return nil }
    self.number = number
    var named = words
    if let short = SeriesPlace.hashedName(in: change, stanza, nic) {
      named = words.replacing(short, with: "\(stanza.dropFirst("vms.".count))-\(nic)")
    }
    let (texts, values) = SeriesPlace.parse(named)
    self.texts = texts
    self.values = values
    let shape = values.map { if case .number = $0 { "#" } else { "@" } }
    let skeleton = texts.indices.map { texts[$0] + ($0 < shape.count ? shape[$0] : "") }.joined()
    key = "\(change.action.symbol) \(stanza.dropLast(digits.count)) \(nic) \(skeleton)"
  }

  /// `vms.web-1`, `eth0` of `vms.web-1.nics.eth0`; a network has no second part.
  private static func parts(of reason: String) -> (stanza: String, nic: String) {
    guard reason.hasPrefix("vms."), let middle = reason.firstRange(of: ".nics.") else { return (reason, "") }
    return (String(reason[..<middle.lowerBound]), String(reason[middle.upperBound...]))
  }

  /// A device whose name would be too long has a hash in it, which says nothing in a series.
  private static func hashedName(in change: Change, _ stanza: String, _ nic: String) -> String? {
    guard !nic.isEmpty, let object = change.after ?? change.before else { return nil }
    let full = "\(stanza.dropFirst("vms.".count))-\(nic)"
    let device = (object.link.map { [$0.name] } ?? object.links).first?.text
    guard let device, full.utf8.count > 15, device.utf8.count == 15, device != full,
      Array(device.utf8.prefix(7)) == Array(full.utf8.prefix(6)) + [UInt8(ascii: "-")]
    else { return nil }
    return device
  }

  private static func parse(_ words: String) -> (texts: [String], values: [Value]) {
    var texts = [""]
    var values: [Value] = []
    var rest = words[...]
    while let first = rest.first {
      let word = rest.prefix { !" ,/".contains($0) }
      if let address = IPAddress(word) {
        values.append(.address(address))
        texts.append("")
        rest = rest[word.endIndex...]
      } else if word.isEmpty {
        texts[texts.count - 1].append(first)
        rest = rest.dropFirst()
      } else {
        parse(word: word, &texts, &values)
        rest = rest[word.endIndex...]
      }
    }
    return (texts, values)
  }

  private static func parse(word: Substring, _ texts: inout [String], _ values: inout [Value]) {
    var rest = word
    while !rest.isEmpty {
      let text = rest.prefix { !($0.isASCII && $0.isNumber) }
      texts[texts.count - 1] += text
      rest = rest[text.endIndex...]
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard !digits.isEmpty else { return }
      values.append(.number(String(digits)))
      texts.append("")
      rest = rest[digits.endIndex...]
    }
  }

  // MARK: Series

  /// How each value grows to the next line; nil where that is not the next VM.
  func steps(to next: SeriesPlace) -> [UInt128]? {
    guard next.number == number + 1 else { return nil }
    return zip(values, next.values).map { $1.magnitude &- $0.magnitude }
  }

  /// `tap runner-{0001…1000}-eth0`: the words of this first line and of the `last`.
  func words(to last: SeriesPlace) -> String {
    var out = ""
    for index in texts.indices {
      out += texts[index]
      if index < values.count { out += SeriesPlace.range(values[index], last.values[index]) }
    }
    return out
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
