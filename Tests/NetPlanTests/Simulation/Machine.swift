import Glibc
import NetPlan

/// A simulated machine: its kernel, the files of a journal, and what is to go wrong.
///
/// Everything that can be told apart from outside is an event: a request to the kernel, an observation, a write, a
/// rename, a removal. Events are counted, so that a test can have each of them go wrong in turn.
final class Machine {
  var kernel: SimulatedKernel
  var journals: [JournalPlace: [UInt8]] = [:]
  /// Milliseconds since boot.
  var now: UInt64 = 1_000_000
  var faults: [Fault]
  /// What others have done, and nobody has heard of yet.
  var notices: [Notice] = []
  /// Somebody else at the same machine.
  var hand: Hand?
  private(set) var events = 0
  /// The event at which the host was last looked at.
  var lastLook = 0
  private(set) var isDead = false
  /// Names of links of `lab` that were seen up and unfiltered, or there and not named where a file names the others.
  private(set) var unfiltered: Set<LinkName> = []
  /// What no file has to name: links that go, or change their names, with a plan that brings the file; nil for any with one that takes it away.
  private var nameless: Set<LinkName>? = []

  struct Hand {
    /// Before which event it acts, counted from 0.
    var event: Int
    var act: (inout SimulatedKernel) -> Void
    fileprivate(set) var isDone = false

    init(event: Int, act: @escaping (inout SimulatedKernel) -> Void) {
      self.event = event
      self.act = act
    }
  }

  struct Fault: Sendable, Hashable, CustomStringConvertible {
    enum Kind: Sendable, Hashable {
      /// It does not happen, and says so.
      case refused
      /// It and everything sent with it happens, and the answers are lost.
      case answersLost
      /// Neither it nor what was sent with it happens, and nobody says so.
      case requestsLost
      /// The process is gone: neither this event nor any later one happens.
      case killed
    }

    var kind: Kind
    /// Counts from 0.
    var events: Range<Int>

    init(_ kind: Kind, at event: Int) {
      self.kind = kind
      events = event..<event + 1
    }

    init(_ kind: Kind, _ events: Range<Int>) {
      self.kind = kind
      self.events = events
    }

    var description: String { events.count == 1 ? "\(kind) at \(events.lowerBound)" : "\(kind) in \(events)" }
  }

  init(_ kernel: SimulatedKernel, faults: [Fault] = []) {
    self.kernel = kernel
    self.faults = faults
  }

  /// What goes wrong with the event that is due; nil when nothing does.
  func next() -> Fault.Kind? {
    if isDead { return .killed }
    unfiltered.formUnion(kernel.unfiltered(of: "lab"))
    if let nameless { unfiltered.formUnion(Set(kernel.unnamed(of: "lab")).subtracting(nameless)) }
    defer { events += 1 }
    if let due = hand, due.event == events, !due.isDone {
      due.act(&kernel)
      hand?.isDone = true
    }
    guard let fault = faults.first(where: { $0.events.contains(events) }) else { return nil }
    if fault.kind == .killed { isDead = true }
    return fault.kind
  }

  /// A new process on the same machine.
  func restart(faults: [Fault] = []) {
    self.faults = faults
    events = 0
    isDead = false
  }

  var hasJournal: Bool { !journals.isEmpty }

  var undecided: [UInt8]? {
    get { journals[.undecided] }
    set { journals[.undecided] = newValue }
  }

  var committed: [UInt8]? { journals[.committed] }

  // MARK: Runs

  func apply(
    _ plan: Plan, before: State, patience: UInt64? = nil, probe: @escaping () -> [HostError] = { [] }
  ) -> Ending {
    // What a former run could not take away after its decision is named by no file until it goes.
    nameless = plan.nameless.map { $0.union(nameless ?? []) }
    var transaction = Transaction(host: SimulatedHost(self), store: SimulatedStore(self))
    transaction.probe = probe
    return transaction.apply(plan, before: before, patience: patience)
  }

  func decide(keep: Bool) throws(HostError) -> Recovery {
    var transaction = Transaction(host: SimulatedHost(self), store: SimulatedStore(self))
    return try transaction.decide(keep: keep)
  }

  func recover() throws(HostError) -> Recovery {
    var transaction = Transaction(host: SimulatedHost(self), store: SimulatedStore(self))
    return try transaction.recover()
  }
}

extension Plan {
  fileprivate var nameless: Set<LinkName>? {
    let files = changes.filter { ($0.after ?? $0.before)?.dropIn != nil }
    if files.contains(where: { $0.after == nil }) { return nil }
    guard files.contains(where: { $0.before == nil }) else { return [] }
    return Set(changes.compactMap { $0.before?.link?.name }).subtracting(
      changes.compactMap { $0.after?.link?.name })
  }
}

extension HostError {
  init(simulated operation: String, _ errno: Int32) {
    self.init(operation: operation, errno: errno, message: String(cString: strerror(errno)))
  }
}
