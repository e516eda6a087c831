extension ValueShape where Value == Bool {
  static var boolean: ValueShape {
    ValueShape(["type": "boolean"]) { node, reader in
      guard let (text, isPlain) = reader.text(node, "true or false") else { return nil }
      if isPlain, text == "true" { return true }
      if isPlain, text == "false" { return false }
      let lower = text.lowercased()
      if ["yes", "on", "y", "true"].contains(lower) {
        reader.report(.badBoolean, node.position, "`\(text)` is not a boolean", hint: "write `true`")
      } else if ["no", "off", "n", "false"].contains(lower) {
        reader.report(.badBoolean, node.position, "`\(text)` is not a boolean", hint: "write `false`")
      } else {
        reader.wrongType(node, "true or false")
      }
      return nil
    }
  }
}

extension ValueShape where Value == Int {
  static func integer(_ range: ClosedRange<Int>, _ expected: String, _ code: DiagnosticCode = .outOfRange)
    -> ValueShape
  {
    ValueShape([
      "type": "integer", "minimum": range.lowerBound.json, "maximum": range.upperBound.json,
    ]) { node, reader in
      guard let value = reader.number(node, expected) else { return nil }
      guard range.contains(value) else {
        reader.report(
          code, node.position, "\(value) is not \(expected), \(range.lowerBound) … \(range.upperBound)")
        return nil
      }
      return value
    }
  }

  /// With less the kernel has no IPv6 on an interface (`ipv6_add_dev`), and refuses what is to be said of that.
  static var mtu: ValueShape { integer(1280...65535, "an MTU in bytes") }
  static var vlan: ValueShape { integer(1...4094, "a VLAN", .badVLAN) }

  /// Seconds.
  static var duration: ValueShape {
    ValueShape(["type": ["string", "integer"]]) { node, reader in
      let hint = "`3600`, `90s`, `30m`, `12h`, `7d`"
      guard let (text, _) = reader.text(node, "a time in seconds") else { return nil }
      let digits = text.prefix { $0.isASCII && $0.isNumber }
      let unit: Int? =
        switch text[digits.endIndex...] {
        case "", "s": 1
        case "m": 60
        case "h": 3600
        case "d": 86400
        default: nil
        }
      guard let unit, let count = decimal(digits), count <= 1 << 31, count > 0, count * unit < 1 << 31 else {
        reader.report(.badDuration, node.position, "`\(text.shown)` is not a time", hint: hint)
        return nil
      }
      return count * unit
    }
  }
}

/// Digits without sign or leading zero.
func decimal(_ text: some StringProtocol) -> Int? {
  guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }),
    text.utf8.count == 1 || text.utf8.first != 48
  else { return nil }
  return Int(text)
}

extension NodeReader {
  /// A decimal number; octal, hexadecimal and grouped ones are refused, because readers of YAML disagree on
  /// them.
  mutating func number(_ node: Node, _ expected: String) -> Int? {
    guard let (text, isNumeric) = text(node, expected) else { return nil }
    let digits = text.first == "-" ? text.dropFirst() : text[...]
    guard isNumeric, let first = digits.utf8.first, (48...57).contains(first) else {
      wrongType(node, expected)
      return nil
    }
    if let value = decimal(digits) { return text.first == "-" ? -value : value }
    report(
      .badNumber, node.position, "`\(text.shown)` is not a decimal number",
      hint: "digits alone: no leading zero, `0x`, `_` or fraction")
    return nil
  }
}

extension ValueShape where Value: RawRepresentable & CaseIterable & Hashable, Value.RawValue == String {
  static var choice: ValueShape { choice(of: Array(Value.allCases)) }

  static func choice(of values: [Value]) -> ValueShape {
    let words = values.map(\.rawValue)
    return ValueShape(["enum": .array(words.map { .string($0) })]) { node, reader in
      let expected = "one of \(words.joined(separator: ", "))"
      guard let (text, _) = reader.text(node, expected) else { return nil }
      if let value = Value(rawValue: text), values.contains(value) { return value }
      reader.report(
        .badChoice, node.position, "`\(text.shown)` is not \(expected)",
        hint: nearest(text, words).map { "did you mean `\($0)`?" })
      return nil
    }
  }
}

extension ValueShape where Value == UInt64 {
  /// Bits per second.
  static var rate: ValueShape {
    parsed(
      "a rate", .badRate, schema: ["type": "string", "pattern": "^[1-9][0-9]*(kbit|mbit|gbit)$"],
      hint: "`500kbit`, `100mbit`, `10gbit`"
    ) { text in
      let digits = text.prefix { $0.isASCII && $0.isNumber }
      let unit: UInt64? =
        switch text[digits.endIndex...] {
        case "kbit": 1_000
        case "mbit": 1_000_000
        case "gbit": 1_000_000_000
        default: nil
        }
      guard let unit, let count = decimal(digits), count > 0, count <= 1_000_000_000 else { return nil }
      return UInt64(count) * unit
    }
  }
}

extension ValueShape where Value == String {
  /// Text that goes into files of other programs: no control characters, at most `limit` bytes.
  static func text(_ expected: String, limit: Int = 255, path: Bool = false) -> ValueShape {
    ValueShape(path ? ["type": "string", "pattern": "^/"] : ["type": "string", "minLength": 1]) {
      node, reader in
      guard let (text, _) = reader.text(node, expected) else { return nil }
      var reason: String?
      if text.isEmpty { reason = "is empty" }
      if text.utf8.count > limit { reason = "is longer than \(limit) bytes" }
      if text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) }) {
        reason = "holds a control character"
      }
      if path, text.utf8.first != UInt8(ascii: "/") { reason = "does not start at `/`" }
      guard let reason else { return text }
      reader.report(.badText, node.position, "`\(text.shown)` \(reason); this should be \(expected)")
      return nil
    }
  }

  /// A DNS domain: labels of letters, digits and inner hyphens (RFC 1123, section 2.1).
  static var domain: ValueShape {
    parsed("a DNS domain", .badText, hint: "`lab.example`") { text in
      text.utf8.count <= 253
        && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isDNSLabel)
        ? text : nil
    }
  }
}

func isDNSLabel(_ text: some StringProtocol) -> Bool {
  let bytes = Array(text.utf8)
  guard (1...63).contains(bytes.count), bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-")
  else {
    return false
  }
  return bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
}

func isAlphanumeric(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
    UInt8(ascii: "A")...UInt8(ascii: "Z"):
    true
  default: false
  }
}
