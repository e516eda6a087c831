/// How a transaction ended.
package enum Ending: Sendable, Equatable {
  /// The host is what the plan says. Deferred steps that failed are drift, and named.
  case done(warnings: [HostError])
  /// The host is what the plan says, but for the deletions, and will be what it was when that many milliseconds since boot
  /// have passed and nobody has confirmed.
  case waiting(deadline: UInt64)
  /// The host is as it was before.
  case undone(cause: [HostError])
  /// The host is in between: these objects differ from what they were, or may do so where nobody could look (`isSeen`).
  case stuck(cause: [HostError], remaining: [Change], isSeen: Bool)
}

/// What recovery found and did.
package enum Recovery: Sendable, Equatable {
  case nothing
  /// A transaction that is carried out waits to be confirmed, and the time is not over.
  case waiting(name: String, deadline: UInt64)
  /// An undecided transaction was taken back; `deadline` of one that had waited to be confirmed.
  case undone(name: String, deadline: UInt64? = nil)
  /// A decided one was brought to its end.
  case finished(name: String, deadline: UInt64? = nil, warnings: [HostError])
  case stuck(name: String, remaining: [Change], errors: [HostError], isSeen: Bool)
}
