internal import ArgumentParser
internal import Glibc
internal import NetPlan

/// How a change is tried before it counts.
struct Trial {
  /// Milliseconds to wait for a confirmation; nil where none is asked for.
  var patience: UInt64?
  /// Stays until it is decided.
  var waits = false
  var probes: [Probe] = []
  /// Seconds.
  var probeTimeout = 0.0

  static let none = Trial()

  /// What speaks against the host as it is.
  func objections() -> [HostError] { probes.compactMap { $0.check(timeout: probeTimeout) } }

  /// Says how it ended, and waits for what is to be waited for.
  func end(_ ending: Ending, of change: consuming Session.Change, _ done: String) throws {
    let (options, directory) = (change.options, change.stateDirectory)
    try Report.tell(ending, quiet: options.quiet)
    guard case .waiting(let deadline) = ending else {
      if !options.quiet { Output.result(done) }
      return
    }
    if !options.quiet {
      Output.result(
        """
        Applied, to be undone in \(Seconds.left(until: deadline)) s, at \(Seconds.clock(at: deadline)). To keep it:
          \(options.command("confirm"))

        """)
    }
    guard waits else { return }
    release(change)
    try Confirmation.awaited(deadline, in: directory, quiet: options.quiet)
  }

  /// Whoever confirms needs the lock.
  private func release(_ change: consuming Session.Change) {}
}

extension Confirmation {
  /// Returns when the change is confirmed; exit 1 when it was undone, 75 when somebody is tired of waiting.
  fileprivate static func awaited(_ deadline: UInt64, in directory: String, quiet: Bool) throws {
    let journal = FileJournal(directory: directory)
    while true {
      if let told = Confirmation(in: directory), told.deadline == deadline {
        if told.kept {
          if !quiet { Output.result("Confirmed.\n") }
          return
        }
        Output.error("error: the change was undone: the host is as it was before")
        throw Exit.failed
      }
      if Signals.isPending() {
        Output.error("error: interrupted; the change still waits to be confirmed")
        throw Exit.busy
      }
      // Whoever undoes it may have been killed; who goes on says so.
      if !journal.isThere, Confirmation(in: directory)?.deadline != deadline {
        Output.error("error: the change does not wait any more, and nobody has said what became of it")
        Output.error("  hint: 'vnet-apply plan' shows how the host is")
        throw Exit.failed
      }
      usleep(100_000)
    }
  }
}
