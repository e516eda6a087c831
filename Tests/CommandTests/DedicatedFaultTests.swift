import Testing

@Suite(
  "dedicated NICs and a failure half-way", .enabled(if: Gate.macvtap, Gate.macvtapComment),
  .enabled(if: Gate.strace, "needs strace"))
struct DedicatedFaultTests {
  private static let text = GivenHost.text("mac: \"02:00:00:00:20:01\", mtu: 1400").replacing(
    "name: d\n", with: "name: d\nallow: [default-route, prune-many]\n")
  private static let others = text.replacing("20:01", with: "20:02").replacing("mtu: 1400", with: "mtu: 1600")

  static let ways = [
    VLANFaultTests.Way(old: nil, new: text, testDescription: "the host gives a NIC up"),
    VLANFaultTests.Way(old: text, new: others, testDescription: "MAC and MTU change"),
    VLANFaultTests.Way(
      old: text, new: "name: d\nallow: [prune-many]\n", testDescription: "the host gets it back"),
  ]

  private func campaign(
    _ way: VLANFaultTests.Way, _ effect: Injection.Effect,
    _ body: (Host, _ file: String, Injection, Outcome, _ before: Dump, _ after: Dump) throws -> Void
  ) throws {
    try GivenHost.with { given in
      try VLANFaultTests.campaign(
        from: way.old, to: way.new, effect, at: Campaign.most("lab", usually: 10), follows: false,
        on: given.host, body)
    }
  }

  @Test("a request that fails leaves the host as it was, or as desired", arguments: ways)
  func failing(_ way: VLANFaultTests.Way) throws {
    try campaign(way, .error("ENOMEM")) { host, file, injection, outcome, before, after in
      #expect(outcome.code == 0 || outcome.code == 1, "\(injection): \(outcome)")
      if outcome.code == 0, outcome.stderr.contains("warning") {
        expect(try host.vnet("apply", file), exits: 0)
      }
      let now = try host.comparableDump()
      expectEqual(outcome.code == 0 ? after : before, now, "\(injection): \(outcome)")
    }
  }

  @Test("killed and recovered: old or new, never between", arguments: ways)
  func killed(_ way: VLANFaultTests.Way) throws {
    try campaign(way, .signal("SIGKILL")) { host, file, injection, _, before, after in
      expect(try host.vnet("recover"), exits: 0)
      let now = try host.comparableDump()
      guard now != before else { return }
      expectEqual(after, now, "\(injection), neither old nor new")
      expect(try host.vnet("plan", file), exits: 0)
    }
  }
}
