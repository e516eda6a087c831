import Glibc
import Netlink
import Testing

@Suite(
  "Addresses, routes and rules on the real kernel",
  .enabled(if: Kernel.isRoot, "needs root to make network namespaces"))
struct ObjectKernelTests {
  /// A namespace with the bridges br0 and br1, up.
  static func withBridges<Result>(_ body: (inout Socket, _ first: Int32, _ second: Int32) throws -> Result)
    throws
    -> Result
  {
    try withNetworkNamespace {
      try shell(
        "ip link add br0 type bridge; ip link add br1 type bridge; ip link set br0 up; ip link set br1 up")
      var socket = try Socket()
      let first = try socket.link(named: "br0").index
      let second = try socket.link(named: "br1").index
      return try body(&socket, first, second)
    }
  }

  @Test("addresses have what they were made with, as ip sees them")
  func addresses() throws {
    try Self.withBridges { socket, index, _ in
      let v4 = with(AddressMessage(index: index, local: .v4(192, 0, 2, 10), prefixLength: 24)) {
        $0.broadcast = .v4(192, 0, 2, 255)
        $0.label = "br0:x"
        $0.proto = 214
        $0.flags = 0x200
      }
      let v6 = with(AddressMessage(index: index, local: .doc(1), prefixLength: 64)) {
        $0.flags = 2
        $0.lifetimes = .init(preferred: 1800, valid: 3600)
        $0.proto = 214
      }
      var batch = Batch()
      batch.add("add 192.0.2.10/24 to br0", .create, v4)
      batch.add("add 2001:db8::1/64 to br0", .create, v6)
      batch.add("add 192.0.2.10/24 to br0", .create, v4)
      let outcomes = socket.transact(batch)
      #expect(outcomes[..<2] == [.done, .done])
      #expect(outcomes[2].error?.errno == EEXIST)
      let seen = try shell("ip address show br0")
      #expect(seen.contains("inet 192.0.2.10/24 brd 192.0.2.255 scope global noprefixroute br0:x"))
      #expect(seen.contains("inet6 2001:db8::1/64 scope global nodad dynamic"))
      let read = try socket.dumpAddresses(index: UInt32(index))
      #expect(
        read.contains { $0.local == v4.local && $0.proto == 214 && $0.label == "br0:x" && $0.flags == 0x280 })
      // Netlink has no IFA_LOCAL for an IPv6 address without a peer.
      #expect(read.contains { $0.address == v6.address && $0.proto == 214 && $0.lifetimes?.valid == 3600 })
      #expect(try socket.dumpAddresses(family: 2).count == 1)
      try socket.request("delete 192.0.2.10/24", .delete, v4)
      #expect(try socket.dumpAddresses(family: 2).isEmpty)
    }
  }

  /// Every kind of route that the codec knows, made by ip.
  static let routes = """
    ip address add 192.0.2.10/24 dev br0; ip address add 2001:db8::1/64 dev br0 nodad
    ip address add 203.0.113.1/24 dev br1
    ip route add default via 192.0.2.1 dev br0 proto dhcp metric 100 src 192.0.2.10 mtu 1400 initcwnd 20
    ip route add 198.51.100.0/24 via 192.0.2.1 tos 0x10 table 1000 proto 214 advmss 1000 congctl cubic quickack 1
    ip route add 198.51.101.0/24 nexthop via 192.0.2.1 dev br0 weight 2 nexthop via 203.0.113.2 dev br1 weight 5
    ip route add blackhole 198.18.0.0/15 metric 5; ip route add throw 198.20.0.0/16 table 7
    ip route add 198.51.102.7 dev br1 scope link realm 5; ip route add 198.51.103.0/24 via inet6 2001:db8::9 dev br0
    ip route add 198.51.104.0/24 via 198.51.105.1 dev br0 onlink
    ip -6 route add default via 2001:db8::2 dev br0 metric 99 pref high; ip -6 route add 2001:db8:5::/48 via 2001:db8::3
    ip -6 route add 2001:db8:6::/48 nexthop via 2001:db8::2 dev br0 nexthop via 2001:db8::3 dev br0 weight 9
    ip -6 route add unreachable 2001:db8:7::/48; ip -6 route add 2001:db8:8::/48 from 2001:db8::/32 via 2001:db8::2 dev br0
    """

  @Test("every route that can be made is made again from what the dump says of it")
  func routesRoundTrip() throws {
    try Self.withBridges { socket, _, _ in
      try shell(Self.routes.split(separator: "\n").joined(separator: "; "))
      for family: UInt8 in [2, 10] {
        // The kernel's own come and go with the state of the links.
        let text = {
          try shell("ip -\(family == 2 ? 4 : 6) route show table all | grep -v 'proto kernel' | sort")
        }
        let before = try text()
        let routes = try socket.dumpRoutes(family: family).filter { $0.proto != 2 }
        #expect(routes.count >= 5 && routes.allSatisfy { $0.unknown.isEmpty })
        // Gateways need the routes towards them: those go last and come first.
        let order = routes.sorted { ($0.gateway == nil ? 0 : 1) < ($1.gateway == nil ? 0 : 1) }
        for route in order.reversed() { try socket.request("delete \(route)", .delete, route) }
        #expect(try socket.dumpRoutes(family: family).filter { $0.proto != 2 }.isEmpty)
        for route in order {
          var again = route
          again.flags &= ~0x11  // RTNH_F_DEAD and RTNH_F_LINKDOWN are the kernel's to say.
          again.legs = again.legs?.map { leg in with(leg) { $0.flags &= ~0x11 } }
          try socket.request("add \(route)", .create, again)
        }
        #expect(try text() == before)
      }
    }
  }

  @Test("a replaced route moves to another device in one step")
  func replace() throws {
    try Self.withBridges { socket, first, second in
      try shell("ip address add 192.0.2.10/24 dev br0; ip route add default via 192.0.2.1 dev br0 metric 10")
      try shell("ip address add 192.0.2.10/24 dev br1")
      var route = try #require(try socket.dumpRoutes(family: 2).first { $0.destination == nil })
      #expect(route.output == UInt32(first))
      route.output = UInt32(second)
      route.flags = 0
      try socket.request("move the default route", .replace, route)
      let defaults = try socket.dumpRoutes(family: 2).filter { $0.destination == nil }
      #expect(defaults.map(\.output) == [UInt32(second)])
    }
  }

  @Test("every rule that can be made is made again from what the dump says of it")
  func rules() throws {
    try Self.withBridges { socket, _, _ in
      try shell(
        """
        ip rule add from 192.0.2.0/24 iif br0 fwmark 0x10/0xf0 ipproto tcp dport 80-90 sport 5 uidrange 0-99 table 1000 \
          suppress_prefixlength 0 suppress_ifgroup 7 priority 300 protocol 214; \
        ip rule add not from 198.51.100.7 tos 0x10 goto 32766 priority 302; ip rule add to 10.0.0.0/8 prohibit; \
        ip rule add iif br0 realms 5 table 9; ip rule add tun_id 77 table 9; \
        ip -6 rule add to 2001:db8:2::/48 oif br0 blackhole; ip -6 rule add iif br1 lookup 5000
        """)
      for family: UInt8 in [2, 10] {
        let text = { try shell("ip -\(family == 2 ? 4 : 6) rule show") }
        let before = try text()
        let rules = try socket.dumpRules(family: family)
        #expect(rules.count > 3 && rules.allSatisfy { $0.unknown.isEmpty })
        for rule in rules { try socket.request("delete \(rule)", .delete, rule) }
        #expect(try socket.dumpRules(family: family).isEmpty)
        for rule in rules {
          try socket.request("add \(rule)", .create, with(rule) { $0.flags &= 2 })
        }
        #expect(try text() == before)
      }
    }
  }

  @Test("neighbours, proxied addresses and forwarding entries are set and listed")
  func neighbours() throws {
    try Self.withBridges { socket, index, _ in
      try shell("ip link add v0 master br0 type veth peer name v1")
      let port = try socket.link(named: "v0").index
      let mac = LinkLayerAddress(mac: 0x0200_0000_0031)
      var batch = Batch()
      batch.add(
        "add neighbour", .create,
        with(NeighbourMessage(family: 2, index: index)) {
          $0.destination = .v4(192, 0, 2, 30)
          $0.linkAddress = mac
          $0.state = 0x80
          $0.proto = 214
        })
      batch.add(
        "add proxy", .create,
        with(NeighbourMessage(family: 10, index: index)) {
          $0.destination = .doc(0x30)
          // One that is not permanent goes when the link loses its carrier; the dump does not tell them apart.
          $0.state = 0x80
          $0.flags = 8
          $0.proto = 214
        })
      batch.add(
        "add entry", .create,
        with(NeighbourMessage(family: 7, index: port)) {
          $0.linkAddress = mac
          $0.state = 0x40
          $0.flags = 4
        })
      #expect(socket.transact(batch) == [.done, .done, .done])
      let neighbour = try #require(
        try socket.dumpNeighbours(family: 2).first { $0.destination == .v4(192, 0, 2, 30) })
      #expect(
        neighbour.proto == 214 && neighbour.linkAddress == mac)
      let proxy = try #require(try socket.dumpProxies().first)
      #expect(proxy.destination == .doc(0x30) && proxy.isProxy && proxy.proto == 214)
      #expect(
        try socket.dumpForwarding(bridge: UInt32(index)).contains {
          $0.linkAddress == mac && $0.index == port
        })
      #expect(try shell("ip neighbour show proxy").contains("2001:db8::30 dev br0 proxy"))
      #expect(try shell("bridge fdb show br br0").contains("02:00:00:00:00:31 dev v0 master br0 static"))
      try socket.request("delete proxy", .delete, proxy)
      #expect(try socket.dumpProxies().isEmpty)
    }
  }

  @Test("next hops and groups are set and listed")
  func nexthops() throws {
    try Self.withBridges { socket, index, _ in
      try shell("ip address add 192.0.2.10/24 dev br0")
      let hop = with(NexthopMessage(family: 2)) {
        $0.id = 7
        $0.proto = 214
        $0.output = UInt32(index)
        $0.gateway = .v4(192, 0, 2, 1)
      }
      let group = with(NexthopMessage(family: 0)) {
        $0.id = 8
        $0.group = [.init(id: 7, weight: 300)]
      }
      try socket.request("add hop", .create, hop)
      var weight = 300
      do {
        try socket.request("add group", .create, group)
      } catch {
        // Before Linux 6.12 a weight has eight bits.
        weight = 200
        try socket.request("add group", .create, with(group) { $0.group = [.init(id: 7, weight: 200)] })
      }
      let read = try socket.dumpNexthops()
      #expect(read.map(\.id) == [7, 8] && read.allSatisfy { $0.unknown.isEmpty })
      #expect(read[0].proto == 214 && read[0].gateway == hop.gateway)
      #expect(read[1].group == [.init(id: 7, weight: weight)])
    }
  }

  @Test("forwarding settings are those of /proc/sys", arguments: [UInt8(2), 10])
  func netconf(family: UInt8) throws {
    try Self.withBridges { socket, index, _ in
      try shell("echo 1 > /proc/sys/net/ipv\(family == 2 ? 4 : 6)/conf/br0/forwarding")
      let all = try socket.dumpNetconf(family: family)
      #expect(all.first { $0.index == index }?.forwarding == 1)
      #expect(all.contains { $0.index == -1 } && all.contains { $0.index == -2 })
    }
  }

  @Test("a machine without Wi-Fi has no Wi-Fi links, with or without nl80211")
  func wireless() throws {
    try withNetworkNamespace {
      var socket = try GenericSocket()
      #expect(try socket.family("nlctrl") == 0x10)
      #expect(try socket.family("no-such-family") == nil)
      #expect(try socket.wirelessLinks().isEmpty)
    }
  }
}
