internal import ArgumentParser
internal import Glibc
internal import NetPlan

/// One of the two processes that give the host its network back when nobody confirms a change, or when whoever makes it
/// is killed on the way.
struct Guard: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "guard", abstract: "Undo a change that nobody confirms (started by --confirm-within).",
    shouldDisplay: false)

  @Option var role: Int
  @Option var partner: Int32?
  @Option var caller: Int32
  @OptionGroup var options: GlobalOptions

  /// How often an undoing that fails is tried, with five seconds in between.
  private static let attempts = 120

  /// Milliseconds that others have, who decide what becomes of the change: who comes after them is not to find the lock taken.
  private static let patience: UInt64 = 1000

  static func words(caller: Int32, _ places: StatePlaces) -> [String] {
    ["guard", "--caller", "\(caller)", "--state-dir", places.root]
  }

  func run() throws {
    for number in [SIGHUP, SIGINT, SIGQUIT] { signal(number, SIG_IGN) }
    let places = try Session.open(options).places
    let journal = FileJournal(directory: places.directory)
    do throws(HostError) {
      var pair = try GuardPair(
        role: role, partner: partner, caller: caller, Guard.words(caller: caller, places),
        in: places.directory)
      var deadline: UInt64?
      /// Since when somebody is at it, or was killed at it.
      var start: UInt64?
      var attempts = Guard.attempts
      while attempts > 0 {
        if journal.has(.waiting) {
          start = nil
          // What cannot be read is looked at by whoever undoes it.
          if deadline == nil { deadline = (try? journal.waiting()?.deadline) ?? journal.now }
          if journal.now >= deadline ?? 0 {
            if !undo() { attempts -= 1 }
            // It may be another change's by now.
            deadline = nil
          }
        } else if journal.isThere {
          let since = start ?? journal.now
          start = since
          let isLong = journal.now - since > Guard.patience
          if isLong, deadline != nil || pair.callerHasEnded, !undo() { attempts -= 1 }
        } else if deadline != nil || pair.callerHasEnded {
          return try pair.end()
        }
        // One that is alone for lack of memory or files goes on, and tries again.
        try? pair.keepPartner()
        usleep(100_000)
      }
    } catch {
      throw Exit.because(error)
    }
    throw Exit.stuck
  }

  /// False where it failed, a while ago; another run that is at it will see to it.
  private func undo() -> Bool {
    do {
      let session = try Session.open(options)
      Signals.hold()
      let lock: Lock
      do {
        lock = try Lock(namespace: session.cookie, in: session.places.locks)
      } catch .held {
        return true
      }
      _ = try session.enter(with: lock)
      return true
    } catch {
      sleep(5)
      return false
    }
  }
}
