/// How a transaction ended.
package enum Ending: Sendable, Equatable {
  /// The host is what the plan says. Deferred steps that failed are drift, and named.
  case done(warnings: [HostError])
  /// The host is as it was before.
  case undone(cause: [HostError])
  /// The host is in between: these objects differ from what they were.
  case stuck(cause: [HostError], remaining: [Change])
}

/// What recovery found and did.
package enum Recovery: Sendable, Equatable {
  case nothing
  /// An undecided transaction was taken back.
  case undone(name: String)
  /// A decided one was brought to its end.
  case finished(name: String, warnings: [HostError])
  case stuck(name: String, remaining: [Change], errors: [HostError])
}
