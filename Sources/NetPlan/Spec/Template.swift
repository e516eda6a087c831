/// The number of a VM within its `count`.
struct VMNumber: Hashable, Sendable {
  /// 1 … `count`.
  let number: Int
  let count: Int
}

/// `{n}`, `{20000+n}`, `{{` in string values. Arithmetic is that of integers: `+ - * / %` and parentheses.
enum Template {
  enum Failure: Error {
    /// What is wrong, and what would be right.
    case malformed(String)
    /// `{n}` where nothing is counted.
    case notCounted
  }

  static func expand(_ text: String, _ number: VMNumber?) throws(Failure) -> String {
    var out: [UInt8] = []
    let bytes = Array(text.utf8)
    var index = 0
    while index < bytes.count {
      if bytes[index] != UInt8(ascii: "{") {
        out.append(bytes[index])
        index += 1
      } else if index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "{") {
        out.append(UInt8(ascii: "{"))
        index += 2
      } else {
        guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "}")) else {
          throw .malformed("the brace is never closed")
        }
        var sum = Expression(bytes: bytes[(index + 1)..<end], number: number?.number)
        out += Array(String(try sum.value()).utf8)
        index = end + 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}

/// Recursive descent over one pair of braces.
private struct Expression {
  var bytes: ArraySlice<UInt8>
  let number: Int?
  var depth = 0

  init(bytes: ArraySlice<UInt8>, number: Int?) {
    self.bytes = bytes
    self.number = number
  }

  mutating func value() throws(Template.Failure) -> Int {
    let result = try sum()
    while bytes.first == UInt8(ascii: " ") { bytes.removeFirst() }
    guard bytes.isEmpty else { throw unexpected() }
    return result
  }

  private func unexpected() -> Template.Failure {
    .malformed(
      bytes.first.map { "`\(String(UnicodeScalar($0)).shown)` does not belong there" }
        ?? "something is missing before `}`")
  }

  private mutating func accept(_ text: StaticString) -> Bool {
    while bytes.first == UInt8(ascii: " ") { bytes.removeFirst() }
    guard let first = bytes.first, first == text.utf8Start.pointee else { return false }
    bytes.removeFirst()
    return true
  }

  private func checked(_ result: (partialValue: Int, overflow: Bool)) throws(Template.Failure) -> Int {
    guard !result.overflow else { throw .malformed("the number is too large") }
    return result.partialValue
  }

  private mutating func sum() throws(Template.Failure) -> Int {
    var left = try product()
    while true {
      if accept("+") {
        left = try checked(left.addingReportingOverflow(try product()))
      } else if accept("-") {
        left = try checked(left.subtractingReportingOverflow(try product()))
      } else {
        return left
      }
    }
  }

  private mutating func product() throws(Template.Failure) -> Int {
    var left = try term()
    while true {
      if accept("*") {
        left = try checked(left.multipliedReportingOverflow(by: try term()))
      } else if accept("/") {
        left = try checked(left.dividedReportingOverflow(by: try divisor()))
      } else if accept("%") {
        left = try checked(left.remainderReportingOverflow(dividingBy: try divisor()))
      } else {
        return left
      }
    }
  }

  private mutating func divisor() throws(Template.Failure) -> Int {
    let value = try term()
    guard value != 0 else { throw .malformed("it divides by zero") }
    return value
  }

  private mutating func term() throws(Template.Failure) -> Int {
    if accept("(") {
      depth += 1
      guard depth <= 16 else { throw .malformed("too many parentheses") }
      let inner = try sum()
      guard accept(")") else { throw unexpected() }
      depth -= 1
      return inner
    }
    if accept("n") {
      guard let number else { throw .notCounted }
      return number
    }
    let digits = bytes.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard !digits.isEmpty else { throw unexpected() }
    bytes.removeFirst(digits.count)
    guard let value = Int(String(decoding: digits, as: UTF8.self)) else {
      throw .malformed("the number is too large")
    }
    return value
  }
}
