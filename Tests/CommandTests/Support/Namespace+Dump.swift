import Witness

extension Namespace {
  /// Waits for duplicate address detection to end, then reads everything.
  func dump() throws -> Dump {
    var reading = try read()
    func wait(_ seconds: Double, for isDone: (Reading) -> Bool) throws {
      _ = try Clock.wait(seconds) {
        if isDone(reading) { return true }
        reading = try read()
        return false
      }
    }
    try wait(4) { !$0.isTentative }
    try wait(1) { $0.isSettled }
    return Dump(reading.facts.sorted())
  }

  private func read() throws -> Reading { try Reading(run(["sh", "-c", Reading.script]).stdout) }
}
