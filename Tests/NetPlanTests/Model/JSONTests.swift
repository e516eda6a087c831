import NetPlan
import Testing

@Suite("JSON")
struct JSONTests {
  private static func parse(_ text: String) throws(JSON.SyntaxError) -> JSON {
    try JSON(parsing: Array(text.utf8))
  }

  @Test(
    "a sound text is read (RFC 8259)",
    arguments: [
      ("null", JSON.null), (" true ", .bool(true)), ("\t\r\n false", .bool(false)), ("0", .int(0)),
      ("-1", .int(-1)),
      ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
      ("9223372036854775808", .number("9223372036854775808")), ("1.5e3", .number("1.5e3")),
      ("-0.1E-2", .number("-0.1E-2")),
      ("\"\"", .string("")), ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", .string("\"\\/\u{8}\u{c}\n\r\t")),
      ("\"\\u00e9\\u20AC\"", .string("é€")), ("\"\\ud83d\\ude00\"", .string("😀")), ("\"😀é\"", .string("😀é")),
      ("[]", .array([])), ("[ ]", .array([])), ("[1, 2]", .array([.int(1), .int(2)])), ("{}", .object([])),
      ("{\"a\":{\"b\":[]}}", .object([.init("a", .object([.init("b", .array([]))]))])),
      (
        "{\"b\":1,\"a\":2,\"b\":3}", .object([.init("b", .int(1)), .init("a", .int(2)), .init("b", .int(3))])
      ),
      ("\"\\u0000\"", .string("\0")),
    ])
  func reads(_ text: String, _ value: JSON) throws {
    #expect(try Self.parse(text) == value)
  }

  @Test(
    "anything else is refused (RFC 8259)",
    arguments: [
      "", " ", "nul", "tru", "True", "nulll", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "{\"a\"",
      "{\"a\":", "{\"a\":1",
      "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{1:2}", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"",
      "\"\\u12g4\"", "\"\n\"", "\"\u{1}\"",
      "'a'", "1 2", "{} {}", "+1", ".5", "5.", "1.", "01", "-01", "-", "--1", "1e", "1e+", "0x10", "1_000",
      "NaN", "Infinity",
      "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\u0041\"", "\u{feff}1", "1.2.3", "1e5e5", "1-2", "\"a\"b",
    ])
  func refuses(_ text: String) {
    #expect(throws: JSON.SyntaxError.self) { try Self.parse(text) }
  }

  @Test("nesting ends at 64 levels, and the stack does not")
  func depth() throws {
    let fine = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(throws: Never.self) { try Self.parse(fine) }
    for count in [66, 1_000_000] {
      #expect(throws: JSON.SyntaxError.self) { try Self.parse(String(repeating: "[", count: count)) }
      #expect(throws: JSON.SyntaxError.self) { try Self.parse(String(repeating: "{\"a\":", count: count)) }
    }
  }

  @Test("an error says where it is")
  func offset() {
    do throws(JSON.SyntaxError) {
      _ = try Self.parse("[1, 2,]")
      Issue.record("it passed")
    } catch {
      #expect(error.description == "JSON: expected a value at byte 6")
    }
  }

  @Test("what is written reads back the same, on one line and indented")
  func roundTrip() throws {
    var random = Random(seed: 8259)
    for _ in 0..<2000 {
      let value = Self.value(&random, depth: 0)
      #expect(try Self.parse(value.text()) == value)
      #expect(try Self.parse(value.text(indent: 2)) == value)
      #expect(!value.text().contains("\n"))
    }
  }

  private static func value(_ random: inout Random, depth: Int) -> JSON {
    switch random.below(depth > 3 ? 5 : 7) {
    case 0: .null
    case 1: .bool(random.chance(50))
    case 2: .int(Int64(bitPattern: random.next()) >> random.below(64))
    case 3: .number("\(random.below(1000)).5")
    case 4: .string(text(&random))
    case 5: .array((0..<random.below(4)).map { _ in value(&random, depth: depth + 1) })
    default:
      .object((0..<random.below(4)).map { _ in .init(text(&random), value(&random, depth: depth + 1)) })
    }
  }

  private static func text(_ random: inout Random) -> String {
    let scalars: [Unicode.Scalar] = [
      "a", "\"", "\\", "/", "\n", "\0", "\u{1f}", "\u{7f}", "é", "€", "😀", "\u{2028}", " ",
    ]
    var text = ""
    for _ in 0..<random.below(6) { text.unicodeScalars.append(random.pick(scalars)) }
    return text
  }

  @Test("no bytes make the reader fail in another way than by refusing")
  func fuzz() {
    var random = Random(seed: 7159)
    let seeds = [
      "{\"format\":1,\"name\":\"lab\",\"changes\":[{\"id\":\"link/a\",\"before\":null}]}",
      "[1,-2.5e3,\"\\u00e9\\ud83d\\ude00\",true]",
    ].map { Array($0.utf8) }
    var refused = 0
    for _ in 0..<20_000 {
      var bytes = random.pick(seeds)
      for _ in 0...random.below(4) {
        switch random.below(3) {
        case 0: bytes[random.below(bytes.count)] = UInt8(random.below(256))
        case 1: bytes.insert(random.pick(Array("{}[]\",:\\u0e-+ ".utf8)), at: random.below(bytes.count))
        default: if bytes.count > 1 { bytes.remove(at: random.below(bytes.count)) }
        }
      }
      do throws(JSON.SyntaxError) {
        let value = try JSON(parsing: bytes)
        #expect((try? JSON(parsing: Array(value.text().utf8))) == value)
      } catch {
        refused += 1
        #expect(error.offset <= bytes.count)
      }
    }
    #expect(refused > 1000)
  }
}
