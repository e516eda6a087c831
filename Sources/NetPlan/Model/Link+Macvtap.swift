/// How macvtap devices of one parent see each other (ip-link(8)).
package enum MacvtapMode: String, Hashable, Sendable, CaseIterable, JSONRepresentable {
  case bridge, `private`, vepa, passthru
}

extension Link {
  /// What a macvtap has of its own, and a macvlan: the same without a device node, a station for the host itself.
  package struct Macvtap: Hashable, Sendable {
    /// `IFLA_LINK`: the interface on which it stands and with which it goes. The kernel fixes it at creation.
    package var link: LinkName?
    /// `IFLA_MACVLAN_MODE`. The kernel goes neither into passthru nor out of it (`macvlan_changelink`,
    /// drivers/net/macvlan.c).
    package var mode: MacvtapMode?
    /// `IFF_ALLMULTI`: it receives all multicast, not only that of groups which the host has joined by it.
    package var allMulticast: Bool?

    package init() {}

    package init(_ mode: MacvtapMode, on link: LinkName) { (self.mode, self.link) = (mode, link) }

    func needsReplacement(by other: Macvtap) -> Bool {
      link != other.link || (mode == .passthru) != (other.mode == .passthru)
    }
  }

  /// One more MAC on the interface on which it stands.
  package var isStation: Bool { kind == .macvtap || kind == .macvlan }

  /// The interface on which a VLAN interface, macvtap or macvlan stands and with which it goes; of all links in facts.
  package var lower: LinkName? {
    get { isStation ? macvtap.link : vlan.link }
    set { if isStation { macvtap.link = newValue } else { vlan.link = newValue } }
  }

  /// The host's end of a NIC: what VM software opens, or the way into a namespace where that is.
  package var isForVM: Bool { kind == .tap || kind == .macvtap || kind == .veth && owner != nil }

  /// VM software has it open.
  package var isHeld: Bool {
    switch kind {
    case .tap: facts?.carrier == true
    case .macvtap: facts?.held == true
    default: vfio != nil && facts?.held == true
    }
  }
}
