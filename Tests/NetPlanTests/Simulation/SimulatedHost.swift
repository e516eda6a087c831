import Glibc
import NetPlan

/// A `Host` over a simulated machine, with the order and the batching of `LinuxHost`: the ledger, deletions, TAPs by
/// ioctl, one send for all messages, settings.
struct SimulatedHost: Host {
  let machine: Machine
  private var asksZones = false
  private var settled: Set<LinkName> = []

  init(_ machine: Machine) { self.machine = machine }

  mutating func observe() throws(HostError) -> Observation {
    machine.lastLook = machine.events
    guard machine.next() == nil else { throw HostError(simulated: "list links", ENOMEM) }
    var seen = machine.kernel.observe(settled)
    if !asksZones, !seen.state.formers.contains(where: { $0.id.zoneInterface != nil }) {
      for binding in Array(seen.state.zones) { seen.state[.zone(binding.interface)] = nil }
    }
    return seen
  }

  mutating func look(for changes: [Change]) {
    asksZones = asksZones || changes.contains { $0.id.isZone }
    settled.formUnion(changes.compactMap(\.id.settledLink))
  }

  /// Nothing more than is asked for, so that whoever needs more notices.
  mutating func observe(concerning links: Set<LinkName>) throws(HostError) -> State {
    State(
      try observe().state.objects.values.filter { object in
        switch object {
        case .link(let link): links.contains(link.name)
        case .sysctl(let sysctl): links.contains(sysctl.key.link ?? .default)
        default: true
        }
      })
  }

  mutating func listen(for changes: [Change]) {}

  mutating func notices() -> [Notice] {
    defer { machine.notices = [] }
    return machine.notices
  }

  mutating func perform(_ batch: Batch) -> [StepOutcome] {
    var outcomes = [StepOutcome](repeating: .done, count: batch.steps.count)
    let steps = batch.steps.enumerated().filter { !$1.cascades }.map { ($0, $1.change) }
    performLedger(steps, &outcomes)
    performReservations(steps, &outcomes)
    performDropIns(steps, &outcomes)
    performBridgeAccess(steps, &outcomes)
    performDeletions(steps, &outcomes)
    for (index, change) in steps {
      guard case .netns(let name) = change.id else { continue }
      outcomes[index] = perform([.setNetns(name, change.after?.netns)])[0]
      // Part of it may have been done.
      if case .failed(let error) = outcomes[index] { outcomes[index] = .unknown(error) }
    }
    if let leave = batch.leave {
      send(steps.filter { $0.0 < leave }, of: batch, &outcomes)
      if let failure = outcomes[..<leave].first(where: { $0 != .done }) {
        for index in leave..<outcomes.count { outcomes[index] = .untried(after: failure) }
        return outcomes
      }
      send(steps.filter { $0.0 >= leave }, of: batch, &outcomes)
    } else {
      send(steps, of: batch, &outcomes)
    }
    for (index, change) in steps {
      if case .sysctl(let sysctl)? = change.after { outcomes[index] = perform([.write(sysctl)])[0] }
    }
    for (index, change) in steps {
      guard case .service(let id) = change.id else { continue }
      outcomes[index] = perform([.serve(id, change.after?.service)])[0]
    }
    return outcomes
  }

  private mutating func send(_ steps: [(Int, Change)], of batch: Batch, _ outcomes: inout [StepOutcome]) {
    var messages: [(Int, Request)] = []
    for (index, change) in steps {
      if let request = Self.ioctl(of: change) {
        outcomes[index] = perform([request])[0]
        if outcomes[index] != .done { continue }
      }
      messages += Request.messages(of: change).map { (index, $0) }
    }
    for ((index, _), outcome) in zip(messages, perform(messages.map(\.1))) where outcome != .done {
      // Gone is gone.
      if batch.steps[index].change.after == nil, case .failed(let error) = outcome,
        [ENODEV, ESRCH, ENOENT, EADDRNOTAVAIL].contains(error.errno)
      {
        continue
      }
      outcomes[index] = outcome
    }
  }

