internal import NetPlan

extension Session {
  /// The host, with all that a configuration asks about; nil asks what nothing has to be tried for.
  mutating func observe(for topology: Topology?) throws -> Observation {
    do throws(HostError) {
      return try host.observe(for: topology)
    } catch {
      throw Exit.because(error)
    }
  }
}

extension Session.Change {
  /// `isZoned` where the plan is there already, and changes zones.
  mutating func observe(for topology: Topology, isZoned: Bool = false) throws -> Observation {
    do throws(HostError) {
      return try transaction.host.observe(for: topology, isZoned: isZoned)
    } catch {
      throw Exit.because(error)
    }
  }
}

extension LinuxHost {
  fileprivate mutating func observe(
    for topology: Topology?, isZoned: Bool = false
  ) throws(HostError) -> Observation {
    try lookUp(users: topology?.userNames, groups: topology?.groupNames)
    if topology?.hasForwards ?? true { try lookUpListeners() }
    if topology?.hasPasst ?? true { try lookUpPasst() }
    if topology?.hasVLANInterfaces ?? false { try lookUpVLANInterfaces() }
    if topology?.hasMacvtaps ?? false { try lookUpMacvtaps() }
    if topology?.hasPortPatterns ?? false { try lookUpBridgePorts() }
    if topology?.hasAssigned ?? false { try lookUpPCI() }
    look(forQdiscs: topology?.hasLimits ?? true)
    look(forNamespaces: topology?.hasNamespaces ?? false)
    look(forZones: isZoned || topology.map { $0.coexist.firewalldZone != nil } ?? true)
    return try observe().wholly()
  }
}
