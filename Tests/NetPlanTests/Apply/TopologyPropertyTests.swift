import NetPlan
import Testing

/// Properties over configurations: random hosts, random files, random edits.
@Suite("Random topologies")
struct TopologyPropertyTests {
  /// Runs `law` over many cases and shows the first that fails, made small.
  private func hold(
    _ count: Int, length: Int, from first: UInt64 = 1, remembering remembered: [UInt64] = [],
    _ law: (TopologyCase) -> String?,
    _ location: SourceLocation = #_sourceLocation
  ) {
    Campaign("VNET_TOPOLOGIES", count, from: first, remembering: remembered).hold(
      { seed in
        TopologyCase(seed: seed, length: length).shrunk(law).map { "\($1)\n\($0)" }
      }, location)
  }

  static func plan(_ topology: Topology, _ machine: Machine, removing: Bool = false) -> (Plan, Observation)? {
    let host = machine.kernel.observe()
    var planner = Planner(topology: topology, host: host)
    planner.isRemoval = removing
    let (plan, obstacles) = planner.plan()
    return obstacles.isEmpty ? (plan, host) : nil
  }

  /// Applies; nil when all went as it should.
  static func apply(_ topology: Topology, to machine: Machine, removing: Bool = false) -> String? {
    guard let (plan, host) = plan(topology, machine, removing: removing) else { return nil }
    if plan.isEmpty { return nil }
    machine.restart()
    let ending = machine.apply(plan, before: host.state)
    machine.kernel.passTime()
    if !machine.unfiltered.isEmpty { return "unfiltered were \(machine.unfiltered)\n\(plan.text())" }
    guard ending == .done(warnings: []) else { return "\(ending)\n\(plan.text(TextStyle(full: true)))" }
    if machine.hasJournal { return "a journal is left" }
    guard let (second, _) = Self.plan(topology, machine, removing: removing) else {
      return
        "after the apply there are obstacles: \(Planner(topology: topology, host: machine.kernel.observe()).plan().obstacles)"
    }
    return second.changes.isEmpty
      ? nil
      : "the second plan is not empty: \(second.changes.map { "\($0.json.text())" })\nafter\n\(plan.text(TextStyle(full: true)))"
  }

  @Test("apply reaches its target, the second plan is empty, and remove gives the host back")
  func walk() {
    hold(120, length: 4) { tried in
      let machine = Machine(tried.host)
      for sketch in tried.sketches {
        guard let topology = sketch.topology else { continue }
        if let failure = Self.apply(topology, to: machine) { return failure }
      }
      return Self.remove(from: machine, of: tried)
    }
  }

  /// nil when the host is as it was before all of a case.
  private static func remove(from machine: Machine, of tried: TopologyCase) -> String? {
    if let failure = apply(.empty("lab"), to: machine, removing: true) { return "remove: " + failure }
    let differences = machine.kernel.differences(from: tried.host) { object in
      // The kernel makes one when a bridge gets its first port.
      object.address.map { $0.origin == 3 && $0.link.text == "virbr0" } ?? false
    }
    return differences.isEmpty ? nil : "after remove: \(differences)"
  }

