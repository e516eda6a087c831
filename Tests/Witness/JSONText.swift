/// Reads JSON as RFC 8259 has it, no more and no less, and throws nothing on its way: a decoder tries one type after another,
/// and for each error that is thrown in a test process Swift Testing walks the stack, which took most of the time of the
/// tests that compare hosts. Nor is it the program's own reader: that one is under test here.
package struct JSONText {
  private let bytes: [UInt8]
  private var at = 0

  /// nil of anything that is not one JSON text.
  package static func value(of bytes: [UInt8]) -> JSON? {
    var text = JSONText(bytes: bytes)
    guard let value = text.value(), text.next() == nil else { return nil }
    return value
  }

  /// Of texts one behind the other, those before the first that is none.
  package static func values(of bytes: [UInt8]) -> [JSON] {
    var text = JSONText(bytes: bytes)
    var values: [JSON] = []
    while text.next() != nil, let value = text.value() { values.append(value) }
    return values
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// The next byte that is no blank.
  private mutating func next() -> UInt8? {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x09, 0x0A, 0x0D: at += 1
      default: return bytes[at]
      }
    }
    return nil
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next() == byte else { return false }
    at += 1
    return true
  }

  private mutating func value() -> JSON? {
    guard let first = next() else { return nil }
    switch first {
    case UInt8(ascii: "{"): return object()
    case UInt8(ascii: "["): return array()
    case UInt8(ascii: "\""): return string().map(JSON.string)
    case UInt8(ascii: "t"): return word("true", .bool(true))
    case UInt8(ascii: "f"): return word("false", .bool(false))
    case UInt8(ascii: "n"): return word("null", .null)
    default: return number()
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSON) -> JSON? {
    let end = at + word.utf8CodeUnitCount
    guard end <= bytes.count, bytes[at..<end].elementsEqual("\(word)".utf8) else { return nil }
    at = end
    return value
  }

  private mutating func object() -> JSON? {
    at += 1
    var members: [String: JSON] = [:]
    if take(UInt8(ascii: "}")) { return .object(members) }
    repeat {
      guard next() == UInt8(ascii: "\""), let key = string(), take(UInt8(ascii: ":")), let value = value()
      else {
        return nil
      }
      members[key] = value
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "}")) ? .object(members) : nil
  }

  private mutating func array() -> JSON? {
    at += 1
    var elements: [JSON] = []
    if take(UInt8(ascii: "]")) { return .array(elements) }
    repeat {
      guard let value = value() else { return nil }
      elements.append(value)
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "]")) ? .array(elements) : nil
  }

  private mutating func string() -> String? {
    at += 1
    var text: [UInt8] = []
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      switch byte {
      case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let scalar = escaped() else { return nil }
        text += Array(String(scalar).utf8)
      case ..<0x20: return nil
      default: text.append(byte)
      }
    }
    return nil
  }

  /// What stands behind a backslash; two halves beyond the basic plane are one.
  private mutating func escaped() -> Unicode.Scalar? {
    guard at < bytes.count else { return nil }
    at += 1
    switch bytes[at - 1] {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      guard let high = unit() else { return nil }
      guard 0xD800..<0xDC00 ~= high else { return Unicode.Scalar(high) }
      guard bytes[at...].starts(with: "\\u".utf8) else { return nil }
      at += 2
      guard let low = unit(), 0xDC00..<0xE000 ~= low else { return nil }
      return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    default: return nil
    }
  }

  private mutating func unit() -> UInt32? {
    guard at + 4 <= bytes.count else { return nil }
    let digits = bytes[at..<at + 4]
    at += 4
    return digits.reduce(0 as UInt32?) { value, digit in
      let number = Character(Unicode.Scalar(digit)).hexDigitValue
      return value.flatMap { value in number.map { value << 4 + UInt32($0) } }
    }
  }

  private mutating func number() -> JSON? {
    let start = at
    func isDigit(_ at: Int) -> Bool { at < bytes.count && 0x30...0x39 ~= bytes[at] }
    func digits() -> Bool {
      guard isDigit(at) else { return false }
      while isDigit(at) { at += 1 }
      return true
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
    let isZero = at < bytes.count && bytes[at] == UInt8(ascii: "0")
    guard !(isZero && isDigit(at + 1)), digits() else { return nil }
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      at += 1
      guard digits() else { return nil }
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      if at < bytes.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[at]) { at += 1 }
      guard digits() else { return nil }
    }
    return Double(String(decoding: bytes[start..<at], as: UTF8.self)).map(JSON.number)
  }
}
