import Testing
import Witness

@Suite(
  "dedicated NICs and a failure half-way", .enabled(if: Gate.macvtap, Gate.macvtapComment),
  .enabled(if: Gate.strace, "needs strace"))
struct DedicatedFaultTests {
  private static let text = GivenHost.text("mac: \"02:00:00:00:20:01\", mtu: 1400").replacing(
    "name: d\n", with: "name: d\nallow: [default-route, prune-many]\n")
  private static let others = text.replacing("20:01", with: "20:02").replacing("mtu: 1400", with: "mtu: 1600")

  static let edits = [
    EditCampaign("the host gives a NIC up", from: nil, to: text),
    EditCampaign("MAC and MTU change", from: text, to: others),
    EditCampaign("the host gets it back", from: text, to: "name: d\nallow: [prune-many]\n"),
  ]

  @Test(
    "a request that fails leaves the host as it was, or as desired; killed and recovered: old or new, never between",
    arguments: edits)
  func disturbed(_ edit: EditCampaign) throws {
    try GivenHost.with { try edit.disturbed(on: $0.host, usually: 6) }
  }
}
