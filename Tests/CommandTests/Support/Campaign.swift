import Testing
import Witness

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

  /// At how many points of a run a call is made to fail, where `VNET_FAULT_POINTS` says so; `all` is no bound (`make prove`),
  /// and neither is `steps`, but for calls that change nothing.
  static let bound = Tools.environment("VNET_FAULT_POINTS").map { Int($0) ?? .max }
  private static let isOfSteps = Tools.environment("VNET_FAULT_POINTS") == "steps"

  /// Some of them, evenly: as many as `bound` says, or as usual.
  static func some<Point>(of all: [Point], usually usual: Int) -> [Point] { evenly(bound ?? usual, of: all) }

  static func some(of calls: [TracedCall], usually usual: Int) -> [TracedCall] {
    evenly(bound ?? usual, of: isOfSteps ? calls.filter { !$0.isReading } : calls)
  }

  /// The middles of so many equal parts.
  private static func evenly<Point>(_ most: Int, of all: [Point]) -> [Point] {
    if all.count <= most { return all }
    return (0..<most).map { all[(2 * $0 + 1) * all.count / (2 * most)] }
  }

  /// Of the calls of one kind that a command makes; those that change the kernel's state are worth more.
  func points(_ call: String, _ arguments: [String], usually usual: Int? = nil) throws -> [TracedCall] {
    let telling = ["sendmsg", "sendto", "ioctl", "recvmsg"].contains(call) ? 3 : 2
    return Self.some(of: try host.calls(call, arguments), usually: usual ?? telling)
  }

  func vnet(_ arguments: String...) throws -> Outcome { try host.vnet(arguments) }
}
