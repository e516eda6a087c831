import Glibc
import NetPlan
import Testing

/// Properties over configurations: random hosts, random files, random edits.
@Suite("Random topologies")
struct TopologyPropertyTests {
  /// Runs `law` over many cases and shows the first that fails, made small.
  private func hold(
    _ count: Int, length: Int, from first: UInt64 = 1, _ law: (TopologyCase) -> String?,
    _ location: SourceLocation = #_sourceLocation
  ) {
    let only = getenv("SEED").flatMap { UInt64(String(cString: $0)) }
    let count = getenv("CASES").flatMap { Int(String(cString: $0)) } ?? count
    for seed in only.map({ $0...$0 }) ?? first...first + UInt64(count) - 1 {
      let tried = TopologyCase(seed: seed, length: length)
      if let (small, failure) = tried.shrunk(law) {
        Issue.record("seed \(seed): \(failure)\n\(small)", sourceLocation: location)
        return
      }
    }
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
    hold(300, length: 4) { tried in
      let machine = Machine(tried.host)
      for sketch in tried.sketches {
        guard let topology = sketch.topology else { continue }
        if let failure = Self.apply(topology, to: machine) { return failure }
      }
      if let failure = Self.apply(.empty("lab"), to: machine, removing: true) { return "remove: " + failure }
      let differences = machine.kernel.differences(from: tried.host)
      return differences.isEmpty ? nil : "after remove: \(differences)"
    }
  }
}
