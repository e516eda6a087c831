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

  static let edits = [
    EditCampaign("from nothing to VLANs", from: nil, to: with),
    EditCampaign("VLANs come", from: without, to: with),
    EditCampaign("VLANs go", from: with, to: without),
  ]

  @Test(
    "a request that fails leaves the host as it was, or as desired; killed and recovered: old or new, never between",
    arguments: Campaign.some(of: edits, usually: 2))
  func disturbed(_ edit: EditCampaign) throws {
    // Calls of nft do not fail: it lists a set without its elements, and says nothing, where its request for them does.
    try Host.with { try edit.disturbed(on: $0, usually: 2, killsChildren: true) }
  }
}
