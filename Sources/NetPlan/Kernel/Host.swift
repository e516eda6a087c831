/// The one seam between plans and the world.
///
/// Batch-shaped: an implementation sends a batch in as few system calls as its kinds allow, and matches every answer
/// to its step.
package protocol Host: ~Copyable {
  mutating func observe() throws(HostError) -> Observation
  /// The state as far as these links are concerned: themselves with their settings, and everything that is neither a
  /// link nor a setting.
  mutating func observe(concerning links: Set<LinkName>) throws(HostError) -> State
  /// From now on observations hold what these changes are about, also what is looked at only where somebody asks.
  mutating func look(for changes: [Change])
  /// From now on `notices` tells of changes of such objects. As far as that can be had, for
  /// verification does not rely on it.
  mutating func listen(for changes: [Change])
  /// What others may have done since the last call.
  mutating func notices() -> [Notice]
  /// One outcome per step, in order.
  mutating func perform(_ batch: Batch) -> [StepOutcome]
}

package enum StepOutcome: Sendable, Equatable {
  case done
  /// Refused, or never tried: the host is as it was before the step.
  case failed(HostError)
  /// It may or may not have happened; only looking tells.
  case unknown(HostError)

  /// Of steps that are not tried since one before them failed.
  package static func untried(after failure: StepOutcome) -> StepOutcome {
    .failed(
      HostError(operation: "go on", errno: failure.error?.errno ?? 0, message: "a step before it failed"))
  }

  package var error: HostError? {
    switch self {
    case .done: nil
    case .failed(let error), .unknown(let error): error
    }
  }
}

/// A refusal of the host: which operation on which object, why, and what to do.
package struct HostError: Error, Sendable, Hashable, CustomStringConvertible {
  /// `create bridge br0`
  package var operation: String
  /// `EEXIST`; 0 where no system call failed.
  package var errno: Int32
  /// The cause in words, the kernel's own where it gave some.
  package var message: String
  package var hint: String?

  package init(operation: String, errno: Int32, message: String, hint: String? = nil) {
    self.operation = operation
    self.errno = errno
    self.message = message
    self.hint = hint
  }

  package var description: String { "\(operation): \(message)" }
}
