import Testing
import Witness

/// Failures and kills of what every file of examples/ asks for, and kills of the recovery from them.
///
/// A line of each says what was tried; `scripts/prove` makes a table of them.
@Suite(
  "every file of examples/, failing and killed",
  .enabled(
    if: Gate.services && Gate.passt && Gate.vde && Gate.strace,
    "needs root, /dev/net/tun, iproute2, nft, dnsmasq, passt, vde2 and strace")
)
struct ExampleProofTests {
  @Test(
    "whatever fails or is killed, the host is as it was or as the file says",
    arguments: Example.all.filter {
      !$0.namesVLANs && !$0.awaitsPatterns && !$0.namesDevices && !$0.asksNothing
    })
  func plain(_ example: Example) throws { try example.withHost { try Proof.run(example.path, on: $0) } }

  @Test(
    "the same with VLANs", .enabled(if: Gate.vlanFiltering, "kernel lacks bridge VLAN filtering"),
    arguments: Campaign.some(
      of: Example.all.filter { $0.namesVLANs && !$0.namesDevices && !$0.awaitsPatterns }, usually: 2))
  func vlans(_ example: Example) throws { try example.withHost { try Proof.run(example.path, on: $0) } }
}
