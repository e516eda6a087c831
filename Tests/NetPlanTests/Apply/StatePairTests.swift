import Glibc
import NetPlan
import Testing

/// Properties over pairs of states: any state that a kernel can be in, to any other.
@Suite("Random pairs of states")
struct StatePairTests {
  private func hold(
    _ count: Int, from first: UInt64, _ law: (StatePair, UInt64) -> String?,
    _ location: SourceLocation = #_sourceLocation
  ) {
    let only = getenv("SEED").flatMap { UInt64(String(cString: $0)) }
    let count = getenv("CASES").flatMap { Int(String(cString: $0)) } ?? count
    for seed in only.map({ $0...$0 }) ?? first...first + UInt64(count) - 1 {
      let pair = StatePair(seed: seed)
      guard pair.isSound else { continue }
      if let (small, failure) = pair.shrunk({ law($0, seed) }) {
        Issue.record("seed \(seed): \(failure)\n\(small)", sourceLocation: location)
        return
      }
    }
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
    hold(1500, from: 1) { pair, _ in
      let machine = Machine(pair.from)
      if let failure = Self.lead(machine, to: pair.to) { return "there: \(failure)" }
      let rest = Self.plan(machine.kernel, pair.to)
      if !rest.isEmpty { return "there is something left: \(rest.text())" }
      return Self.lead(machine, to: pair.from).map { "back: \($0)" }
    }
  }

  @Test("a fault anywhere leaves either state, a kill and a recovery too")
  func faults() {
    hold(500, from: 100_000) { pair, seed in
      let plan = Self.plan(pair.from, pair.to)
      let state = pair.from.state
      let undisturbed = Machine(pair.from)
      guard !plan.isEmpty, undisturbed.apply(plan, before: state) == .done(warnings: []) else { return nil }
      var random = Random(seed: seed)
      for kind in [Machine.Fault.Kind.refused, .answersLost, .requestsLost, .killed] {
        let event = random.below(undisturbed.events)
        let machine = Machine(pair.from, faults: [.init(kind, at: event)])
        let ending = machine.apply(plan, before: state)
        let isDecided = machine.committed != nil
        machine.restart()
        if case .stuck = ending, kind != .killed { return "\(kind) at \(event): \(ending)\n\(plan.text())" }
        do {
          if case .stuck(_, let rest, let errors) = try machine.recover() {
            return "\(kind) at \(event): \(rest) \(errors)\n\(plan.text())"
          }
        } catch {
          return "\(error)"
        }
        if case .done = ending { continue }
        let differences = StatePair.differences(machine.kernel, from: isDecided ? pair.to : pair.from)
        if !differences.isEmpty, !StatePair.differences(machine.kernel, from: undisturbed.kernel).isEmpty {
          return "\(kind) at \(event) of \(undisturbed.events): \(differences)\n\(plan.text())"
        }
      }
      return nil
    }
  }
}
