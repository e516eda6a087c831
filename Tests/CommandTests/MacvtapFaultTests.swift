import Testing

@Suite(
  "macvtaps and a failure half-way", .enabled(if: Gate.macvtap, Gate.macvtapComment),
  .enabled(if: Gate.strace, "needs strace"))
struct MacvtapFaultTests {
  static let text = MacvtapTests.text
  /// One goes, one comes, one changes in place.
  static let others = text.replacing("  db:", with: "  late:").replacing(
    "owner: nobody", with: "owner: daemon"
  )
  .replacing("20:02", with: "20:04")
  .replacing("20:01\"", with: "20:03\", macvtap: vepa")

  static let ways = [
    VLANFaultTests.Way(old: nil, new: text, testDescription: "macvtaps come"),
    VLANFaultTests.Way(old: text, new: others, testDescription: "one goes, one comes, one changes"),
    VLANFaultTests.Way(old: nil, new: HostAccessTests.text, testDescription: "the host comes beside one"),
    VLANFaultTests.Way(
      old: HostAccessTests.text, new: "name: m\nallow: [prune-many]\n",
      testDescription: "the host goes from beside one"),
    VLANFaultTests.Way(old: text, new: "name: m\nallow: [prune-many]\n", testDescription: "macvtaps go"),
  ]

  @Test("a request that fails leaves the host as it was, or as desired", arguments: ways)
  func failing(_ way: VLANFaultTests.Way) throws {
    try VLANFaultTests.campaign(
      from: way.old, to: way.new, .error("ENOMEM"), at: Campaign.most("lab", usually: 8), follows: false
    ) { host, file, injection, outcome, before, after in
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
    try VLANFaultTests.campaign(
      from: way.old, to: way.new, .signal("SIGKILL"), at: Campaign.most("lab", usually: 8), follows: false
    ) { host, file, injection, _, before, after in
      expect(try host.vnet("recover"), exits: 0)
      let now = try host.comparableDump()
      guard now != before else { return }
      expectEqual(after, now, "\(injection), neither old nor new")
      expect(try host.vnet("plan", file), exits: 0)
    }
  }
}
