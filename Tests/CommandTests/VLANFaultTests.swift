import Testing

@Suite(
  "VLANs and a failure half-way",
  .enabled(if: Gate.ready && Gate.strace, "needs root, /dev/net/tun and strace"),
  .enabled(if: Gate.vlanFiltering, "kernel lacks bridge VLAN filtering"))
struct VLANFaultTests {
  /// From a bridge without VLANs on an uplink that carries the host to one with them: ports, filtering, a new NIC.
  static let without = """
    name: v
    networks: {office: {uplink: eth1}}
    vms:
      plain: {nics: {eth0: {network: office}}}
      access: {nics: {eth0: {network: office}}}

    """

  static let with = """
    name: v
    networks: {office: {uplink: eth1, native: 5}}
    vms:
      plain: {nics: {eth0: {network: office}}}
      access: {nics: {eth0: {network: office, vlan: 10}}}
      trunk: {nics: {eth0: {network: office, trunk: [20, 30-31]}}}

    """

  /// Runs `body` at points of an apply that leads from one file to another (from nothing where `old` is nil), with the
  /// dump before and the one after.
  static func campaign(
    from old: String?, to new: String, _ effect: Injection.Effect, at most: Int, follows: Bool = true,
    _ body: (Host, _ file: String, Injection, Outcome, _ before: Dump, _ after: Dump) throws -> Void
  ) throws {
    try Host.with { host in
      try campaign(from: old, to: new, effect, at: most, follows: follows, on: host, body)
    }
  }

  static func campaign(
    from old: String?, to new: String, _ effect: Injection.Effect, at most: Int, follows: Bool, on host: Host,
    _ body: (Host, _ file: String, Injection, Outcome, _ before: Dump, _ after: Dump) throws -> Void
  ) throws {
    let file = try host.files.write("v.conf", new)
    let former = try old.map { try host.files.write("former.conf", $0) }
    func back() throws {
      if let former {
        expect(try host.vnet("apply", former), exits: 0)
      } else {
        _ = try host.vnet("remove", file)
      }
    }
    try back()
    let before = try host.comparableDump()
    let calls = try host.calls("sendto,sendmsg", ["apply", file], follows: follows)
    let after = try host.comparableDump()
    let points = calls.count <= most ? calls : (0..<most).map { calls[$0 * (calls.count - 1) / (most - 1)] }
    for point in points {
      try back()
      expectEqual(before, try host.comparableDump(), "on the way back")
      var injection = Injection(at: point, effect)
      injection.follows = follows
      let outcome = try host.vnet(["apply", file], injection).outcome
      try body(host, file, injection, outcome, before, after)
    }
  }

  struct Way: CustomTestStringConvertible {
    let old: String?
    let new: String
    let testDescription: String
  }

  static let ways = [
    Way(old: nil, new: with, testDescription: "from nothing to VLANs"),
    Way(old: without, new: with, testDescription: "VLANs come"),
    Way(old: with, new: without, testDescription: "VLANs go"),
  ]

  @Test("a request that fails leaves the host as it was, or as desired", arguments: ways)
  func failing(_ way: Way) throws {
    try Self.campaign(from: way.old, to: way.new, .error("ENOMEM"), at: Campaign.most("lab", usually: 12)) {
      host, file, injection, outcome, before, after in
      #expect(outcome.code == 0 || outcome.code == 1, "\(injection): \(outcome)")
      // A deletion behind the commit that fails is a warning, and the next apply's work.
      if outcome.code == 0, outcome.stderr.contains("warning") {
        expect(try host.vnet("apply", file), exits: 0)
      }
      let now = try host.comparableDump()
      expectEqual(outcome.code == 0 ? after : before, now, "\(injection): \(outcome)")
    }
  }

  @Test("killed and recovered: old or new, never between", arguments: ways)
  func killed(_ way: Way) throws {
    try Self.campaign(from: way.old, to: way.new, .signal("SIGKILL"), at: Campaign.most("lab", usually: 12)) {
      host, file, injection, _, before, after in
      expect(try host.vnet("recover"), exits: 0)
      let now = try host.comparableDump()
      guard now != before else { return }
      expectEqual(after, now, "\(injection), neither old nor new")
      expect(try host.vnet("plan", file), exits: 0)
    }
  }
}
