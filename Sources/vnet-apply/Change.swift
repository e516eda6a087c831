internal import ArgumentParser
internal import Glibc
internal import NetPlan

extension Session {
  /// A run that may change the host.
  struct Change: ~Copyable {
    let lock: Lock
    let places: StatePlaces
    let options: GlobalOptions
    var transaction: Transaction<LinuxHost, FileJournal>
    /// What was left to do for a run before.
    var recovery: Recovery

    var stateDirectory: String { places.directory }

    /// Who has no privilege changes what is their own, and nothing else.
    func authorize(_ plan: Plan, _ what: String) throws {
      if places.isOwn, !plan.isOfServices { throw Session.lacks(.netAdmin, what) }
      if plan.entersNetns, !Capability.sysAdmin.isEffective {
        throw Session.lacks(.sysAdmin, "\(what) in network namespaces")
      }
    }
  }

  /// What is kept of a change in files, once it is decided.
  struct Keeping {
    /// What `attach` says of its NICs; nil where that stays what it is.
    var attachments: Attachments?
    /// What the next boot applies: without files nothing, nil for what it would apply anyway.
    var generation: Generation?
  }
}

extension Session.Change {
  /// Carries a plan out, with all that is kept of it.
  mutating func carryOut(
    _ plan: Plan, _ before: Observation, _ keeping: Session.Keeping, _ trial: Trial
  ) throws -> Ending {
    do throws(HostError) {
      try propose(keeping, of: plan.name)
      try Confirmation.forget(in: stateDirectory)
      if trial.patience != nil {
        try GuardPair.begin(Guard.words(caller: getpid(), places), in: stateDirectory)
      }
    } catch {
      _ = places.settle(plan.name, isKept: false)
      throw Exit.because(error)
    }
    transaction.probe = trial.objections
    let ending = transaction.apply(plan, before: before.state, patience: trial.patience)
    // Also where there was no room to begin.
    if case .undone = ending { Report.tell(warnings: places.settle(plan.name, isKept: false)) }
    return ending
  }

  /// Where the host needs no change, what is kept of the configuration may.
  func keep(_ keeping: Session.Keeping, of name: String) throws {
    do throws(HostError) {
      try propose(keeping, of: name)
    } catch {
      throw Exit.because(error)
    }
    Report.tell(warnings: places.settle(name, isKept: true))
  }

  private func propose(_ keeping: Session.Keeping, of name: String) throws(HostError) {
    if let attachments = keeping.attachments {
      try Session.attachmentsFile(of: name, in: stateDirectory).propose(attachments.bytes)
    }
    if let generation = keeping.generation { try Generations(of: name, in: places).propose(generation) }
  }

  // MARK: What an earlier run left

  /// Finishes it, and says so.
  mutating func recover() throws {
    do throws(HostError) {
      recovery = try transaction.recover()
      transaction.host.sweep()
      if recovery == .nothing {
        try ProvisionalFile.sweep(stateDirectory)
        try Generations.sweep(places)
      }
    } catch {
      throw Exit.because(error)
    }
    try Report.tell(recovery, quiet: options.quiet)
  }

  /// Says the word that a change waits for.
  mutating func decide(keep: Bool) throws {
    do throws(HostError) {
      recovery = try transaction.decide(keep: keep)
    } catch {
      throw Exit.because(error)
    }
    try Report.tell(recovery, quiet: true)
  }
}

extension StatePlaces {
  /// What is kept of a change becomes what was proposed, or stays.
  func settle(_ name: String, isKept: Bool) -> [HostError] {
    let part = Stopwatch.part()
    defer { Stopwatch.end(part, "keep") }
    do throws(HostError) {
      try Session.attachmentsFile(of: name, in: directory).settle(keep: isKept)
      try Generations(of: name, in: self).settle(keep: isKept)
      return []
    } catch {
      return [error]
    }
  }
}

extension Session.Change {
  /// Plans, shows the plan, carries it out; `keeps` what it came from for the next boot.
  consuming func apply(_ source: PlanSource, _ trial: Trial, keeps: Bool) throws {
    let before = try observe(for: source.topology, isZoned: source.isZoned)
    let (plan, attachments) = try source.plan(on: before, transaction.host)
    if !options.quiet { Output.result(plan.text(Output.style)) }
    try authorize(plan, "apply")
    let keeping = Session.Keeping(attachments: attachments, generation: keeps ? source.generation : nil)
    if plan.isEmpty { return try keep(keeping, of: plan.name) }
    try Report.refuse(plan)
    let ending = try carryOut(plan, before, keeping, trial)
    try trial.end(ending, of: self, "Applied.\n")
  }
}
