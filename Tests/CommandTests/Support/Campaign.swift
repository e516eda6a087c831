import Testing

/// A host on which calls are made to fail, one after the other: its dump before, and with the quickstart applied.
struct Campaign {
  let host: Host
  let file: String
  let before: Dump
  let after: Dump

  /// Runs `body` on a host with foreign objects; the quickstart was applied to it and removed again. `furnished`,
  /// its uplink carries every sort of address and route; with `nexthops`, its routes go by nexthop objects.
  static func with(furnished: Bool = false, nexthops: Bool = false, _ body: (Campaign) throws -> Void) throws
  {
    try Host.with { host in
      if furnished { try Quickstart.furnish(host) }
      if nexthops { try Quickstart.furnishNexthops(host) }
      let foreign = try Foreign(on: host)
      defer { foreign.holder.leave() }
      let file = try host.files.write("quick.conf", Quickstart.text)
      let before = try host.space.dump()
      let apply = try host.vnet("apply", file)
      expect(apply, exits: 0)
      guard apply.code == 0 else { return }
      let after = try host.comparableDump()
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
      try body(Campaign(host: host, file: file, before: before, after: after))
    }
  }

  /// At how many points of a run a call is made to fail: a few of each kind, or as many as `VNET_FAULT_POINTS` says, where
  /// `all` is no bound (`make prove`).
  static func most(_ call: String, usually usual: Int? = nil) -> Int {
    if let bound = Tools.environment("VNET_FAULT_POINTS") { return Int(bound) ?? .max }
    return usual ?? (["sendmsg", "sendto", "ioctl", "recvmsg"].contains(call) ? 8 : 3)
  }

  /// So many of them, evenly, the first and the last among them.
  static func spread<Point>(_ all: [Point], _ most: Int) -> [Point] {
    if all.count <= most { return all }
    return most == 1 ? [all[all.count / 2]] : (0..<most).map { all[$0 * (all.count - 1) / (most - 1)] }
  }

  /// The calls of one kind that a command makes, spread evenly over the run where the kind has a bound.
  func points(_ call: String, _ arguments: [String], usually bound: Int? = nil) throws -> [TracedCall] {
    Self.spread(try host.calls(call, arguments), Self.most(call, usually: bound))
  }

  func vnet(_ arguments: String...) throws -> Outcome { try host.vnet(arguments) }
}
