import Testing

@Suite(
  "the host in VLANs and a failure half-way",
  .enabled(if: Gate.ready && Gate.strace, "needs root, /dev/net/tun and strace"),
  .enabled(if: Gate.vlanFiltering, "kernel lacks bridge VLAN filtering"),
  .enabled(if: Gate.vlanLinks, "kernel lacks 802.1Q"))
struct VLANInterfaceFaultTests {
  private static let plain = "dhcp: false, dns: false, ra: false"
  static let untagged = """
    name: v
    networks: {office: {uplink: eth1}}
    vms: {a: {nics: {eth0: {network: office}}}}

    """
  static let groups = """
    name: v
    networks:
      office: {uplink: eth1}
      red: {network: office, vlan: 10, address: 10.10.0.1/24, \(plain)}
      blue: {network: office, vlan: 20, address: 10.20.0.1/24, \(plain)}
    vms: {a: {nics: {eth0: {network: red}}}}

    """
  /// One VLAN changes hands.
  static let others = groups.replacing("red:", with: "pink:").replacing("network: red", with: "network: pink")
  static let host = """
    name: v
    allow: [default-route]
    networks:
      office: {uplink: eth1, host: {address: 10.50.0.2/24, gateway: 10.50.0.1, vlan: 50}}
    vms: {a: {nics: {eth0: {network: office}}}}

    """

  static let edits = [
    EditCampaign("port groups come", from: untagged, to: groups),
    EditCampaign("one takes the place of another", from: groups, to: others),
    EditCampaign("the host goes into a VLAN", from: untagged, to: host),
    EditCampaign("port groups go", from: groups, to: untagged),
  ]

  @Test(
    "a request that fails leaves the host as it was, or as desired; killed and recovered: old or new, never between",
    arguments: Campaign.some(of: edits, usually: 2))
  func disturbed(_ edit: EditCampaign) throws {
    try Host.with { try edit.disturbed(on: $0, usually: 2) }
  }
}
