/// What is to be done to a host, as a value: it can be shown, saved, applied elsewhere in time, reversed.
package struct Plan: Sendable {
  /// Scope of ownership.
  package var name: String
  /// Sorted by identity.
  package var changes: [Change]
  package var reasons: [ObjectID: String]
  package var interruptions: [ObjectID: [String]]
  package var risks: [Risk]

  package init(
    name: String, changes: [Change], reasons: [ObjectID: String] = [:], interruptions: [ObjectID: [String]] = [:],
    risks: [Risk] = []
  ) {
    self.name = name
    self.changes = changes
    self.reasons = reasons
    self.interruptions = interruptions
    self.risks = risks
  }

  package var isEmpty: Bool { changes.isEmpty }

  /// The plan that takes this one back.
  package var inverse: Plan {
    Plan(name: name, changes: changes.reversed().map(\.inverse).sorted { $0.id < $1.id }, reasons: reasons)
  }

  /// What a person sees: the ledger is bookkeeping, not a change of the host.
  package var visibleChanges: [Change] { changes.filter { if case .former = $0.id { false } else { true } } }

  package struct Summary: Sendable, Hashable {
    package var create = 0
    package var change = 0
    package var delete = 0
    package var replace = 0
  }

  package var summary: Summary {
    var summary = Summary()
    for change in visibleChanges {
      switch change.action {
      case .create: summary.create += 1
      case .change: summary.change += 1
      case .delete: summary.delete += 1
      case .replace: summary.replace += 1
      }
    }
    return summary
  }
}
