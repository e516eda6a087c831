import Glibc
import Netlink
import Testing

@Suite(
  "A link's settings on the real kernel", .enabled(if: Kernel.isRoot, "needs root to make network namespaces")
)
struct SettingsKernelTests {
  @Test(
    "IPv4 settings ride in a link's message and come back in the dump",
    arguments: IPv4Settings.Setting.allCases)
  func ipv4(setting: IPv4Settings.Setting) throws {
    // A tag and an id take any number; the kernel does not keep multicast forwarding without a routing daemon.
    try withNetworkNamespace {
      var socket = try Socket()
      let bridge = with(LinkKernelTests.bridge("br0")) { $0.setUp(true) }
      try socket.request("create br0", .create, bridge)
      let before = try #require(try socket.link(named: "br0").ipv4?[setting])
      let value: UInt32 = before == 0 ? 1 : 0
      try socket.request(
        "set br0", .change, with(LinkMessage(name: "br0")) { $0.ipv4 = IPv4Settings([setting: value]) })
      #expect(try socket.link(named: "br0").ipv4?[setting] == value)
      if let file = Self.files[setting] {
        #expect(try shell("cat /proc/sys/net/ipv4/conf/br0/\(file)") == "\(value)\n")
      }
    }
  }

  static let files: [IPv4Settings.Setting: String] = [
    .forwarding: "forwarding", .proxyARP: "proxy_arp", .acceptRedirects: "accept_redirects",
    .sendRedirects: "send_redirects", .rpFilter: "rp_filter", .arpFilter: "arp_filter",
    .arpAnnounce: "arp_announce", .arpIgnore: "arp_ignore", .promoteSecondaries: "promote_secondaries",
    .arpAccept: "arp_accept", .arpNotify: "arp_notify", .acceptLocal: "accept_local",
    .proxyARPPrivateVLAN: "proxy_arp_pvlan", .routeLocalnet: "route_localnet",
  ]

  @Test(
    "IPv6 settings in a dump are those of /proc/sys",
    arguments: [
      (.forwarding, "forwarding"), (.hopLimit, "hop_limit"), (.acceptRA, "accept_ra"),
      (.autoconf, "autoconf"),
      (.dadTransmits, "dad_transmits"), (.useTemporaryAddresses, "use_tempaddr"),
      (.maxAddresses, "max_addresses"),
      (.proxyNDP, "proxy_ndp"), (.disableIPv6, "disable_ipv6"), (.acceptDAD, "accept_dad"),
      (.keepAddressOnDown, "keep_addr_on_down"), (.notifyNeighbours, "ndisc_notify"),
      (.forceForwarding, "force_forwarding"),
    ] as [(IPv6Settings.Setting, String)])
  func ipv6(setting: IPv6Settings.Setting, file: String) throws {
    try withNetworkNamespace {
      var socket = try Socket()
      try socket.request("create br0", .create, LinkKernelTests.bridge("br0"))
      let path = "/proc/sys/net/ipv6/conf/br0/\(file)"
      guard access(path, F_OK) == 0 else {
        #expect(setting == .forceForwarding, "older kernels lack only this one")
        return
      }
      let before = try #require(try socket.link(named: "br0").ipv6?[setting])
      #expect(try shell("cat \(path)") == "\(before)\n")
      try shell("echo \(before == 1 ? 0 : 1) > \(path)")
      #expect(try socket.link(named: "br0").ipv6?[setting] == (before == 1 ? 0 : 1))
    }
  }
}
