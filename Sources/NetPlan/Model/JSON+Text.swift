// MARK: Writing

extension JSON {
  /// `indent` spaces per level; nil writes one line.
  package func text(indent: Int? = nil) -> String {
    var out: [UInt8] = []
    write(to: &out, indent: indent)
    return String(decoding: out, as: UTF8.self)
  }

  package func write(to out: inout [UInt8], indent: Int? = nil, level: Int = 0) {
    switch self {
    case .null: out += "null".utf8
    case .bool(let value): out += (value ? "true" : "false").utf8
    case .int(let value): out += String(value).utf8
    case .number(let text): out += text.utf8
    case .string(let text): JSON.write(text, to: &out)
    case .array(let items):
      out.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        JSON.newline(&out, indent, level + 1)
        item.write(to: &out, indent: indent, level: level + 1)
      }
      if !items.isEmpty { JSON.newline(&out, indent, level) }
      out.append(UInt8(ascii: "]"))
    case .object(let members):
      out.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        JSON.newline(&out, indent, level + 1)
        JSON.write(member.name, to: &out)
        out.append(UInt8(ascii: ":"))
        if indent != nil { out.append(UInt8(ascii: " ")) }
        member.value.write(to: &out, indent: indent, level: level + 1)
      }
      if !members.isEmpty { JSON.newline(&out, indent, level) }
      out.append(UInt8(ascii: "}"))
    }
  }

  private static func newline(_ out: inout [UInt8], _ indent: Int?, _ level: Int) {
    guard let indent else { return }
    out.append(UInt8(ascii: "\n"))
    out.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * level))
  }

  private static func write(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): out += [UInt8(ascii: "\\"), UInt8(ascii: "\"")]
      case UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), UInt8(ascii: "\\")]
      case UInt8(ascii: "\n"): out += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
      case 0..<0x20, 0x7f: out += "\\u00".utf8 + [hexCharacter(byte >> 4), hexCharacter(byte & 15)]
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}

// MARK: Reading

extension JSON {
  /// Where reading stopped, as an offset in bytes, and why.
  package struct SyntaxError: Error, Hashable, CustomStringConvertible {
    package var offset: Int
    package var message: String
    package var description: String { "JSON: \(message) at byte \(offset)" }
  }

  package init(parsing bytes: [UInt8]) throws(SyntaxError) {
    var parser = Parser(bytes: bytes)
    self = try parser.value(depth: 0)
    parser.skipSpace()
    if parser.position < bytes.count { throw parser.error("text after the value") }
  }

  private struct Parser {
    let bytes: [UInt8]
    var position = 0

    func error(_ message: String) -> SyntaxError { SyntaxError(offset: position, message: message) }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipSpace() {
      while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard next == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func value(depth: Int) throws(SyntaxError) -> JSON {
      if depth > 64 { throw error("nested deeper than 64 levels") }
      skipSpace()
      switch next {
      case UInt8(ascii: "{"):
        position += 1
        var members: [Member] = []
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
          skipSpace()
          let name = try text()
          skipSpace()
          guard take(":") else { throw error("expected ':'") }
          members.append(Member(name, try value(depth: depth + 1)))
          skipSpace()
        } while take(",")
        guard take("}") else { throw error("expected ',' or '}'") }
        return .object(members)
      case UInt8(ascii: "["):
        position += 1
        var items: [JSON] = []
        skipSpace()
        if take("]") { return .array(items) }
        repeat {
          items.append(try value(depth: depth + 1))
          skipSpace()
        } while take(",")
        guard take("]") else { throw error("expected ',' or ']'") }
        return .array(items)
      case UInt8(ascii: "\""): return .string(try text())
      case UInt8(ascii: "t"): return try word("true", .bool(true))
      case UInt8(ascii: "f"): return try word("false", .bool(false))
      case UInt8(ascii: "n"): return try word("null", .null)
      default: return try number()
      }
    }

    mutating func word(_ word: String, _ value: JSON) throws(SyntaxError) -> JSON {
      guard bytes[position...].starts(with: word.utf8) else { throw error("expected a value") }
      position += word.utf8.count
      return value
    }

    mutating func number() throws(SyntaxError) -> JSON {
      let start = position
      _ = take("-")
      // No zero leads another digit.
      guard take("0") || digits() else { throw error("expected a value") }
      var isWhole = true
      if take(".") {
        isWhole = false
        guard digits() else { throw error("expected a digit behind '.'") }
      }
      if take("e") || take("E") {
        isWhole = false
        _ = take("+") || take("-")
        guard digits() else { throw error("expected a digit in the exponent") }
      }
      let text = String(decoding: bytes[start..<position], as: UTF8.self)
      if isWhole, let value = Int64(text) { return .int(value) }
      return .number(text)
    }

    /// Passes over digits; false where there is none.
    mutating func digits() -> Bool {
      let start = position
      while let byte = next, (48...57).contains(byte) { position += 1 }
      return position > start
    }

    mutating func text() throws(SyntaxError) -> String {
      guard take("\"") else { throw error("expected a string") }
      let start = position
      while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
        position += 1
      }
      if take("\"") { return String(decoding: bytes[start..<position - 1], as: UTF8.self) }
      var out = Array(bytes[start..<position])
      while let byte = next {
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return String(decoding: out, as: UTF8.self)
        case UInt8(ascii: "\\"): try escape(into: &out)
        case 0..<0x20: throw error("a control character in a string")
        default: out.append(byte)
        }
      }
      throw error("a string without an end")
    }

    mutating func escape(into out: inout [UInt8]) throws(SyntaxError) {
      guard let byte = next else { throw error("a string without an end") }
      position += 1
      switch byte {
      case UInt8(ascii: "n"): out.append(0x0a)
      case UInt8(ascii: "t"): out.append(0x09)
      case UInt8(ascii: "r"): out.append(0x0d)
      case UInt8(ascii: "b"): out.append(0x08)
      case UInt8(ascii: "f"): out.append(0x0c)
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
      case UInt8(ascii: "u"):
        var unit = try hexadecimal()
        if (0xd800..<0xdc00).contains(unit), take("\\"), take("u") {
          let low = try hexadecimal()
          guard (0xdc00..<0xe000).contains(low) else { throw error("half a surrogate pair") }
          unit = 0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)
        }
        guard let scalar = Unicode.Scalar(unit) else { throw error("half a surrogate pair") }
        out += String(Character(scalar)).utf8
      default: throw error("an unknown escape")
      }
    }

    mutating func hexadecimal() throws(SyntaxError) -> UInt32 {
      var value: UInt32 = 0
      for _ in 0..<4 {
        guard let byte = next, let digit = hexDigit(byte) else {
          throw error("expected four hexadecimal digits")
        }
        value = value << 4 | UInt32(digit)
        position += 1
      }
      return value
    }
  }
}
