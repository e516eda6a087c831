// The answers. What the kernel does is said as it does it; what a filter of ours does is said to be one.

extension Explanation {
  typealias Answers = [Topic: String]

  private static let tapPrivilege =
    "CAP_NET_ADMIN for `vnet-apply`; the VM software runs as the TAP's `owner` and needs none"
  private static let filtered =
    "none: IPv4, IPv6 and ARP alone pass, with `anti-spoof: false` too (no IPX, AppleTalk, RARP)"

  static let translated: Answers = [
    .address: "one of its own towards the host; everybody else sees the host's",
    .icmp: "ping and traceroute outwards, and the errors of its own connections; nobody outside can ping it",
    .ipv6: "as IPv4, translated too",
    .arp: "between the guest and its network; the LAN hears none of it",
    .ethertypes: "none: the host routes IPv4 and IPv6 (no IPX, AppleTalk, RARP)",
    .protocols:
      "TCP, UDP, SCTP and ICMP by port or identifier;\nothers (GRE, protocol 41) by address alone: one guest at a time for each far end",
    .inbound: "answers to what it asked, and what `forward` names; no new connection otherwise",
    .lowPorts: "any port can be forwarded: the kernel does it, and no process needs to listen",
    .host: "both ways by the guest's own address; `to-host` narrows what it reaches on the host",
    .overhead: "no process of its own: the kernel routes, and keeps an entry for each connection",
    .privilege: tapPrivilege,
  ]

  static let application: Answers = [
    .address: "the host's; what it has inside is the VM software's invention",
    .icmp:
      "often none: the host must allow unprivileged ping sockets (net.ipv4.ping_group_range);\ntraceroute by ICMP does not work, by UDP it may",
    .ipv6: "as far as the VM software speaks it",
    .arp: "answered by the VM software itself; none leaves it",
    .ethertypes: "none but IPv4, and IPv6 where the software has it",
    .protocols: "TCP and UDP alone: no GRE, no protocol 41, no IPsec without UDP",
    .inbound: "nothing but answers, and ports that the VM software was told to listen at",
    .lowPorts: "not for a user without CAP_NET_BIND_SERVICE (net.ipv4.ip_unprivileged_port_start)",
    .host:
      "guest to host by an address of the software's; the host reaches the guest by forwarded ports only",
    .overhead: "each packet passes a process that speaks TCP twice: the slowest of all",
    .privilege: "none: nothing changes on the host",
  ]

  static let process: Answers = [
    .address: "the host's, inside too: passt gives the guest a copy of it by DHCP and router advertisements",
    .icmp:
      "ping outwards where the host allows unprivileged ping sockets (net.ipv4.ping_group_range);\nno other ICMP: traceroute does not work",
    .ipv6: "as IPv4, where the host has a default route of it",
    .arp: "answered by passt itself; none leaves it",
    .ethertypes: "none but IPv4 and IPv6",
    .protocols: "TCP and UDP alone: no GRE, no protocol 41, no IPsec without UDP",
    .inbound: "answers to what it asked, and what `forward` names, on 127.0.0.1 and ::1 too",
    .lowPorts:
      "as any other where root applies; else from net.ipv4.ip_unprivileged_port_start up",
    .host:
      "the host reaches the guest by forwarded ports only; the guest finds the host's 127.0.0.1 at\n`host-loopback`, and nowhere where that is not written (`plan` says if the installed passt is too old for that)",
    .overhead: "each packet passes a process, which copies it between a frame and a socket of the host",
    .privilege:
      "none where no port below 1024 is forwarded: passt runs as the VM's `owner`, who alone can connect to it",
  ]

  static let routed: Answers = [
    .address: "its own, which the host routes to it; with `proxy` one of a LAN's, which the host answers for",
    .icmp: "all of it, both ways: ping and traceroute show the host as a hop",
    .ipv6: "as IPv4",
    .arp: "between guest and host alone: no Ethernet is shared with anybody, broadcasts reach nobody",
    .ethertypes: "none: the host routes IPv4 and IPv6 (no IPX, AppleTalk, RARP)",
    .protocols: "every protocol of IP: GRE, protocol 41, IPsec",
    .inbound: "everything that finds a route to it: a route on the LAN's router, or `proxy`",
    .lowPorts: "its own, all of them",
    .host: "both ways; `to-host` narrows what it reaches on the host, other guests only by `reach`",
    .overhead: "one routing decision of the kernel a packet; no flooding, no learning",
    .privilege: tapPrivilege,
  ]

  static let switched: Answers = routed.merging([
    .address:
      "its own, which the host routes to it; on a `network` whatever that Ethernet has",
    .arp: "between guest and host alone; on a `network` its own, on the whole Ethernet",
    .ethertypes:
      "none without a `network`: the host routes IPv4 and IPv6 (no IPX, AppleTalk, RARP); on one as `bridged`",
    .overhead:
      "the most of all with a TAP: each frame passes a process (vde_switch, one for each NIC) between the VM\nsoftware and the TAP; checksums and segments are the guest's own work, there is no vhost, and no MTU above 1500",
    .privilege:
      "CAP_NET_ADMIN for `vnet-apply`; vde_switch runs as the VM's `owner`, the VM software needs no more than\nits socket: nothing of the network, not even /dev/net/tun",
  ]) { $1 }

