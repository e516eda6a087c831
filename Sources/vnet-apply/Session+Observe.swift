internal import NetPlan

extension Session.Change {
  /// `isZoned` where the plan is there already, and changes zones.
  mutating func observe(for topology: Topology, isZoned: Bool = false) throws -> Observation {
    do {
      try transaction.host.lookUp(users: topology.userNames, groups: topology.groupNames)
      if topology.hasForwards { try transaction.host.lookUpListeners() }
      if topology.hasPasst { try transaction.host.lookUpPasst() }
      if topology.hasPortPatterns { try transaction.host.lookUpBridgePorts() }
      if topology.hasDedicated { try transaction.host.lookUpLifelines() }
      transaction.host.look(forQdiscs: topology.hasLimits)
      transaction.host.look(forNamespaces: topology.hasNamespaces)
      transaction.host.look(forZones: isZoned || topology.coexist.firewalldZone != nil)
      return try transaction.host.observe().wholly()
    } catch {
      throw Exit.because(error)
    }
  }
}
