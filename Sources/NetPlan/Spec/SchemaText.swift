/// JSON with keys in the order they were given, as the schema and the diagnostics are written.
indirect enum SchemaText: Sendable, ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByArrayLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
  case string(String)
  case integer(Int)
  case boolean(Bool)
  case null
  case array([SchemaText])
  case object([(key: String, value: SchemaText)])

  init(stringLiteral value: String) { self = .string(value) }
  init(integerLiteral value: Int) { self = .integer(value) }
  init(booleanLiteral value: Bool) { self = .boolean(value) }
  init(arrayLiteral elements: SchemaText...) { self = .array(elements) }
  init(dictionaryLiteral elements: (String, SchemaText)...) {
    self = .object(elements.map { (key: $0.0, value: $0.1) })
  }

  /// Indented by two, or on one line where `indent` is nil.
  func text(indent: Int? = 0) -> String {
    var out = ""
    write(&out, indent)
    return out
  }

  private func write(_ out: inout String, _ indent: Int?) {
    switch self {
    case .string(let text): SchemaText.quote(text, &out)
    case .integer(let value): out += String(value)
    case .boolean(let value): out += value ? "true" : "false"
    case .null: out += "null"
    case .array(let items):
      SchemaText.list(&out, "[", "]", items, indent) { out, item, inner in item.write(&out, inner) }
    case .object(let members):
      SchemaText.list(&out, "{", "}", members, indent) { out, member, inner in
        SchemaText.quote(member.key, &out)
        out += inner == nil ? ":" : ": "
        member.value.write(&out, inner)
      }
    }
  }

  private static func list<Item>(
    _ out: inout String, _ open: String, _ close: String, _ items: [Item], _ indent: Int?,
    _ write: (inout String, Item, Int?) -> Void
  ) {
    out += open
    for (index, item) in items.enumerated() {
      if index > 0 { out += "," }
      if let indent { out += "\n" + String(repeating: "  ", count: indent + 1) }
      write(&out, item, indent.map { $0 + 1 })
    }
    if let indent, !items.isEmpty { out += "\n" + String(repeating: "  ", count: indent) }
    out += close
  }

  /// RFC 8259, section 7.
  private static func quote(_ text: String, _ out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\r": out += "\\r"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7f {
          out += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    out += "\""
  }
}