  static let bridged: Answers = [
    .address: "whatever the Ethernet has: the LAN's DHCP, router advertisements, or one typed in",
    .icmp: "all of it, both ways",
    .ipv6: "all of it, with the LAN's router advertisements",
    .arp: "its own, on the whole Ethernet; with a MAC of its own, which the LAN's switches see",
    .ethertypes: filtered,
    .protocols: "every protocol of IP: GRE, protocol 41, IPsec",
    .inbound: "everything: it is as open as any machine on that Ethernet",
    .lowPorts: "its own, all of them",
    .host: "both ways where the host has an address there (`uplink` with its addresses kept, `address`)",
    .overhead: "the least with a TAP: the kernel switches by MAC; floods reach every port",
    .privilege: tapPrivilege,
  ]

  /// The port is the VM software's own.
  static let named: Answers = bridged.merging([
    .overhead:
      "that of a bridge; what the guest sends is checked by name pattern, bridge and MAC before its port is there,\nand nothing tells it from another guest of the same pattern that takes its MAC",
    .privilege:
      "CAP_NET_ADMIN for `vnet-apply`, and for what makes the port: libvirtd, or qemu-bridge-helper for the group of\nthe VM's `owner`",
  ]) { $1 }

  static let macvtap: Answers = [
    .address: "whatever the hardware NIC's Ethernet has",
    .icmp: "all of it, both ways, but with the host itself",
    .ipv6: "all of it, but with the host itself",
    .arp: "its own, on the whole Ethernet; with a MAC of its own, which the LAN's switches see",
    .ethertypes: filtered,
    .protocols: "every protocol of IP: GRE, protocol 41, IPsec",
    .inbound: "everything: it is as open as any machine on that Ethernet",
    .lowPorts: "its own, all of them",
    .host: "not at all, unless `host-access` gives the host a macvlan of its own",
    .overhead: "less than a bridge: nothing is learned",
    .privilege:
      "CAP_NET_ADMIN, CHOWN and SYS_ADMIN for `vnet-apply`; the VM software is handed /dev/tapN, which is the `owner`'s, and needs none",
  ]

  static let passthru: Answers = [
    .address: "whatever the wire has; the host gives up what it had there, and gets it back on release",
    .icmp: "all of it, both ways, but with the host itself",
    .ipv6: "all of it, with the router advertisements of the wire",
    .arp: "its own, on the wire, with the hardware's MAC or another one",
    .ethertypes:
      "none: `anti-spoof` lets IPv4, IPv6 and ARP through;\nwith `anti-spoof: false` all of them, VLAN tags and BPDUs too",
    .protocols: "every protocol of IP: GRE, protocol 41, IPsec",
    .inbound: "everything from the wire; no firewall of the host's is asked",
    .lowPorts: "its own, all of them",
    .host: "by way of the wire alone: through a switch, and another NIC of the host's",
    .overhead: "less than a bridge: nothing is learned, and nothing is shared",
    .privilege:
      "CAP_NET_ADMIN, CHOWN and SYS_ADMIN for `vnet-apply`; the VM software is handed /dev/tapN, which is the `owner`'s, and needs none",
  ]

  static let moved: Answers = [
    .address: "whatever the wire has; the host gives up what it had there, and gets it back on release",
    .icmp: "all of it",
    .ipv6: "all of it",
    .arp: "its own, on the wire",
    .ethertypes: "all of them: the NIC itself is in the VM's network namespace",
    .protocols: "all of them",
    .inbound: "everything from the wire; no filter of the host sees it",
    .lowPorts: "its own, all of them",
    .host: "by way of the wire alone: through a switch, and another NIC of the host's",
    .overhead: "none but the NIC's driver: what the software in the namespace makes of it",
    .privilege:
      "CAP_NET_ADMIN and CAP_SYS_ADMIN for `vnet-apply`; what runs in the namespace needs what it does there",
  ]

  static let function: Answers = [
    .address: "whatever the wire has; the host keeps what it has on the NIC",
    .icmp: "all of it",
    .ipv6: "all of it",
    .arp: "its own, on the wire, with a MAC of its own",
    .ethertypes: "all of them; with `vlan` every frame is tagged by the hardware, and no other VLAN is seen",
    .protocols: "all of them",
    .inbound: "everything from the wire for its MAC; no filter of the host sees it",
    .lowPorts: "its own, all of them",
    .host: "through the switch that is in the NIC, unless `vlan` keeps them apart",
    .overhead: "the least of all: no kernel of the host's in between (by `hand-over: macvtap` its driver)",
    .privilege: "root to hand the function over; the NIC itself stays the host's",
  ]

  static let dedicated: Answers = [
    .address: "whatever the wire has; the host has none there any more",
    .icmp: "all of it",
    .ipv6: "all of it",
    .arp: "its own, on the wire",
    .ethertypes: "all of them: the hardware is the VM's",
    .protocols: "all of them",
    .inbound: "everything from the wire; no filter of the host sees it",
    .lowPorts: "its own, all of them",
    .host: "by way of the wire alone: through a switch, and another NIC of the host's",
    .overhead: "the least of all: no kernel of the host's in between",
    .privilege: "root to hand the hardware over; the host cannot use it meanwhile",
  ]
}
