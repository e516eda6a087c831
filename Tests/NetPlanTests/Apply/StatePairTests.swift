import NetPlan
import Testing

/// Properties over pairs of states: any state that a kernel can be in, to any other.
@Suite("Random pairs of states")
struct StatePairTests {
  /// Tries `law` on pairs and shows the first that fails, made small.
  private func hold(
    _ count: Int, _ law: (StatePair, UInt64) -> String?, _ location: SourceLocation = #_sourceLocation
  ) {
    let remembered: [UInt64] = [
      303, 424, 510, 568, 720, 729, 1_411, 2_065, 7_565, 10_688, 34_533, 54_005, 83_114, 90_023,
    ]
    Campaign("VNET_PAIRS", count, remembering: remembered).hold(
      { seed in
        let pair = StatePair(seed: seed)
        guard pair.isSound else { return nil }
        return pair.shrunk { law($0, seed) }.map { "\($1)\n\($0)" }
      }, location)
  }

  static func plan(_ start: SimulatedKernel, _ goal: SimulatedKernel) -> Plan {
    Plan(name: "lab", changes: difference(from: start.state, to: StatePair.target(start, goal)))
  }

  /// Leads the machine to the goal; nil when it got there.
  static func lead(_ machine: Machine, to goal: SimulatedKernel) -> String? {
    let plan = plan(machine.kernel, goal)
    let ending = machine.apply(plan, before: machine.kernel.state)
    guard ending == .done(warnings: []) else { return "\(ending)\n\(plan.text(TextStyle(full: true)))" }
    machine.kernel.passTime()
    let differences = StatePair.differences(machine.kernel, from: goal)
    return differences.isEmpty ? nil : "\(differences)\nafter\n\(plan.text(TextStyle(full: true)))"
  }

  @Test(
    "apply leads from any state to any other, there is nothing left to do then, and the way back leads back")
  func thereAndBack() {
    hold(1000) { pair, _ in
      let machine = Machine(pair.from)
      if let failure = Self.lead(machine, to: pair.to) { return "there: \(failure)" }
      let rest = Self.plan(machine.kernel, pair.to)
      if !rest.isEmpty { return "there is something left: \(rest.text())" }
      return Self.lead(machine, to: pair.from).map { "back: \($0)" }
    }
  }

  /// A pair's plan and what an undisturbed run of it leaves; nil where there is nothing to do.
  private static func rehearsal(_ pair: StatePair) -> (
    plan: Plan, events: Int, verification: Int, end: SimulatedKernel
  )? {
    let plan = plan(pair.from, pair.to)
    let machine = Machine(pair.from)
    guard !plan.isEmpty, machine.apply(plan, before: pair.from.state) == .done(warnings: []) else {
      return nil
    }
    return (plan, machine.events, machine.lastLook, machine.kernel)
  }

  @Test("whatever fails, the host is as it was, or as the plan says once that is decided")
  func faults() {
    hold(250) { pair, seed in
      guard let (plan, events, _, end) = Self.rehearsal(pair) else { return nil }
      var random = Random(seed: seed)
      for kind in [Machine.Fault.Kind.refused, .answersLost, .requestsLost] {
        let fault = Machine.Fault(kind, at: random.below(events))
        let machine = Machine(pair.from, faults: [fault])
        let failure: String?
        switch machine.apply(plan, before: pair.from.state) {
        case .undone:
          let differences = StatePair.differences(machine.kernel, from: pair.from)
          failure = differences.isEmpty ? nil : "undone, but \(differences)"
        case .done:
          // What fails after the decision is tried again; what nobody heard of is drift, which the next run mends.
          let differences = kind == .requestsLost ? [] : StatePair.differences(machine.kernel, from: end)
          machine.restart()
          _ = try? machine.recover()
          failure = differences.isEmpty ? Self.lead(machine, to: pair.to) : "done, but \(differences)"
        case .waiting: failure = "it waits"
        case .stuck(let cause, let remaining, _): failure = "stuck on \(remaining): \(cause)"
        }
        if let failure { return "\(fault) of \(events): \(failure)\n\(plan.text())" }
      }
      return nil
    }
  }

