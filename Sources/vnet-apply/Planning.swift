internal import ArgumentParser
internal import NetPlan

/// From the words of a command line to a plan of a host that is only looked at.
struct Planning {
  var paths: [String]
  var options: GlobalOptions
  var only: [String]
  var allow: [RiskAcceptance]

  struct Result {
    var plan: Plan
    /// What was planned, and what it comes to.
    var topology: Topology
    var target: Target
    var style = Output.style

    var graph: Graph { Graph(topology, plan: plan, target: target) }
  }

  /// Two configurations are compared without a host, and standard input can be one of them only.
  static func check(_ old: [String], _ new: [String], netns: String?) throws {
    if netns != nil {
      throw ValidationError("--from looks at no host; --against takes what 'snapshot --netns' recorded")
    }
    if old.contains("-"), new.contains("-") {
      throw ValidationError("standard input can be one of the two configurations, not both")
    }
  }

  /// `against` is a recorded host; nil for this one, or for none where the plan is `from` another configuration.
  func plan(against snapshot: String? = nil, from old: [String] = []) throws -> Result {
    if !old.isEmpty { return try difference(from: old, against: snapshot) }
    if let snapshot {
      let host = try Files.snapshot(snapshot)
      let loaded = try Loading.load(paths, machineID: host.facts.machineID)
      return try plan(loaded, on: host)
    }
    let loaded = try Loading.load(paths, machineID: try Files.machineID)
    var session = try Session.open(options, for: loaded.topology)
    let host = try session.observe(for: loaded.topology)
    var result = try plan(loaded, on: host)
    try result.plan.complete(from: session.host, on: host.state, loaded.topology, allow: allow)
    return result
  }

  /// What the configuration changes where the old one was applied before.
  private func difference(from old: [String], against snapshot: String?) throws -> Result {
    let host = try snapshot.map(Files.snapshot)
    let machineID = host?.facts.machineID
    let new = try Loading.load(paths, machineID: machineID)
    let before = try Loading.load(old, machineID: machineID, name: new.topology.name, isFormer: true)
    let (oldName, newName) = (before.topology.name, new.topology.name)
    if oldName != newName {
      Output.error(
        "warning: '\(oldName)' and '\(newName)' are two configurations: what '\(oldName)' has stays")
    }
    let basis = Comparison(from: before.topology, to: new.topology, on: host).basis()
    try Loading.stop(at: basis.obstacles, before.files)
    return try plan(new, on: basis.host)
  }

  private func plan(_ loaded: Loaded, on host: Observation) throws -> Result {
    var planner = Loading.planner(for: loaded.topology, on: host)
    planner.only = only
    planner.allow = allow
    var plan = try Loading.plan(planner, loaded.files)
    plan.basis = plan.surroundings(in: host.state)
    return Result(plan: plan, topology: loaded.topology, target: planner.target)
  }
}

extension Plan {
  /// What only a look at accounts, processes and rule sets can tell: who holds a TAP, which foreign rules name an uplink, who
  /// is logged in from elsewhere.
  mutating func complete(
    from host: borrowing LinuxHost, on state: State, _ topology: Topology, allow: [RiskAcceptance]
  ) throws {
    let part = Stopwatch.part()
    defer { Stopwatch.end(part, "ask around") }
    nameAccounts(from: host)
    name(holders: host.holders(of: heldTAPs))
    warn(ofRules: host.firewallRules(naming: joiningUplinks))
    try warnOfLockOut(from: host, on: state)
    accept(from: topology, and: allow)
  }

  mutating func warnOfLockOut(from host: borrowing LinuxHost, on state: State) throws {
    guard let lockOut = LockOut(self, on: state) else { return }
    do throws(HostError) {
      let sessions = try host.sessions { lockOut.cut(from: $0.local, to: $0.remote) != nil }
      warn(of: sessions, host.remoteMounts, lockOut)
    } catch {
      throw Exit.because(error)
    }
  }

  mutating func nameAccounts(from host: borrowing LinuxHost) {
    let ids = accountIDs
    accounts = host.names(users: ids.users, groups: ids.groups)
  }
}
