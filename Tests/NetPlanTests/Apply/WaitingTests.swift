import NetPlan
import Testing

/// Changes that wait to be confirmed, on the simulated host.
@Suite("Waiting")
struct WaitingTests {
  private static let text = """
    name: lab
    networks: {office: {uplink: eth0}}
    vms: {a: {nics: {e0: {network: office}, e1: {mode: tap, address: 172.16.0.2}}}}
    """

  /// A host, the plan for it, and how it is when the plan is carried out.
  private struct Situation {
    let before: SimulatedKernel
    let plan: Plan
    let state: State
    let after: SimulatedKernel

    /// The plan has something that is deleted behind the decision: the configuration `former` was there before.
    init(_ text: String = WaitingTests.text, former: String? = nil) throws {
      var kernel = RandomHost.make(11)
      if let former {
        let machine = Machine(kernel)
        let host = kernel.observe()
        let plan = Planner(topology: try TopologyTests.load(former), host: host).plan().plan
        guard case .done = machine.apply(plan, before: host.state) else { throw Unusable() }
        kernel = machine.kernel
      }
      let host = kernel.observe()
      let (plan, obstacles) = Planner(topology: try TopologyTests.load(text), host: host).plan()
      try #require(obstacles.isEmpty && !plan.isEmpty)
      let machine = Machine(kernel)
      guard case .done = machine.apply(plan, before: host.state) else { throw Unusable() }
      (before, self.plan, state, after) = (kernel, plan, host.state, machine.kernel)
    }

    func waiting(_ faults: [Machine.Fault] = []) -> Machine {
      let machine = Machine(before, faults: faults)
      _ = machine.apply(plan, before: state, patience: 60_000)
      return machine
    }

    struct Unusable: Error {}
  }

  /// Those of two VMs go, and with them links that nothing brings back.
  private static let fewer = """
    name: lab
    networks: {office: {uplink: eth0}}
    vms: {b: {nics: {e0: {network: office}}}}
    """

  private static var situations: [Situation] {
    get throws { [try Situation(), try Situation(fewer, former: text)] }
  }

  @Test("confirmed, the host is what it would be without a wait")
  func confirmed() throws {
    for each in try Self.situations {
      let machine = each.waiting()
      #expect(try machine.recover() == .waiting(name: "lab", deadline: 1_060_000))
      #expect(try machine.decide(keep: true) == .finished(name: "lab", deadline: 1_060_000, warnings: []))
      #expect(machine.kernel.differences(from: each.after).isEmpty)
      #expect(!machine.hasJournal)
    }
  }

  @Test("what nothing brings back is there as long as the change waits")
  func deferred() throws {
    let each = try Situation(Self.fewer, former: Self.text)
    let machine = each.waiting()
    for link in each.before.state.links where link.owner != nil {
      #expect(machine.kernel.state.link(link.name) != nil, "\(link.name)")
    }
  }

  @Test("rolled back, or late, the host is what it was")
  func undone() throws {
    for each in try Self.situations {
      var machine = each.waiting()
      #expect(try machine.decide(keep: false) == .undone(name: "lab", deadline: 1_060_000))
      #expect(machine.kernel.differences(from: each.before).isEmpty && !machine.hasJournal)
      machine = each.waiting()
      machine.now = 1_059_999
      guard case .waiting = try machine.recover() else {
        Issue.record("it waits no longer, though its time is not over")
        continue
      }
      machine.now = 1_060_000
      #expect(try machine.recover() == .undone(name: "lab", deadline: 1_060_000))
      #expect(machine.kernel.differences(from: each.before).isEmpty && !machine.hasJournal)
    }
  }

  @Test(
    "killed at any event on the way to waiting, it is undone, or waits and is undone when the time is over")
  func killed() throws {
    for each in try Self.situations {
      let events = each.waiting().events
      for event in 0..<events {
        let machine = each.waiting([.init(.killed, at: event)])
        machine.restart()
        if case .waiting = try machine.recover() {
          #expect(machine.kernel.state.objects.count >= each.after.state.objects.count)
          machine.now += 60_000
          _ = try machine.recover()
        }
        #expect(machine.kernel.differences(from: each.before).isEmpty, "killed at \(event) of \(events)")
        #expect(!machine.hasJournal)
      }
    }
  }

  @Test("a decision that is killed at any event was made or was not, and the next run carries it through")
  func killedDecisions() throws {
    for each in try Self.situations {
      for keep in [true, false] {
        let whole = each.waiting()
        whole.restart()
        _ = try whole.decide(keep: keep)
        for event in 0..<whole.events {
          let machine = each.waiting()
          machine.restart(faults: [.init(.killed, at: event)])
          _ = try? machine.decide(keep: keep)
          machine.restart()
          let isMade = machine.journals[.waiting] == nil
          if !isMade { machine.now += 60_000 }
          _ = try machine.recover()
          let goal = isMade && keep ? each.after : each.before
          #expect(
            machine.kernel.differences(from: goal).isEmpty,
            "\(keep ? "confirm" : "rollback") killed at \(event) of \(whole.events)")
          #expect(!machine.hasJournal)
        }
      }
    }
  }

  @Test("what is being undone can no longer be confirmed")
  func late() throws {
    let each = try Situation()
    let machine = each.waiting()
    machine.restart(faults: [.init(.killed, at: 8)])
    _ = try? machine.decide(keep: false)
    machine.restart()
    #expect(machine.journals[.waiting] == nil && machine.journals[.undecided] != nil)
    #expect(try machine.recover() == .undone(name: "lab", deadline: 1_060_000))
  }

  @Test("a probe that fails undoes the change, and says why")
  func probes() throws {
    let each = try Situation()
    let cause = HostError(operation: "probe gateway", errno: 0, message: "no answer")
    let machine = Machine(each.before)
    #expect(machine.apply(each.plan, before: each.state, probe: { [cause] }) == .undone(cause: [cause]))
    #expect(machine.kernel.differences(from: each.before).isEmpty && !machine.hasJournal)
  }

  @Test("a probe sees the host as it is planned")
  func probed() throws {
    let each = try Situation()
    let machine = Machine(each.before)
    var seen: [String] = ["nothing"]
    _ = machine.apply(
      each.plan, before: each.state,
      probe: {
        seen = machine.kernel.differences(from: each.after)
        return []
      })
    #expect(seen.isEmpty)
  }
}
