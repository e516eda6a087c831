internal import ArgumentParser

/// How long to wait for another run.
struct LockOption: ParsableArguments {
  @Option(help: ArgumentHelp("Wait for another run to end: 500ms, 30s, 2m.", valueName: "duration"))
  var lockTimeout = "0s"

  var seconds: Double { LockOption.parse(lockTimeout) ?? 0 }

  func validate() throws {
    if LockOption.parse(lockTimeout) == nil {
      throw ValidationError("'\(lockTimeout)' is not a duration; write 500ms, 30s or 2m")
    }
  }

  private static func parse(_ text: String) -> Double? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Double(digits) else { return nil }
    switch text.dropFirst(digits.count) {
    case "ms": return number / 1000
    case "s", "": return number
    case "m": return number * 60
    default: return nil
    }
  }
}
