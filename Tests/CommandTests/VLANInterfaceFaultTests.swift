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

  static let ways = [
    VLANFaultTests.Way(old: untagged, new: groups, testDescription: "port groups come"),
    VLANFaultTests.Way(old: groups, new: others, testDescription: "one takes the place of another"),
    VLANFaultTests.Way(old: untagged, new: host, testDescription: "the host goes into a VLAN"),
    VLANFaultTests.Way(old: groups, new: untagged, testDescription: "port groups go"),
  ]

  @Test("a request that fails leaves the host as it was, or as desired", arguments: ways)
  func failing(_ way: VLANFaultTests.Way) throws {
    try VLANFaultTests.campaign(
      // Not in nft as well: it lists a set without its elements where the kernel did not give them.
      from: way.old, to: way.new, .error("ENOMEM"), at: Campaign.most("lab", usually: 4), follows: false
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
      from: way.old, to: way.new, .signal("SIGKILL"), at: Campaign.most("lab", usually: 4), follows: false
    ) { host, file, injection, _, before, after in
      expect(try host.vnet("recover"), exits: 0)
      let now = try host.comparableDump()
      guard now != before else { return }
      expectEqual(after, now, "\(injection), neither old nor new")
      expect(try host.vnet("plan", file), exits: 0)
    }
  }
}
