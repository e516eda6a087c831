internal import ArgumentParser

/// How long to wait for another run.
struct LockOption: ParsableArguments {
  @Option(help: ArgumentHelp("Wait for another run to end: 500ms, 30s, 2m.", valueName: "duration"))
  var lockTimeout = "0s"

  var seconds: Double { Seconds.parse(lockTimeout) ?? 0 }

  func validate() throws {
    if Seconds.parse(lockTimeout) == nil {
      throw ValidationError("'\(lockTimeout)' is not a duration; write 500ms, 30s or 2m")
    }
  }
}
