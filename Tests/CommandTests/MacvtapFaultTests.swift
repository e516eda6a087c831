import Testing
import Witness

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

  static let edits = [
    EditCampaign("macvtaps come", from: nil, to: text),
    EditCampaign("one goes, one comes, one changes", from: text, to: others),
    EditCampaign("the host comes beside one", from: nil, to: HostAccessTests.text),
    EditCampaign(
      "the host goes from beside one", from: HostAccessTests.text, to: "name: m\nallow: [prune-many]\n"),
    EditCampaign("macvtaps go", from: text, to: "name: m\nallow: [prune-many]\n"),
  ]

  @Test(
    "a request that fails leaves the host as it was, or as desired; killed and recovered: old or new, never between",
    arguments: edits)
  func disturbed(_ edit: EditCampaign) throws {
    try Host.with { try edit.disturbed(on: $0, usually: 6) }
  }
}
