/// A network interface, as `ip -d link` and `bridge link` show it.
///
/// In a desired state nil leaves an attribute open; in an observed one every attribute that the kernel reports is set.
package struct Link: Described {
  package var name: LinkName
  /// `bridge`, `tap`, `veth`, `vlan` …: the kernel's `IFLA_INFO_KIND`; `device` for what has none.
  package var kind: Kind
  /// `IFLA_IFALIAS`; ownership is read from it.
  package var alias: String?
  package var altnames: [String]?
  package var mac: MACAddress?
  package var mtu: Int?
  package var up: Bool?
  package var master: Master?
  /// `IFLA_INET6_ADDR_GEN_MODE`: how the kernel makes the link's own IPv6 addresses.
  package var addressGeneration: AddressGeneration?
  /// `IFLA_INET6_TOKEN` (`ip token`): the host part of addresses made of advertised prefixes; nil for none.
  package var token: IPAddress?
  /// IPv4 `forwarding` of this interface (`IFLA_INET_CONF`), for links of our own.
  package var forwarding: Bool?
  /// `IFLA_GROUP`: 0, or what somebody has put the link in; see `Ownership.group`.
  package var linkGroup: UInt32?
  package var bridge = Bridge()
  package var port = Port()
  package var tap = TAP()
  package var vlan = VLAN()
  package var veth = Veth()
  package var macvtap = Macvtap()
  /// The network namespace of ours that this hardware is in; nil for where everything else is.
  package var netns: String?
  /// The PCI device of this hardware where user space drives it, by VFIO, and no interface is there: `0000:03:00.0`.
  package var vfio: String?
  /// Whose driver that device has then: `vfio-pci`, or `none` half-way.
  package var driver: String?
  /// How many virtual functions this hardware has (SR-IOV); nil for what can have none.
  package var functions: Int?
  /// Whether they are offered to drivers when they come to be (`sriov_drivers_autoprobe`).
  package var offersFunctions: Bool?
  /// VLANs of a bridge's port, or of the bridge itself; nil where the bridge does not filter.
  package var vlans: [PortVLAN]?
  /// What is told about the link but never compared.
  package var facts: LinkFacts?

  package init(name: LinkName, kind: Kind) {
    self.name = name
    self.kind = kind
  }

  package static func == (a: Link, b: Link) -> Bool {
    a.name == b.name && a.kind == b.kind && a.alias == b.alias && a.altnames == b.altnames && a.mac == b.mac
      && a.mtu == b.mtu && a.up == b.up && a.master == b.master && a.addressGeneration == b.addressGeneration
      && a.token == b.token && a.forwarding == b.forwarding && a.linkGroup == b.linkGroup
      && a.bridge == b.bridge && a.port == b.port
      && a.tap == b.tap && a.vlan == b.vlan && a.veth == b.veth && a.macvtap == b.macvtap
      && a.vlans == b.vlans && a.isWith(b) && a.driver == b.driver && a.functions == b.functions
      && a.offersFunctions == b.offersFunctions
  }

  package static let fields: [Field<Link>] = [
    .always("name", \.name),
    .always("kind", \.kind),
    .open("alias", \.alias),
    .open("altnames", \.altnames),
    .open("mac", \.mac),
    .open("mtu", \.mtu),
    .open("up", \.up),
    .open("master", \.master),
    .exact("netns", \.netns),
    .exact("vfio", \.vfio),
    .open("driver", \.driver),
    .open("vfs", \.functions),
    .open("vfs_autoprobe", \.offersFunctions),
    .open("addrgenmode", \.addressGeneration),
    .open("token", \.token),
    .open("forwarding", \.forwarding),
    .open("link_group", \.linkGroup),
    .open("owner", \.tap.owner),
    .open("group", \.tap.group),
    .open("multi_queue", \.tap.multiQueue),
    .open("link", \.lower),
    .open("macvtap_mode", \.macvtap.mode),
    .open("allmulticast", \.macvtap.allMulticast),
    .open("vlan_protocol", \.vlan.tag),
    .open("vlan_id", \.vlan.id),
    .open("peer", \.veth.peer),
    .open("peer_netns", \.veth.netns),
    .open("stp", \.bridge.stp),
    .open("vlan_filtering", \.bridge.vlanFiltering),
    .open("mcast_snooping", \.bridge.multicastSnooping),
    .open("vlan_default_pvid", \.bridge.defaultPVID),
    .open("isolated", \.port.isolated),
    .open("group_fwd_mask", \.port.groupForwardMask),
    .open("vlans", \.vlans),
    .fact("facts", \.facts),
  ]

  package static var blank: Link { Link(name: LinkName(kernel: ""), kind: .device) }
}

