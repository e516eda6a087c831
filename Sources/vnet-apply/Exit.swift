internal import ArgumentParser
internal import NetPlan

/// The exit codes, all of them.
enum Exit {
  static let failed = ExitCode(1)
  static let differences = ExitCode(2)
  static let stuck = ExitCode(3)
  static let usage = ExitCode(64)
  static let invalid = ExitCode(65)
  static let lacking = ExitCode(69)
  static let refused = ExitCode(73)
  static let busy = ExitCode(75)
  static let privilege = ExitCode(77)

  /// Says why on standard error and ends with the code that the error has.
  static func because(_ error: HostError, _ code: ExitCode = failed) -> ExitCode {
    Output.error("error: \(error)")
    if let hint = error.hint { Output.error("  hint: \(hint)") }
    return code
  }
}
