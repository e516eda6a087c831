extension Link {
  /// What a VLAN interface has of its own. The kernel fixes all of it at creation (`vlan_changelink`,
  /// net/8021q/vlan_netlink.c, takes flags and priorities alone).
  package struct VLAN: Hashable, Sendable {
    /// `IFLA_LINK`: the interface on which it stands and with which it goes.
    package var link: LinkName?
    /// `IFLA_VLAN_PROTOCOL`
    package var tag: Tag?
    /// `IFLA_VLAN_ID`, 1 … 4094.
    package var id: UInt16?

    package init() {}

    package init(_ id: UInt16, on link: LinkName) {
      (self.id, self.link, tag) = (id, link, .customer)
    }

    /// The EtherType of the tag, by its name in ip-link(8).
    package enum Tag: String, Hashable, Sendable, JSONRepresentable {
      case customer = "802.1Q"
      case service = "802.1ad"
    }
  }

  /// A VLAN interface on that one.
  package func isOn(_ name: LinkName) -> Bool { kind == .vlan && vlan.link == name }
}