  /// One send: every message is tried, whatever became of those before it.
  private func perform(_ requests: [Request]) -> [StepOutcome] {
    var outcomes: [StepOutcome] = []
    var lost: Machine.Fault.Kind?
    for request in requests {
      if let lost {
        if lost == .answersLost { try? machine.kernel.perform(request) }
        outcomes.append(.unknown(HostError(simulated: "receive", ENOBUFS)))
        continue
      }
      switch machine.next() {
      case nil:
        do throws(SimulatedKernel.Refusal) {
          try machine.kernel.perform(request)
          outcomes.append(.done)
        } catch {
          outcomes.append(.failed(HostError(simulated: "\(request)", error.errno)))
        }
      case .refused?: outcomes.append(.failed(HostError(simulated: "\(request)", ENOMEM)))
      case .killed?: outcomes.append(.failed(HostError(simulated: "killed", EINTR)))
      case .answersLost?:
        try? machine.kernel.perform(request)
        outcomes.append(.unknown(HostError(simulated: "receive", ENOBUFS)))
        lost = .answersLost
      case .requestsLost?:
        outcomes.append(.unknown(HostError(simulated: "receive", ENOBUFS)))
        lost = .requestsLost
      }
    }
    return outcomes
  }

  private static func ioctl(of change: Change) -> Request? {
    switch (change.before, change.after) {
    case (nil, .link(let link)?): link.kind == .tap ? .createTAP(link) : nil
    case (.link(let before)?, .link(let after)?):
      before.tap.owner != after.tap.owner || before.tap.group != after.tap.group
        ? .setAccounts(after.name, after.tap) : nil
    default: nil
    }
  }

  private func performLedger(_ steps: [(Int, Change)], _ outcomes: inout [StepOutcome]) {
    var (gone, new): ([FormerID], [Former]) = ([], [])
    var places: [Int] = []
    for (index, change) in steps {
      guard case .former(let id) = change.id else { continue }
      gone.append(id)
      if let former = change.after?.former { new.append(former) }
      places.append(index)
    }
    if places.isEmpty { return }
    let outcome = perform([.ledger(gone: gone, new: new)])[0]
    for index in places { outcomes[index] = outcome }
  }

  private func performReservations(_ steps: [(Int, Change)], _ outcomes: inout [StepOutcome]) {
    var (gone, new): ([ReservationID], [Reservation]) = ([], [])
    var places: [Int] = []
    for (index, change) in steps {
      guard case .reservation(let id) = change.id else { continue }
      gone.append(id)
      if let reservation = change.after?.reservation { new.append(reservation) }
      places.append(index)
    }
    if places.isEmpty { return }
    let outcome = perform([.reserve(gone: gone, new: new)])[0]
    for index in places { outcomes[index] = outcome }
  }

  /// The program hears of each by itself.
  private func performDropIns(_ steps: [(Int, Change)], _ outcomes: inout [StepOutcome]) {
    for (index, change) in steps {
      guard case .dropIn(let id) = change.id else { continue }
      outcomes[index] = perform([.writeFile(id, change.after?.dropIn?.text)])[0]
      if outcomes[index] == .done { outcomes[index] = perform([.tell(id)])[0] }
      // What was written, and nobody knows of, only a look tells.
      if case .failed(let error) = outcomes[index] { outcomes[index] = .unknown(error) }
    }
  }

  private func performBridgeAccess(_ steps: [(Int, Change)], _ outcomes: inout [StepOutcome]) {
    for (index, change) in steps {
      guard case .bridgeAccess(let id) = change.id else { continue }
      outcomes[index] = perform([.writeAccess(id, change.after?.bridgeAccess)])[0]
      if case .failed(let error) = outcomes[index] { outcomes[index] = .unknown(error) }
    }
  }

  /// Many go as one group, few one by one; gone is gone.
  private func performDeletions(_ steps: [(Int, Change)], _ outcomes: inout [StepOutcome]) {
    var doomed: [(Int, LinkName)] = []
    for (index, change) in steps {
      if case .link(let link)? = change.before, change.after == nil { doomed.append((index, link.name)) }
    }
    if doomed.count > 2, doomed.allSatisfy({ machine.kernel.links[$0.1] != nil }) {
      let outcome = perform([.deleteLinks(doomed.map(\.1))])[0]
      for (index, _) in doomed { outcomes[index] = outcome }
      return
    }
    let requests = doomed.map { Request.deleteLinks([$0.1]) }
    for ((index, _), outcome) in zip(doomed, perform(requests)) {
      if case .failed(let error) = outcome, error.errno == ENODEV {
        outcomes[index] = .done
      } else {
        outcomes[index] = outcome
      }
    }
  }
}