extension Link {
  /// Where it is as hardware: with the host, in a network namespace of ours, or with user space.
  package func isWith(_ other: Link) -> Bool { netns == other.netns && vfio == other.vfio }

  /// The host has given it away.
  package var isAway: Bool { netns != nil || vfio != nil }

  package static let vfioDriver = "vfio-pci"
  package static let noDriver = "none"

  package enum Kind: Hashable, Sendable, TextRepresentable {
    /// Hardware, or whatever else has no kind of its own.
    case device
    case bridge, tap, tun, veth, vlan, macvtap, macvlan
    case other(String)

    package init?(_ text: String) {
      switch text {
      case "device", "": self = .device
      case "bridge": self = .bridge
      case "tap": self = .tap
      case "tun": self = .tun
      case "veth": self = .veth
      case "vlan": self = .vlan
      case "macvtap": self = .macvtap
      case "macvlan": self = .macvlan
      default: self = .other(text)
      }
    }

    package var description: String {
      switch self {
      case .device: "device"
      case .bridge: "bridge"
      case .tap: "tap"
      case .tun: "tun"
      case .veth: "veth"
      case .vlan: "vlan"
      case .macvtap: "macvtap"
      case .macvlan: "macvlan"
      case .other(let text): text
      }
    }
  }

  package enum Master: Hashable, Sendable, TextRepresentable {
    case none
    case link(LinkName)

    package init?(_ text: String) {
      if text == "none" {
        self = .none
      } else if let name = LinkName(text) {
        self = .link(name)
      } else {
        return nil
      }
    }

    package var description: String {
      switch self {
      case .none: "none"
      case .link(let name): name.text
      }
    }

    package var name: LinkName? { if case .link(let name) = self { name } else { nil } }
  }

  /// `IN6_ADDR_GEN_MODE_*` of linux/if_link.h, by its names in ip-link(8).
  package enum AddressGeneration: String, Hashable, Sendable, JSONRepresentable {
    case eui64, none
    case stableSecret = "stable_secret"
    case random
  }

  package struct Bridge: Hashable, Sendable {
    package var stp: Bool?
    package var vlanFiltering: Bool?
    package var multicastSnooping: Bool?
    /// The VLAN that joining ports get by themselves; 0 for none.
    package var defaultPVID: UInt16?

    package init() {}
  }

  package struct Port: Hashable, Sendable {
    /// `IFLA_BRPORT_ISOLATED`: exchanges frames with non-isolated ports only.
    package var isolated: Bool?
    /// `IFLA_BRPORT_GROUP_FWD_MASK`: the reserved groups, by the last four bits of their address, whose frames the bridge
    /// treats as any other, and so asks the hooks about.
    package var groupForwardMask: UInt16?

    package init() {}

    /// The bit of 01:80:c2:00:00:00, to which BPDUs go.
    package static let bpdus: UInt16 = 1 << 0
  }

  /// The other end, where that is in a network namespace of ours; the two come and go together.
  package struct Veth: Hashable, Sendable {
    package var peer: LinkName?
    package var netns: String?

    package init() {}
  }

  package struct TAP: Hashable, Sendable {
    /// Effective uid that may attach besides CAP_NET_ADMIN; with `none` here and for the group, everybody may. Of a
    /// macvtap whose device node that is, `none` where everybody may open it; nil where the host has no such node.
    package var owner: Account?
    package var group: Account?
    /// `IFF_MULTI_QUEUE`: must be the same at every attach, so it cannot change in place.
    package var multiQueue: Bool?

    package init() {}

    package enum Account: Hashable, Sendable, TextRepresentable {
      case none
      case id(UInt32)

      package init?(_ text: String) {
        if text == "none" {
          self = .none
        } else if let id = UInt32(text) {
          self = .id(id)
        } else {
          return nil
        }
      }

      package var description: String {
        switch self {
        case .none: "none"
        case .id(let id): String(id)
        }
      }
    }
  }
}
