internal import NetPlan

/// What is to be applied: configurations, or a plan that was made before.
///
/// Read before anything is locked: a file that is wrong costs nobody a wait.
enum PlanSource {
  case files(Loaded, only: [String] = [], allow: [RiskAcceptance])
  case saved(Plan, String, allow: [RiskAcceptance])

  init(_ apply: Apply) throws {
    if let path = apply.savedPlan {
      self = .saved(try Files.savedPlan(path), path, allow: apply.allow.acceptances)
    } else {
      self = .files(
        try Loading.load(apply.paths, machineID: try Files.machineID), only: apply.only,
        allow: apply.allow.acceptances)
    }
  }

  var topology: Topology {
    switch self {
    case .files(let loaded, _, _): loaded.topology
    case .saved(let plan, _, _): .empty(plan.name)
    }
  }

  var name: String { topology.name }

  /// What the next boot applies; nil for a plan, which is for the host as it is now.
  var generation: Generation? {
    guard case .files(let loaded, _, let allow) = self else { return nil }
    return Generation(
      files: loaded.files.map { .init(path: $0.path, text: String(decoding: $0.bytes, as: UTF8.self)) },
      allow: allow.map { acceptance in acceptance.risk + (acceptance.object.map { "=\($0)" } ?? "") })
  }

  var isForEverybody: Bool {
    if case .saved(let plan, _, _) = self { plan.isOfServices } else { topology.isForEverybody }
  }

  var isZoned: Bool {
    if case .saved(let plan, _, _) = self { plan.changes.contains { $0.id.isZone } } else { false }
  }

  func plan(on host: Observation, _ linux: borrowing LinuxHost) throws -> (Plan, Attachments?) {
    switch self {
    case .files(let loaded, let only, let allow):
      var planner = Loading.planner(for: loaded.topology, on: host)
      planner.only = only
      planner.allow = allow
      var plan = try Loading.plan(planner, loaded.files)
      try plan.complete(from: linux, on: host.state, loaded.topology, allow: allow)
      return (plan, Attachments(loaded.topology, planner.target))
    case .saved(var plan, let path, let allow):
      let stale = plan.stale(on: host.state)
      if stale.isEmpty {
        plan.nameAccounts(from: linux)
        // Who is logged in now is another than when the plan was made.
        try plan.warnOfLockOut(from: linux, on: host.state)
        plan.accept(from: topology, and: allow)
        return (plan, nil)
      }
      Output.error("error: the plan \(path) was made for another state of this host:")
      for id in stale.prefix(10) { Output.error("  \(id) is not as it was") }
      Output.error("  hint: make the plan anew")
      throw Exit.failed
    }
  }
}
