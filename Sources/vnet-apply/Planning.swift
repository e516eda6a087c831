internal import NetPlan

/// From the words of a command line to a plan of a host that is only looked at.
struct Planning {
  var paths: [String]
  var options: GlobalOptions
  var only: [String]
  var allow: [RiskAcceptance]

  struct Result {
    var plan: Plan
    var style = Output.style
  }

  /// `against` is a recorded host; nil for this one.
  func plan(against snapshot: String? = nil) throws -> Result {
    if let snapshot {
      let host = try Files.snapshot(snapshot)
      let loaded = try Loading.load(paths, machineID: host.facts.machineID)
      return Result(plan: try plan(loaded, on: host))
    }
    let loaded = try Loading.load(paths, machineID: Files.machineID)
    var session = try Session.open(options, for: loaded.topology)
    var plan = try plan(loaded, on: try session.observe(for: loaded.topology))
    plan.complete(from: session.host, loaded.topology, allow: allow)
    return Result(plan: plan)
  }

  private func plan(_ loaded: Loaded, on host: Observation) throws -> Plan {
    var planner = Planner(topology: loaded.topology, host: host)
    planner.only = only
    planner.allow = allow
    var plan = try Loading.plan(planner, loaded.files)
    plan.basis = plan.surroundings(in: host.state)
    return plan
  }
}

extension Plan {
  /// What only a look at accounts, processes and rule sets can tell: who holds a TAP, which foreign rules name an uplink.
  mutating func complete(from host: borrowing LinuxHost, _ topology: Topology, allow: [RiskAcceptance]) {
    nameAccounts(from: host)
    name(holders: host.holders(of: heldTAPs))
    warn(ofRules: host.firewallRules(naming: joiningUplinks))
    accept(from: topology, and: allow)
  }

  mutating func nameAccounts(from host: borrowing LinuxHost) {
    let ids = accountIDs
    accounts = host.names(users: ids.users, groups: ids.groups)
  }
}
