internal import NetPlan

extension Session.Change {
  mutating func observe(for topology: Topology) throws -> Observation {
    do {
      try transaction.host.lookUp(users: topology.userNames, groups: topology.groupNames)
      if topology.hasForwards { try transaction.host.lookUpListeners() }
      transaction.host.look(forQdiscs: topology.hasLimits)
      return try transaction.host.observe().wholly()
    } catch {
      throw Exit.because(error)
    }
  }
}