  @Test(
    "a walk over fifty configurations ends where the last of them alone ends, and remove gives the host back")
  func longWalk() {
    var compared = 0
    hold(
      3, length: 50, from: 40_000,
      remembering: [
        40_100, 40_140, 40_155, 40_262, 40_315, 40_323, 40_347, 40_376, 40_597, 40_612, 40_614,
        40_691, 40_731, 41_235, 41_381, 41_471, 41_539, 42_095, 42_358, 42_490, 42_647, 43_031, 43_142,
        45_204, 47_229, 47_406, 50_873, 51_677, 51_935, 54_416,
      ]
    ) { tried in
      let (machine, fresh) = (Machine(tried.host), Machine(tried.host))
      var last: Topology?
      var way = ""
      for sketch in tried.sketches {
        guard let topology = sketch.topology, let (plan, _) = Self.plan(topology, machine) else { continue }
        way = plan.text(TextStyle(full: true))
        if let failure = Self.apply(topology, to: machine) { return failure }
        last = topology
      }
      let removed = Machine(machine.kernel)
      if let failure = Self.remove(from: removed, of: tried) { return failure + "\nafter\n\(way)" }
      // What a network was called before counts for one that was there.
      guard let last, Self.plan(last, fresh) != nil else { return nil }
      if let failure = Self.apply(last, to: fresh) { return "alone: " + failure }
      // Whose default route is away by a former file's word is no `default-route` for another network.
      if machine.uplinks != fresh.uplinks { return nil }
      // Subnets and addresses that were chosen for a network stay with it.
      guard machine.kernel.reservations == fresh.kernel.reservations else { return nil }
      compared += 1
      // What an interface is called in a namespace is its own affair, and stays; what the kernel makes when an interface
      // comes up depends on when that was (docs/atomicity.md, "Known limits").
      let differences = machine.kernel.differences(from: fresh.kernel, leavingOut: StatePair.isKernels)
        .filter { line in
          !line.hasPrefix("netns/") && !line.contains("\"peer_netns\"")
            // What is kept of an address that is to come back tells its place among those that were there then.
            && !(line.hasPrefix("former/address/") && Self.isEqual(line, but: /\\"order\\":[0-9]+/))
            // A bridge of others has the MTU of its least port, which another one gets there.
            && !(line.hasPrefix("link/") && Self.isEqual(line, but: /"mtu":[0-9]+/)
              && last.networks.contains { if case .existing = $0.segment { true } else { false } })
            // Those of others stay on a bridge that the host leaves, or on which it gets addresses of the file's, until `remove`.
            && !["rule/", "neighbour/"].contains { line.hasPrefix($0) }
            // What was routed and is a port now goes on ignoring advertisements.
            && !line.contains(/^sysctl.net.ipv6.conf.\S+.accept_ra: \{.*"1"\} → \{.*"0"\}/)
            // Where IPv6 is forwarded by all or by none, each interface keeps what it said for itself.
            && (fresh.kernel.features.forceForwarding
              || !line.contains(/^sysctl.net.ipv6.conf.\S+.forwarding:/))
        }
      return differences.isEmpty ? nil : "otherwise than alone: \(differences)\nafter\n\(way)"
    }
    #expect(compared > 0)
  }

  /// Whether "id: one → other" is of two that differ there alone.
  private static func isEqual(_ line: String, but part: Regex<Substring>) -> Bool {
    let sides = line.split(separator: " → ").map { $0.drop { $0 != "{" }.replacing(part, with: "") }
    return sides.count == 2 && sides[0] == sides[1]
  }

  @Test("among them are interfaces in zones of firewalld, and hosts that are stations beside macvtaps")
  func kinds() {
    var kinds: [String: Int] = [:]
    for seed in UInt64(1)...60 {
      let tried = TopologyCase(seed: seed, length: 4)
      let machine = Machine(tried.host)
      for topology in tried.sketches.compactMap(\.topology) + [.empty("lab")] {
        for change in Self.plan(topology, machine)?.0.changes ?? [] {
          if change.id.isZone { kinds["\(change.action)", default: 0] += 1 }
          if (change.after ?? change.before)?.link?.kind == .macvlan {
            kinds["\(change.action) station", default: 0] += 1
          }
        }
        _ = Self.apply(topology, to: machine)
      }
    }
    for kind in ["create", "change", "delete", "create station", "delete station"] {
      #expect(kinds[kind, default: 0] > 2, "\(kinds)")
    }
  }

  /// The machine before the last of a case's plans, with that plan; nil where there is nothing to apply.
  private static func lastPlan(_ tried: TopologyCase) -> (SimulatedKernel, Plan, Observation, Topology)? {
    let machine = Machine(tried.host)
    var last: (SimulatedKernel, Plan, Observation, Topology)?
    for sketch in tried.sketches {
      guard let topology = sketch.topology, let (plan, host) = plan(topology, machine), !plan.isEmpty else {
        continue
      }
      last = (machine.kernel, plan, host, topology)
      if apply(topology, to: machine) != nil { return nil }
    }
    return last
  }

  /// How many events an undisturbed run has, and the host after it.
  private static func undisturbed(_ kernel: SimulatedKernel, _ plan: Plan, _ host: Observation) -> (
    Int, SimulatedKernel
  )? {
    let machine = Machine(kernel)
    guard machine.apply(plan, before: host.state) == .done(warnings: []) else { return nil }
    return (machine.events, machine.kernel)
  }