  @Test("after a kill a recovery, itself killed or not, leads back before the decision and ahead after it")
  func kills() {
    hold(250) { pair, seed in
      guard let (plan, events, _, end) = Self.rehearsal(pair) else { return nil }
      var random = Random(seed: seed)
      for isKilledAgain in [false, true] {
        let fault = Machine.Fault(.killed, at: random.below(events))
        let machine = Machine(pair.from, faults: [fault])
        _ = machine.apply(plan, before: pair.from.state)
        // Without a journal the run had not begun or was through.
        let hasEnded = !machine.hasJournal && fault.events.lowerBound > 5
        let goal = machine.committed != nil || hasEnded ? end : pair.from
        if isKilledAgain {
          machine.restart(faults: [.init(.killed, at: 1 + random.below(12))])
          _ = try? machine.recover()
        }
        machine.restart()
        let recovery = try? machine.recover()
        machine.kernel.passTime()
        let differences = StatePair.differences(machine.kernel, from: goal)
        if recovery == nil || machine.hasJournal || !differences.isEmpty {
          return "\(fault) of \(events): \(differences), \(recovery, default: "no recovery")\n\(plan.text())"
        }
      }
      return nil
    }
  }

  /// What it does after the verification is for the next plan to see.
  @Test("what a foreign hand does between two steps stands, and stops the run where it concerns the plan")
  func foreignHand() {
    hold(250) { pair, seed in
      guard let (plan, _, verification, end) = Self.rehearsal(pair) else { return nil }
      var random = Random(seed: seed)
      for deed in ForeignDeed.all(plan, &random) {
        let machine = Machine(pair.from)
        let event = random.below(verification + 1)
        // What the kernel takes along with it is part of the deed.
        var deeds = [deed.id]
        machine.hand = Machine.Hand(event: event) { kernel in
          let before = kernel.state
          try? kernel.perform(deed.request)
          deeds += Set(before.objects.keys).subtracting(kernel.state.objects.keys)
          // So are the routes and neighbours that go when the run takes the last address of a link that was to have this one.
          if case .deleteAddress(let gone) = deed.request {
            deeds += kernel.state.routes.filter { $0.links.contains(gone.link) }.map { .route($0.id) }
            deeds += kernel.proxies.filter { $0.link == gone.link }.map { .neighbour($0.link, $0.address) }
          }
        }
        let ending = machine.apply(plan, before: pair.from.state)
        machine.kernel.passTime()
        let goal: SimulatedKernel
        switch ending {
        case .done: goal = end
        case .undone, .waiting, .stuck: goal = pair.from
        }
        // What is said is what is there, the foreign deed aside.
        let others = StatePair.differences(machine.kernel, from: goal).filter { line in
          !deeds.contains { line.hasPrefix("\($0):") }
        }
        if case .stuck = ending { return "\(deed.request) at \(event): \(ending)\n\(plan.text())" }
        if !others.isEmpty {
          return "\(deed.request) at \(event) of \(verification), \(ending): \(others)\n\(plan.text())"
        }
        if machine.hand!.isDone, !deed.stands(machine.kernel.state, ending) {
          return
            "\(deed.request) at \(event) of \(verification), \(ending): it does not stand\n\(plan.text())"
        }
      }
      return nil
    }
  }
}

/// What somebody else does to a host in the middle of a run.
private struct ForeignDeed {
  var id: ObjectID
  var request: Request
  var stands: (State, Ending) -> Bool

  /// One of each sort, where the plan gives occasion.
  static func all(_ plan: Plan, _ random: inout Random) -> [ForeignDeed] {
    var deeds: [ForeignDeed] = []
    let kept = plan.changes.filter { $0.action == .change }.compactMap { change -> Link? in
      guard let before = change.before?.link, let after = change.after?.link else { return nil }
      return before.name == after.name && before.alias == after.alias ? before : nil
    }
    if !kept.isEmpty {
      let link = random.pick(kept)
      var named = link
      named.alias = "somebody's"
      let name = link.name
      deeds.append(
        ForeignDeed(id: .link(name), request: .set(link, named)) { state, _ in
          state.link(name)?.alias == "somebody's"
        })
      let address = Address(link: name, local: IPInterface(host: .v4(198, 18, 0, 1)))
      let id = Object.address(address).id
      deeds.append(
        ForeignDeed(id: id, request: .addAddress(address, replacing: false)) { state, _ in state[id] != nil })
    }
    // One that is gone when the run is over was not taken for there.
    let wanted = plan.changes.compactMap { change -> ForeignDeed? in
      let isWanted = { (state: State, ending: Ending) in
        if case .done = ending { state[change.id] != nil } else { true }
      }
      return switch change.after {
      case .address(let address)?:
        ForeignDeed(id: change.id, request: .deleteAddress(address), stands: isWanted)
      case .route(let route)?: ForeignDeed(id: change.id, request: .deleteRoute(route), stands: isWanted)
      case .rule(let rule)?: ForeignDeed(id: change.id, request: .deleteRule(rule), stands: isWanted)
      default: nil
      }
    }
    if !wanted.isEmpty { deeds.append(random.pick(wanted)) }
    return deeds
  }
}
