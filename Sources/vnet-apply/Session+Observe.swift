internal import NetPlan

extension Session.Change {
  mutating func observe(for topology: Topology) throws -> Observation {
    do {
      try transaction.host.lookUp(users: topology.userNames, groups: topology.groupNames)
      return try transaction.host.observe()
    } catch {
      throw Exit.because(error)
    }
  }
}