  @Test(
    "whatever fails, the host is as the plan says or as it was",
    arguments: [
      Machine.Fault.Kind.refused, .answersLost, .requestsLost,
    ])
  func faults(_ kind: Machine.Fault.Kind) {
    hold(15, length: 2, from: 10_000) { tried in
      guard let (before, plan, host, topology) = Self.lastPlan(tried),
        let (count, after) = Self.undisturbed(before, plan, host)
      else { return nil }
      for event in 0..<count {
        let machine = Machine(before, faults: [.init(kind, at: event)])
        let ending = machine.apply(plan, before: host.state)
        let what = "\(kind) at \(event) of \(count)"
        if !machine.unfiltered.isEmpty {
          return "\(what): unfiltered were \(machine.unfiltered)\n\(plan.text())"
        }
        switch ending {
        case .undone:
          let differences = machine.kernel.differences(from: before)
          if !differences.isEmpty { return "\(what): undone, but \(differences)\n\(plan.text())" }
          if machine.hasJournal { return "\(what): a journal is left" }
        case .done:
          // What fails after the decision is tried again; what nobody heard of is drift, which the next run mends.
          let left = kind == .requestsLost ? [] : machine.kernel.differences(from: after)
          if !left.isEmpty { return "\(what): done, but \(left)\n\(plan.text())" }
          machine.restart()
          _ = try? machine.recover()
          if let failure = Self.apply(topology, to: machine) { return "\(what): \(failure)" }
          let differences = machine.kernel.differences(from: after)
          if !differences.isEmpty { return "\(what): done, but \(differences)\n\(plan.text())" }
        case .waiting: return "\(what): it waits"
        case .stuck(let cause, let remaining, _):
          return "\(what): stuck on \(remaining), \(cause)\n\(plan.text())"
        }
      }
      return nil
    }
  }

  @Test("a kill at any event and a recovery leave the host as it was, or as the plan says once it is decided")
  func kills() {
    hold(15, length: 2, from: 20_000) { tried in
      guard let (before, plan, host, _) = Self.lastPlan(tried),
        let (count, after) = Self.undisturbed(before, plan, host)
      else { return nil }
      for event in 0..<count {
        let machine = Machine(before, faults: [.init(.killed, at: event)])
        _ = machine.apply(plan, before: host.state)
        if let failure = Self.recovered(machine, before, after) {
          return "killed at \(event) of \(count): \(failure)\n\(plan.text())"
        }
      }
      return nil
    }
  }

  /// Recovers after a kill; nil when the host then is one of the two.
  private static func recovered(_ machine: Machine, _ before: SimulatedKernel, _ after: SimulatedKernel)
    -> String?
  {
    let isDecided = machine.committed != nil
    let isOpen = machine.undecided != nil
    machine.restart()
    do {
      let recovery = try machine.recover()
      if case .stuck = recovery { return "\(recovery)" }
    } catch {
      return "\(error)"
    }
    if machine.hasJournal { return "a journal is left" }
    if !machine.unfiltered.isEmpty { return "unfiltered were \(machine.unfiltered)" }
    let differences =
      isDecided
      ? machine.kernel.differences(from: after) : machine.kernel.differences(from: before)
    // The journal goes last: without one the run had not begun, or was through.
    if differences.isEmpty || (!isDecided && !isOpen && machine.kernel.differences(from: after).isEmpty) {
      return nil
    }
    return "\(isDecided ? "decided" : "undecided"), and then \(differences)"
  }

  @Test("a recovery that is killed is recovered from like any other run")
  func killedRecoveries() {
    hold(8, length: 2, from: 30_000) { tried in
      guard let (before, plan, host, _) = Self.lastPlan(tried),
        let (count, after) = Self.undisturbed(before, plan, host)
      else { return nil }
      for event in stride(from: 1, to: count, by: 3) {
        for second in stride(from: 0, to: 60, by: 4) {
          let machine = Machine(before, faults: [.init(.killed, at: event)])
          _ = machine.apply(plan, before: host.state)
          machine.restart(faults: [.init(.killed, at: second)])
          _ = try? machine.recover()
          if !machine.isDead { break }
          if let failure = Self.recovered(machine, before, after) {
            return "killed at \(event), then at \(second): \(failure)\n\(plan.text())"
          }
        }
      }
      return nil
    }
  }
}

extension Machine {
  /// Hardware that is a port.
  fileprivate var uplinks: [LinkName: LinkName] {
    let ports = kernel.state.links.filter { $0.name.text.hasPrefix("eth") }
    return Dictionary(
      uniqueKeysWithValues: ports.compactMap { port in port.master?.name.map { (port.name, $0) } })
  }
}
