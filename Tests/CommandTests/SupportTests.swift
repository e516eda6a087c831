import Testing
import Witness

/// The witnesses themselves, held against the kernel without the program under test.
@Suite("the witnesses", .enabled(if: Gate.root, "needs root"))
struct SupportTests {
  @Test("a dump sees a changed setting, address, route and link, and nothing else")
  func dumpSeesChanges() throws {
    try Host.with { host in
      let before = try host.space.dump()
      expectEqual(before, try host.space.dump())
      try host.space.sysctl("net.ipv4.conf.eth1.arp_ignore=1")
      try host.space.ip(
        """
        addr add 192.0.2.11/24 dev eth1
        route add 203.0.113.0/24 via 192.0.2.1 table 77
        link set eth1 mtu 1400
        """)
      let difference = before.difference(to: try host.space.dump())
      #expect(difference.contains("+ sysctl ipv4/conf/eth1/arp_ignore:1"))
      #expect(difference.contains("+ address eth1 inet[1] ") && difference.contains("203.0.113.0/24"))
      #expect(difference.contains("- link eth1.mtu=1500") && difference.contains("+ link eth1.mtu=1400"))
      #expect(!difference.contains("link lo") && !difference.contains("inet6["), "\(difference)")
      try host.space.sysctl("net.ipv4.conf.eth1.arp_ignore=0")
      try host.space.ip(
        """
        addr del 192.0.2.11/24 dev eth1
        route del 203.0.113.0/24 table 77
        link set eth1 mtu 1500
        """)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test(
    "a stand-in guest answers and asks, and the prober loses nothing",
    .enabled(if: Gate.tun, "needs /dev/net/tun"))
  func guestsAnswer() throws {
    try Host.with { host in
      try host.space.ip(
        """
        tuntap add tap0 mode tap
        addr add 10.9.0.254/24 dev tap0
        addr add 2001:db8:9::fe/64 dev tap0
        link set tap0 up
        """)
      let guest = try Station("tap0", in: host.space, "--address 10.9.0.1/24 --address 2001:db8:9::1/64")
      #expect(try guest.lost(to: "10.9.0.254") == 0)
      #expect(try guest.lost(to: "2001:db8:9::fe") == 0)
      #expect(try guest.lost(to: "10.9.0.7", count: 1) == 1)
      let prober = try Prober("10.9.0.1", in: host.space)
      Clock.sleep(0.5)
      let result = try prober.finish()
      #expect(result.lost == 0 && result.sent > 400, "\(result)")
      guest.leave()
    }
  }
}
