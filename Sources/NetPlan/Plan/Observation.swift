/// What was seen of a host at one moment: its state, and what the planner needs to know besides.
package struct Observation: Sendable, Equatable {
  package var state: State
  package var facts: HostFacts

  package init(state: State, facts: HostFacts) {
    self.state = state
    self.facts = facts
  }
}

package struct HostFacts: Described {
  /// `/etc/machine-id`: the seed of derived MACs.
  package var machineID: String?
  /// The kernel can filter VLANs on bridges (`CONFIG_BRIDGE_VLAN_FILTERING`).
  package var vlanFiltering: Bool?
  /// The kernel has VLAN interfaces (`CONFIG_VLAN_8021Q`); nil where nobody asked.
  package var vlanInterfaces: Bool?
  /// The kernel has macvtaps (`CONFIG_MACVTAP`); nil where nobody asked.
  package var macvtaps: Bool?
  /// The kernel can filter what a device sends (`CONFIG_NETFILTER_EGRESS`, Linux 5.16); nil where nobody asked.
  package var egressFilters: Bool?
  /// nftables can tell on which bridge a port is (`CONFIG_NFT_BRIDGE_META`); nil where nobody asked.
  package var bridgePorts: Bool?
  /// The kernel makes device nodes in /dev by itself (devtmpfs); nil where nobody looked.
  package var deviceNodes: Bool?
  /// IPv6 is there at all.
  package var ipv6: Bool?
  /// `net.ipv6.conf.IF.force_forwarding` exists (Linux 6.17): IPv6 can forward per interface.
  package var forceForwarding: Bool?
  /// `net.ipv4.ip_forward`, which is `net.ipv4.conf.all.forwarding`
  package var ipv4ForwardsAll: Bool?
  /// `net.ipv6.conf.all.forwarding`
  package var ipv6ForwardsAll: Bool?
  /// `net.ipv4.ip_unprivileged_port_start`: the first port at which everybody may listen.
  package var unprivilegedPorts: Int?
  /// `net.ipv4.ping_group_range`: whoever is in one of these may send pings.
  package var pingGroups: GroupRange?
  /// `/dev/net/tun` can be opened.
  package var tun: Bool?
  /// The program `nft` is installed.
  package var nft: Bool?
  /// nftables could be read, for which the kernel wants CAP_NET_ADMIN.
  package var filters: Bool?
  /// Sockets of the host on which processes wait; nil where nobody asked.
  package var listeners: [Listener]?
  /// The functions on PCI; nil where nobody asked.
  package var pci: [PCIFunction]?
  /// The driver `vfio-pci` is there; nil where nobody asked.
  package var vfio: Bool?
  /// This is the network namespace in which hardware appears; nil where nobody asked.
  package var isFirstNamespace: Bool?
  /// What others have on the hooks that guests' traffic meets; nil where nobody could look.
  package var firewalls: [ForeignChain]?
  /// Names of the zones of the firewalld that governs this network namespace; nil where nobody asked, or none answered.
  package var zones: [String]?
  /// Why none answered.
  package var zonesUnread: String?
  /// `net.bridge.bridge-nf-call-iptables`: bridged IPv4 frames pass the hooks of routed packets.
  package var bridgeNetfilterIPv4: Bool?
  /// `net.bridge.bridge-nf-call-ip6tables`
  package var bridgeNetfilterIPv6: Bool?
  /// Programs that manage interfaces by themselves, as far as they are installed; nil where nobody looked.
  package var managers: [ManagerFacts]?
  /// Network namespaces by their ip-netns(8) names; nil where nobody asked.
  package var namespaces: [String]?
  /// They can be entered, for which the kernel wants CAP_SYS_ADMIN; nil where nobody asked.
  package var entersNetns: Bool?
  /// The program is installed.
  package var dnsmasq: Bool?
  /// Long options that the installed passt knows, none where there is no passt; nil where nobody asked.
  package var passt: [String]?
  /// The program vde_switch is installed.
  package var vde: Bool?
  /// Where services have their folders.
  package var services: String?
  /// Who is to apply.
  package var user: UInt32?
  package var group: UInt32?
  /// Known users and groups by name.
  package var users: [NamedID]?
  package var groups: [NamedID]?

  package init() {}

  package static let fields: [Field<HostFacts>] = [
    .open("machine-id", \.machineID),
    .open("vlan-filtering", \.vlanFiltering),
    .open("vlan-interfaces", \.vlanInterfaces),
    .open("macvtaps", \.macvtaps),
    .open("egress-filters", \.egressFilters),
    .open("bridge-ports", \.bridgePorts),
    .open("device-nodes", \.deviceNodes),
    .open("ipv6", \.ipv6),
    .open("force-forwarding", \.forceForwarding),
    .open("ipv4-forwards-all", \.ipv4ForwardsAll),
    .open("ipv6-forwards-all", \.ipv6ForwardsAll),
    .open("tun", \.tun),
    .open("nft", \.nft),
    .open("filters", \.filters),
    .open("listeners", \.listeners),
    .open("pci", \.pci),
    .open("vfio", \.vfio),
    .open("first-namespace", \.isFirstNamespace),
    .open("firewalls", \.firewalls),
    .open("zones", \.zones),
    .open("zones-unread", \.zonesUnread),
    .open("bridge-netfilter-ipv4", \.bridgeNetfilterIPv4),
    .open("bridge-netfilter-ipv6", \.bridgeNetfilterIPv6),
    .open("managers", \.managers),
    .open("namespaces", \.namespaces),
    .open("enters-netns", \.entersNetns),
    .open("dnsmasq", \.dnsmasq),
    .open("passt", \.passt),
    .open("vde", \.vde),
    .open("services", \.services),
    .open("user", \.user),
    .open("group", \.group),
    .open("unprivileged-ports", \.unprivilegedPorts),
    .open("ping-groups", \.pingGroups),
    .open("users", \.users),
    .open("groups", \.groups),
  ]

  package static var blank: HostFacts { HostFacts() }

  package struct NamedID: Sendable, Hashable, TextRepresentable {
    package var name: String
    package var id: UInt32
    /// The group that a user has by itself.
    package var group: UInt32?

    package init(name: String, id: UInt32, group: UInt32? = nil) {
      self.name = name
      self.id = id
      self.group = group
    }

    /// `alice:1000:1000`, `kvm:104`
    package init?(_ text: String) {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard 2...3 ~= parts.count, let id = UInt32(parts[1]) else { return nil }
      let group = parts.count == 3 ? UInt32(parts[2]) : nil
      if parts.count == 3, group == nil { return nil }
      self.init(name: String(parts[0]), id: id, group: group)
    }

    package var description: String { "\(name):\(id)" + (group.map { ":\($0)" } ?? "") }
  }
}
