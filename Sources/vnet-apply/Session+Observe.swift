internal import NetPlan

extension Session.Change {
  mutating func observe() throws -> Observation {
    do {
      return try transaction.host.observe()
    } catch {
      throw Exit.because(error)
    }
  }
}
