// Who goes on as if the NIC were still the host's: said before it happens, and refused until it is accepted.

extension Composer {
  /// A client that goes on asking would ask in the guest's name.
  mutating func warnOfClient(on hardware: Link, _ macvtap: LinkName) {
    let leased = observed.addresses.filter {
      $0.link == hardware.name && $0.local.family == .ipv4 && $0.lifetime?.expires == true
    }.map(\.local.description).sorted()
    // RTPROT_DHCP of linux/rtnetlink.h
    let byClient = observed.routes.contains {
      $0.origin == 16 && observed.links(of: $0).contains(hardware.name)
    }
    guard !leased.isEmpty || byClient else { return }
    risk(
      "managed-uplink", of: macvtap,
      leased.isEmpty
        ? "a DHCP client manages '\(hardware.name)' and would go on doing so"
        : "a DHCP client leased \(leased.joined(separator: ", ")) on '\(hardware.name)' and would ask again",
      remedy: """
        let it leave '\(hardware.name)' alone, for systemd-networkd by 'coexist: {networkd: unmanaged}'
        for NetworkManager: nmcli device set \(hardware.name) managed no
        """)
  }

  /// Said of the macvtap, which comes to be whenever the NIC is given.
  private mutating func risk(_ name: String, of macvtap: LinkName, _ detail: String, remedy: String?) {
    target.risks.append(
      Risk(name, object: ObjectID.link(macvtap).description, detail, remedy: remedy))
  }
}
