import Witness

/// The configuration that most tests start from: one network on the uplink, an internal one, a routed TAP; five
/// NICs over three VMs.
enum Quickstart {
  static let name = "quick"

  static let text = """
    name: quick
    networks:
      office: {uplink: eth1}
      backstage: {}
    vms:
      desktop:
        owner: nobody
        nics:
          eth0: {network: office, mac: "02:00:00:00:10:01"}
          eth1: {network: backstage, mac: "02:00:00:00:10:02"}
      build:
        nics:
          eth0: {network: office, isolated: true}
          eth1: {network: backstage}
      edge:
        nics:
          eth0:
            mode: tap
            address: ["203.0.113.7", "2001:db8:f::7"]
            routes: ["203.0.113.64/28", "2001:db8:f:1::/64"]

    """

  static let bridged = ["desktop-eth0", "desktop-eth1", "build-eth0", "build-eth1"]
  static let routed = "edge-eth0"
  static let taps = bridged + [routed]

  /// What makes an uplink hard to take in and to give back: further addresses and routes of every sort.
  static func furnish(_ host: Host) throws {
    try host.space.ip(
      """
      addr add 192.0.2.11/24 dev eth1
      addr add 192.0.2.130/25 dev eth1 label eth1:office
      addr add 10.20.0.5 peer 10.20.0.6 dev eth1
      addr add 2001:db8::20/64 dev eth1 preferred_lft 0
      addr add 2001:db8::30/128 dev eth1 noprefixroute
      route add 198.51.100.0/24 via 192.0.2.254 dev eth1 proto static metric 77 mtu 1400
      route add 198.51.100.0/24 via 192.0.2.253 dev eth1 table 100 src 192.0.2.11
      route add 2001:db8:5::/48 via 2001:db8::1 dev eth1 proto ra metric 1024
      rule add from 192.0.2.11 table 100 priority 3000
      neigh add 192.0.2.77 lladdr 02:00:00:00:00:77 dev eth1 nud permanent
      """)
    try host.space.sysctl("net.ipv4.conf.eth1.rp_filter=2", "net.ipv6.conf.eth1.accept_ra=2")
  }
}

extension Quickstart {
  /// The uplink's default routes by nexthop objects and groups of them, and further routes by such.
  static func furnishNexthops(_ host: Host) throws {
    try host.space.ip(
      """
      nexthop add id 77 via 192.0.2.1 dev eth1 proto 42
      nexthop add id 78 via 192.0.2.254 dev eth1 onlink
      nexthop add id 79 dev eth1
      nexthop add id 90 via 2001:db8::1 dev eth1 proto static
      nexthop add id 91 via fe80::1 dev eth1
      nexthop add id 98 blackhole
      nexthop add id 99 via 203.0.113.250 fdb
      nexthop add id 3 group 77,5 proto 42
      nexthop add id 4 group 77,3/78
      nexthop add id 5 group 90
      nexthop add id 6 group 90/91,2
      nexthop add id 7 group 99 fdb
      nexthop add id 8 group 77/78 type resilient buckets 8
      route del default via 192.0.2.1 dev eth1
      route add default nhid 3 proto static
      route del ::/0 via 2001:db8::1 dev eth1
      route add ::/0 nhid 5 metric 1024 proto static
      route add 100.64.1.0/24 nhid 77 src 192.0.2.10 metric 7
      route add 100.64.2.0/24 nhid 4 table 100 mtu 1400
      route add 100.64.3.0/24 nhid 79 scope link
      route add 100.64.4.0/24 nhid 98
      route add 100.64.5.0/24 nhid 8
      route add 2001:db8:64::/48 nhid 90 src 2001:db8::10
      route add 2001:db8:65::/48 nhid 6 metric 9
      """)
  }
}

/// Things that are not the configuration's: another bridge with a held TAP, routes, a rule, an nftables table.
final class Foreign {
  let holder: Station
  private let host: Host

  init(on host: Host) throws {
    self.host = host
    try host.space.ip(
      """
      link add name virbr9 type bridge
      link set virbr9 addrgenmode none
      link set virbr9 up
      addr add 10.99.0.1/24 dev virbr9
      addr add 2001:db8:99::1/64 dev virbr9
      tuntap add foreign0 mode tap
      link set foreign0 addrgenmode none
      link set foreign0 master virbr9 up
      route add 10.98.0.0/24 via 10.99.0.2 dev virbr9 table 98
      route add 2001:db8:98::/64 via 2001:db8:99::2 dev virbr9 proto 42
      rule add fwmark 0x98 table 98 priority 98
      neigh add proxy 10.99.0.77 dev virbr9
      """)
    if Gate.nft {
      try host.space.run(
        ["nft", "-f", "-"],
        input:
          "table inet foreign { chain forward { type filter hook forward priority 0; counter accept; }; }\n")
    }
    holder = try Station("foreign0", in: host.space, mac: "02:00:00:00:99:01", "--address 10.99.0.2/24")
    try host.space.settle("foreign0")
    try host.space.settle("virbr9")
  }

  /// Everything of it, as the kernel has it. A rule of ours may name a foreign link.
  func state() throws -> Dump {
    try host.space.dump().mentioning("virbr9", "foreign", "=98", "98:").without("protocol=214")
  }

  func index() throws -> Int? { try host.space.json("ip -j link show dev foreign0")[0]["ifindex"].int }
}
