import Testing
import Witness

@Suite("what reads the JSON of other programs")
struct JSONTextTests {
  @Test(
    "it takes what JSON is",
    arguments: [
      "null", " true ", "[]", "{}", "[1,-0, 2.5e-3,1E9]", #"{"a":{"b":[{}]},"":"\"\\\/\b\f\n\r\t"}"#,
      #""\u00e9\ud83d\ude00 größe☃""#, "\"\u{7F}\"",
    ])
  func sound(_ text: String) {
    #expect(JSONText.value(of: Array(text.utf8)) != nil)
  }

  @Test(
    "and nothing else",
    arguments: [
      "", " ", "nul", "[1,]", "[1 2]", #"{"a"}"#, #"{"a":1,}"#, "{a:1}", "01", "1.", ".5", "+1", "1e", "-",
      "\"", "\"a\nb\"",
      #""\x""#, #""\u12g4""#, #""\ud800""#, #""\ud800\u0041""#, "[]]", "'a'", "NaN", "[1", #"{"a":1"#,
    ])
  func broken(_ text: String) {
    #expect(JSONText.value(of: Array(text.utf8)) == nil)
  }

  @Test("bytes that are no UTF-8 are refused")
  func bytes() { #expect(JSONText.value(of: [0x22, 0xFF, 0x22]) == nil) }

  @Test("values are what was written")
  func values() throws {
    let value = try JSON(
      parsing: #"{"a": [1, -2.5, "\u00e9\ud83d\ude00\n", true, null], "b": {"c": 4294967295}}"#)
    #expect(
      value
        == .object([
          "a": .array([.number(1), .number(-2.5), .string("é😀\n"), .bool(true), .null]),
          "b": .object(["c": .number(4_294_967_295)]),
        ]))
  }
}
