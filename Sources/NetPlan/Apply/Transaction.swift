/// Carries a plan out on a host so that the host ends where the plan says, or where it was.
///
///     plan ─▶ begin ─▶ (announce ─▶ perform)* ─▶ verify ─▶ commit ─▶ deferred steps ─▶ end
///                          │           │            │         │
///                          └───────────┴── undo ◀───┴─────────┘   before the commit
///
/// Between verification and commit the host may be tried (probes), and then wait for somebody's word.
///
/// Undo is a plan like any other: from what is seen now to every `before` in the journal. The same code recovers
/// after a kill, so there is no second way back that could be wrong.
package struct Transaction<H: Host & ~Copyable, Store: JournalStore & ~Copyable>: ~Copyable {
  package var host: H
  package var store: Store
  /// True when the user asked to stop; looked at between batches.
  package var isInterrupted: () -> Bool
  /// What speaks against a host that is as planned: probes that fail.
  package var probe: () -> [HostError] = { [] }
  /// Does what goes with the decision about the change of a name, to keep it or not, as long as the journal is there: a
  /// kill in between has it done again. With the deadline of one that has waited. What fails of it.
  package var settle: (_ name: String, _ deadline: UInt64?, _ isKept: Bool) -> [HostError] = { _, _, _ in [] }

  package init(host: consuming H, store: consuming Store, isInterrupted: @escaping () -> Bool = { false }) {
    self.host = host
    self.store = store
    self.isInterrupted = isInterrupted
  }

  /// `before` is the observation that the plan was made from. With `patience`, in milliseconds, the run waits that long to
  /// be confirmed.
  package mutating func apply(_ plan: Plan, before: State, patience: UInt64? = nil) -> Ending {
    let batches = schedule(plan.changes)
    var journal = Journal(name: plan.name, pid: store.pid, changes: plan.changes)
    do {
      try store.begin(journal.opening, room: Journal.room(batches))
    } catch {
      return .undone(cause: [error])
    }
    host.look(for: plan.changes)
    if let cause = advance(batches, of: plan, before: before, &journal) { return undo(journal, cause) }
    do {
      if let patience {
        let deadline = store.now + patience
        try store.append(Journal.mark(until: deadline))
        try store.move(.undecided, to: .waiting)
        return .waiting(deadline: deadline)
      }
      try store.move(.undecided, to: .committed)
    } catch {
      return undo(journal, [error])
    }
    return .done(warnings: finish(batches.filter(\.stage.isDeferred), of: journal))
  }

  /// All steps before the commit; the cause of failure, or nil when everything is as planned.
  private mutating func advance(
    _ batches: [Batch], of plan: Plan, before: State, _ journal: inout Journal
  ) -> [HostError]? {
    var watch: Watch?
    host.listen(for: plan.changes)
    defer { host.listen(for: []) }
    for batch in batches where !batch.stage.isDeferred {
      if isInterrupted() { return [.interrupted] }
      do {
        try store.append(Journal.mark(batch.stage))
      } catch {
        return [error]
      }
      journal.announced = batch.stage
      let errors = host.perform(batch).compactMap(\.error)
      if !errors.isEmpty { return errors }
      let notices = host.notices()
      if notices.isEmpty { continue }
      let watching = watch ?? Watch(plan.changes, batches)
      watch = watching
      let objections = notices.compactMap(watching.objection)
      if !objections.isEmpty { return objections }
    }
    if isInterrupted() { return [.interrupted] }
    do {
      let now = try host.observe(concerning: plan.links)
      let unmet = verify(plan, batches, before: before, now: now)
      if !unmet.isEmpty { return unmet }
    } catch {
      return [error]
    }
    let objections = probe()
    if !objections.isEmpty { return objections }
    return isInterrupted() ? [.interrupted] : nil
  }

  /// The deletions that nothing can take back; one that fails twice is drift, never a reason to undo.
  private mutating func finish(_ deferred: [Batch], of journal: Journal) -> [HostError] {
    var warnings = delete(deferred)
    if !warnings.isEmpty, let seen = try? host.observe().state {
      warnings = delete(schedule(difference(from: seen, to: journal.redoTarget(seen))))
    }
    warnings += settle(journal.header.name, journal.deadline, true)
    do {
      try store.end()
    } catch {
      warnings.append(error)
    }
    return warnings
  }

  private mutating func delete(_ deferred: [Batch]) -> [HostError] {
    var warnings: [HostError] = []
    /// What is still to be given back, as the ledger names it: it stays there.
    var owed: Set<String> = []
    for batch in deferred {
      // An interface that is still there keeps its filters.
      if batch.stage == .unfilter, !warnings.isEmpty {
        owed.formUnion(batch.steps.map(\.change.id.description))
        continue
      }
      let batch = batch.without(owed)
      for (step, outcome) in zip(batch.steps, host.perform(batch)) {
        guard let error = outcome.error else { continue }
        warnings.append(error)
        owed.insert(step.change.id.description)
      }
    }
    return warnings
  }

  // MARK: The way back

  private mutating func undo(_ journal: Journal, _ cause: [HostError]) -> Ending {
    let (remaining, errors, isSeen) = restore(journal)
    return remaining.isEmpty
      ? .undone(cause: cause) : .stuck(cause: cause + errors, remaining: remaining, isSeen: isSeen)
  }

  /// Leads the host back to every `before`; what is left when that fails.
  ///
  /// Each round looks anew, so a call that fails once, or an answer that was lost, costs a round and not the way back.
  private mutating func restore(
    _ journal: Journal
  ) -> (remaining: [Change], errors: [HostError], isSeen: Bool) {
    var journal = journal
    var errors: [HostError] = []
    var isSeen = true
    // For as long as nobody has looked.
    var remaining = journal.begunChanges.map(\.inverse)
    for _ in 0..<4 {
      do {
        let seen = try look(for: journal)
        remaining = difference(from: seen, to: journal.undoTarget(seen))
      } catch {
        errors.append(error)
        continue
      }
      if remaining.isEmpty { break }
      noteLosses(of: remaining, &journal)
      let failures = errors.count
      for batch in schedule(remaining) {
        // What could not be made does not take its predecessor with it, and what stands on that.
        if batch.stage.breaks, errors.count > failures { continue }
        errors += host.perform(batch).compactMap(\.error)
      }
    }
    if !remaining.isEmpty {
      do {
        let seen = try look(for: journal)
        remaining = difference(from: seen, to: journal.undoTarget(seen))
      } catch {
        isSeen = false
        errors.append(error)
      }
    }
    if remaining.isEmpty {
      errors += settle(journal.header.name, journal.deadline, false)
      do {
        try store.end()
      } catch {
        errors.append(error)
      }
    }
    return (remaining, errors, isSeen)
  }

  /// Writes down what the way back takes along and puts back, which no plan speaks of, and links that it makes anew: killed
  /// in between, it is made good by the next. Without room for that line the way back is taken all the same.
  private mutating func noteLosses(of changes: [Change], _ journal: inout Journal) {
    let known = Set(journal.changes.map(\.id)).union(journal.putBack.map(\.id))
    let lost = changes.filter {
      $0.before == $0.after && !known.contains($0.id) || $0.id.isLink && $0.action == .replace
    }
    if lost.isEmpty { return }
    host.look(for: lost)
    journal.putBack += lost.compactMap(\.after)
    try? store.append(Journal.mark(puttingBack: lost.compactMap(\.after)))
  }

  /// Tables that nobody may look at are not therefore gone.
  private mutating func look(for journal: Journal) throws(HostError) -> State {
    let seen = try host.observe()
    let hasTables = journal.changes.contains { ($0.after ?? $0.before)?.table != nil }
    guard hasTables, seen.facts.filters == false else { return seen.state }
    throw HostError(
      operation: "list nftables tables", errno: 0, message: "this process may not look at them")
  }

  /// Finishes what an interrupted run left, and takes back what nobody has confirmed in time.
  package mutating func recover() throws(HostError) -> Recovery {
    if let journal = try load(.committed) {
      let seen = try host.observe().state
      let changes = difference(from: seen, to: journal.redoTarget(seen))
      return .finished(
        name: journal.header.name, deadline: journal.deadline,
        warnings: finish(schedule(changes), of: journal))
    }
    if let journal = try load(.waiting) {
      if let deadline = journal.deadline, deadline > store.now {
        return .waiting(name: journal.header.name, deadline: deadline)
      }
      return try decide(keep: false)
    }
    guard let journal = try load(.undecided) else { return .nothing }
    let (remaining, errors, isSeen) = restore(journal)
    return remaining.isEmpty
      ? .undone(name: journal.header.name, deadline: journal.deadline)
      : .stuck(name: journal.header.name, remaining: remaining, errors: errors, isSeen: isSeen)
  }

  /// The word that a waiting transaction waits for. Once it is said that a change is kept, it is, whatever fails of the rest,
  /// which is left to the next run.
  package mutating func decide(keep: Bool) throws(HostError) -> Recovery {
    guard keep else {
      try store.move(.waiting, to: .undecided)
      return try recover()
    }
    let journal = try load(.waiting)
    try store.move(.waiting, to: .committed)
    do {
      return try recover()
    } catch {
      guard let journal else { throw error }
      return .finished(name: journal.header.name, deadline: journal.deadline, warnings: [error])
    }
  }

  /// nil where there is none, or one that was never complete.
  private mutating func load(_ place: JournalPlace) throws(HostError) -> Journal? {
    guard let bytes = try store.load(place) else { return nil }
    guard let journal = try parse(bytes) else {
      try store.end()
      return nil
    }
    host.look(for: journal.changes + journal.putBack.map { Change(before: $0, after: $0) })
    return journal
  }

  private func parse(_ bytes: [UInt8]) throws(HostError) -> Journal? {
    do {
      return try Journal.parse(bytes)
    } catch {
      throw HostError(
        operation: "read the journal \(store.location)", errno: 0, message: "\(error)",
        hint: "it names every object with its former value; put the host right by hand, then remove the file")
    }
  }
}

extension Batch {
  /// The ledger forgets only what has been given back.
  fileprivate func without(_ owed: Set<String>) -> Batch {
    if owed.isEmpty { return self }
    var rest = self
    rest.steps.removeAll { step in
      if case .former(let id) = step.change.id { owed.contains(id.object) } else { false }
    }
    return rest
  }
}

extension HostError {
  package static let interrupted = HostError(operation: "apply", errno: 0, message: "interrupted by a signal")
}
