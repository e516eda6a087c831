internal import Glibc
internal import NetPlan

/// Lengths of time as a command line says them.
enum Seconds {
  /// `500ms`, `30s`, `2m`, `1h`; a number alone is seconds.
  static func parse(_ text: String) -> Double? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard digits.count <= 9, let number = Double(digits) else { return nil }
    switch text.dropFirst(digits.count) {
    case "ms": return number / 1000
    case "s", "": return number
    case "m": return number * 60
    case "h": return number * 3600
    default: return nil
    }
  }

  /// What is left until that many milliseconds since boot, a part of a second being one.
  static func left(until deadline: UInt64) -> Int {
    let now = Deadline.now
    return deadline > now ? Int((deadline - now + 999) / 1000) : 0
  }

  /// That moment on the clock of the wall: `14:03:07`.
  static func clock(at deadline: UInt64) -> String {
    let now = Deadline.now
    return text(Int(time(nil)) + (deadline > now ? Int((deadline - now) / 1000) : 0), "%H:%M:%S", localtime_r)
  }

  /// `2026-03-01T14:03:07Z`, of seconds since 1970.
  static func date(_ time: Int) -> String { text(time, "%Y-%m-%dT%H:%M:%SZ", gmtime_r) }

  private static func text(
    _ time: Int, _ format: String,
    _ parts: (UnsafePointer<time_t>, UnsafeMutablePointer<tm>) -> UnsafeMutablePointer<tm>?
  ) -> String {
    var (time, fields) = (time_t(time), tm())
    guard parts(&time, &fields) != nil else { return "?" }
    var buffer = [CChar](repeating: 0, count: 64)
    let count = strftime(&buffer, buffer.count, format, &fields)
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
