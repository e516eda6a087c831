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
  func plain(_ example: Example) throws { try tried(example) }

  @Test(
    "the same with VLANs", .enabled(if: Gate.vlanFiltering, "kernel lacks bridge VLAN filtering"),
    arguments: Campaign.some(
      of: Example.all.filter { $0.namesVLANs && !$0.namesDevices && !$0.awaitsPatterns }, usually: 2))
  func vlans(_ example: Example) throws { try tried(example) }

  /// The file's own, so that it can go.
  private func tried(_ example: Example) throws {
    try example.withHost { host in
      try Proof.run(host.files.write(example.name, must(["cat", example.path])), on: host)
    }
  }
}

/// The same of hardware that the guest has: in the lab, whose machine has some.
@Suite("files of examples/ that give hardware away, failing and killed", .serialized)
struct DeviceProofTests {
  @Test("by VFIO", .enabled(if: Gate.assignable, Gate.assignableComment))
  func assigned() throws {
    try LabHost.with { try tried("passthrough.conf", $0, { $0 }) }
  }

  @Test("by SR-IOV", .enabled(if: Gate.divisible, Gate.divisibleComment))
  func divided() throws {
    try LabHost.with("eth3", beside: "eth2") {
      try tried("sriov.conf", $0) { $0.replacing("hardware: eth0", with: "hardware: eth3") }
    }
  }

  private func tried(_ name: String, _ lab: LabHost, _ fit: (String) -> String) throws {
    let text = fit(try must(["cat", "\(Tools.repository)/examples/\(name)"]))
    let file = try lab.host.files.write(name, text)
    try Proof.run(file, ["--allow", "default-route"], on: lab.host) { try lab.linked() }
  }
}
