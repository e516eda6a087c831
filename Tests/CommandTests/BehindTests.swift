import Testing
import Witness

/// A machine behind a guest that forwards for it, by the prefixes that `routes` of the guest's NIC name.
@Suite(
  "prefixes behind a guest, by packets",
  .enabled(if: Gate.ready && Gate.nft, "needs root, /dev/net/tun, iproute2, nft and the built vnet-apply"))
struct BehindTests {
  private static let routed = Inner.Place(
    mac: "02:00:00:00:19:61", ipv4: "10.9.0.61", ipv6: "2001:db8:9::61", gateway4: "169.254.0.1",
    gateway6: "fe80::1", isRouted: true)
  private static let bridged = Inner.place(51)
  private static let sibling = Inner.place(52)
  private static let routes = #"routes: [10.20.0.0/24, "2001:db8:20::/64"]"#

  enum Guest: String, CaseIterable { case tap, bridged }
  enum Way: String, CaseIterable { case route, nat }

  private static func text(_ guest: Guest, _ way: Way) -> String {
    let one =
      switch guest {
      case .tap:
        "  one: {nics: {eth0: {mode: \(way == .nat ? "shared, via: nat" : "tap"), mac: \"\(routed.mac)\", "
          + "address: [\(routed.ipv4), \"\(routed.ipv6)\"], \(routes)}}}\n"
      case .bridged: Inner.vm("one", "net", bridged, routes)
      }
    return """
      networks: {net: {\(Inner.net), \(way): true}}
      vms:
      \(one)\(Inner.vm("two", "net", sibling))
      """
  }

  /// `behind` is 10.20.0.2 and 2001:db8:20::2; the LAN has routes to it and to the guests.
  private func running(
    _ guest: Guest, _ way: Way = .route, _ body: (Inner, _ behind: Namespace) throws -> Void
  ) throws {
    try Host.with { host in
      try host.lan.ip(
        """
        route add 10.0.0.0/8 via 192.0.2.10
        route add 2001:db8:7::/64 via 2001:db8::10
        route add 2001:db8:9::/64 via 2001:db8::10
        route add 2001:db8:20::/60 via 2001:db8::10
        """)
      let places = ["one": guest == .tap ? Self.routed : Self.bridged, "two": Self.sibling]
      try Inner.with(Self.text(guest, way), places, host: host) { inner in
        let behind = try Namespace()
        defer { behind.delete() }
        let one = inner.space("one")
        try behind.sysctl("net.ipv6.conf.default.accept_dad=0")
        try one.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        try one.ip(
          """
          link add name inner type veth peer name eth0 netns \(behind.name)
          link set inner up
          addr add 10.20.0.1/24 dev inner
          addr add 2001:db8:20::1/64 dev inner
          """)
        try behind.ip(
          """
          link set eth0 up
          addr add 10.20.0.2/24 dev eth0
          addr add 2001:db8:20::2/64 dev eth0
          route add default via 10.20.0.1
          route add default via 2001:db8:20::1
          """)
        try inner.answer("behind", in: behind)
        // A link sends once the kernel has seen its carrier, which may be a second later (`linkwatch_schedule_work`).
        for (address, source) in [("10.20.0.2", "10.20.0.1"), ("2001:db8:20::2", "2001:db8:20::1")] {
          try #require(Clock.wait(10 * Clock.patience) { try pings(one, address, from: source) })
        }
        try body(inner, behind)
      }
    }
  }

  private func pings(_ space: Namespace, _ address: String, from source: String) throws -> Bool {
    try space.run(["ping", "-c", "1", "-W", "1", "-I", source, address]).code == 0
  }

  @Test(
    "host and LAN reach a machine behind a guest, and it them, by its own addresses",
    arguments: Guest.allCases)
  func reached(guest: Guest) throws {
    try running(guest) { inner, behind in
      try #expect(inner.who("lan", asks: "10.20.0.2") == "behind 192.0.2.1")
      try #expect(inner.who("lan", asks: "2001:db8:20::2") == "behind 2001:db8::1")
      for address in ["10.20.0.2", "2001:db8:20::2"] {
        try #expect(inner.who("host", asks: address)?.hasPrefix("behind ") == true, "\(address)")
      }
      try #expect(inner.asked(by: behind, "192.0.2.1") == "lan 10.20.0.2")
      try #expect(inner.asked(by: behind, "2001:db8::1") == "lan 2001:db8:20::2")
      try #expect(inner.asked(by: behind, "192.0.2.10") == "host 10.20.0.2")
    }
  }

  @Test(
    "what lies behind a guest that leaves with the host's addresses leaves with them too, and is not reached",
    arguments: Guest.allCases)
  func translated(guest: Guest) throws {
    try running(guest, .nat) { inner, behind in
      try #expect(inner.asked(by: behind, "192.0.2.1") == "lan 192.0.2.10")
      try #expect(inner.asked(by: behind, "2001:db8::1") == "lan 2001:db8::10")
      try #expect(inner.who("lan", asks: "10.20.0.2") == nil)
      try #expect(inner.who("lan", asks: "2001:db8:20::2") == nil)
      try #expect(inner.who("host", asks: "10.20.0.2")?.hasPrefix("behind ") == true)
    }
  }

  @Test(
    "addresses outside of the prefixes are not the guest's to send from, and count", arguments: Guest.allCases
  )
  func others(guest: Guest) throws {
    try running(guest) { inner, behind in
      let strangers = [("10.20.1.2", "192.0.2.1", "ip4"), ("2001:db8:21::2", "2001:db8::1", "ip6")]
      for (source, address, check) in strangers {
        try behind.ip(
          "addr add \(source)/32 dev lo".replacing("/32", with: source.contains(":") ? "/128" : "/32"))
        try inner.space("one").ip("route add \(source) dev inner")
        let device = "one-eth0"
        let before = try inner.host.drops(device)[check] ?? 0
        try #expect(!pings(behind, address, from: source), "\(source)")
        try #expect(inner.host.drops(device)[check] == before + 1, "\(source)")
      }
      try #expect(pings(behind, "192.0.2.1", from: "10.20.0.2"))
      try #expect(pings(behind, "2001:db8::1", from: "2001:db8:20::2"))
    }
  }

  @Test("a prefix behind one guest is not another's to send from", arguments: Guest.allCases)
  func sibling(guest: Guest) throws {
    try running(guest) { inner, _ in
      let two = inner.space("two")
      try two.ip("addr add 10.20.0.9/32 dev lo\naddr add 2001:db8:20::9/128 dev lo")
      for (source, address, check) in [
        ("10.20.0.9", "10.7.0.1", "ip4"), ("2001:db8:20::9", "2001:db8:7::1", "ip6"),
      ] {
        let before = try inner.host.drops("two-eth0")[check] ?? 0
        try #expect(!pings(two, address, from: source), "\(source)")
        try #expect(inner.host.drops("two-eth0")[check] ?? 0 > before, "\(source)")
      }
    }
  }
}
