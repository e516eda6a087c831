import Testing
import Witness

@Suite(
  "as whom guests leave, by connections",
  .enabled(if: Gate.ready && Gate.nft, "needs root, /dev/net/tun, iproute2, nft and the built vnet-apply"))
struct TranslationTests {
  private static let one = Inner.place(51)
  private static let far = Inner.place(51, of: 8)

  private static func text(_ keys: String, _ other: String = "", nic: String = "") -> String {
    """
    networks:
      net: {\(Inner.net)\(keys)}
      other: {\(Inner.other)\(other)}
    vms:
    \(Inner.vm("one", "net", one, nic))\(Inner.vm("far", "other", far))
    """
  }

  private func running(
    _ keys: String, _ other: String = "", forwarding: Bool = false, _ body: (Inner) throws -> Void
  ) throws {
    try Host.with { host in
      if forwarding { try host.space.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1") }
      for (prefix, router) in [
        ("10.7.0.0/24", "192.0.2.10"), ("10.8.0.0/24", "192.0.2.10"), ("2001:db8:7::/64", "2001:db8::10"),
        ("2001:db8:8::/64", "2001:db8::10"),
      ] { try host.lan.ip("route add \(prefix) via \(router)") }
      let places = ["one": Self.one, "far": Self.far]
      try Inner.with(Self.text(keys, other), places, host: host, body)
    }
  }

  @Test("with `nat` the LAN sees the host's addresses, and cannot open a connection to the guest")
  func nat() throws {
    try running(", nat: true") { inner in
      try #expect(inner.who("one", asks: "192.0.2.1") == "lan 192.0.2.10")
      try #expect(inner.who("one", asks: "2001:db8::1") == "lan 2001:db8::10")
      try #expect(inner.who("lan", asks: "10.7.0.51") == nil)
      try #expect(inner.who("lan", asks: "2001:db8:7::51") == nil)
    }
  }

  @Test("with `nat` an outside behind the LAN sees the host's addresses")
  func outside() throws {
    try running(", nat: true") { inner in
      let far = try Namespace()
      defer { far.delete() }
      let lan = inner.host.lan
      try far.sysctl("net.ipv6.conf.default.accept_dad=0")
      try lan.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
      try lan.ip(
        """
        link add name wan type veth peer name wan0 netns \(far.name)
        link set wan up
        addr add 203.0.113.1/24 dev wan
        addr add 2001:db8:f::1/64 dev wan
        """)
      try far.ip(
        """
        link set wan0 up
        addr add 203.0.113.9/24 dev wan0
        addr add 2001:db8:f::9/64 dev wan0
        route add default via 203.0.113.1
        route add default via 2001:db8:f::1
        """)
      try inner.answer("outside", in: far)
      try #expect(inner.who("one", asks: "203.0.113.9") == "outside 192.0.2.10")
      try #expect(inner.who("one", asks: "2001:db8:f::9") == "outside 2001:db8::10")
    }
  }

  @Test("`nat.source` is the address that the LAN sees")
  func source() throws {
    try Host.with { host in
      try host.space.ip("addr add 192.0.2.11/24 dev eth1")
      try Inner.with(Self.text(", nat: {source: 192.0.2.11}"), ["one": Self.one], host: host) { inner in
        try #expect(inner.who("one", asks: "192.0.2.1") == "lan 192.0.2.11")
        try #expect(inner.who("one", asks: "2001:db8::1") == "lan 2001:db8::10")
      }
    }
  }

  @Test("`nat.out` opens the way by one hardware NIC only")
  func out() throws {
    try Host.with(secondUplink: true) { host in
      try Inner.with(Self.text(", nat: {out: eth1}"), ["one": Self.one], host: host) { inner in
        try inner.answer("lan2", in: host.lan2!)
        try #expect(inner.who("one", asks: "192.0.2.1") == "lan 192.0.2.10")
        try #expect(inner.who("one", asks: "198.51.100.1") == nil)
        try #expect(inner.who("one", asks: "2001:db8:2::1") == nil)
      }
    }
  }

  @Test("with `route` the guest is seen by its own addresses, and reached from outside")
  func route() throws {
    try running(", route: true") { inner in
      try #expect(inner.who("one", asks: "192.0.2.1") == "lan 10.7.0.51")
      try #expect(inner.who("one", asks: "2001:db8::1") == "lan 2001:db8:7::51")
      try #expect(inner.who("lan", asks: "10.7.0.51") == "one 192.0.2.1")
      try #expect(inner.who("lan", asks: "2001:db8:7::51") == "one 2001:db8::1")
    }
  }

  @Test("a host-only network reaches the host and nothing beyond, also where the host forwards")
  func hostOnly() throws {
    try running("", forwarding: true) { inner in
      try #expect(inner.who("one", asks: "10.7.0.1") == "host 10.7.0.51")
      try #expect(inner.who("one", asks: "2001:db8:7::1") == "host 2001:db8:7::51")
      for address in ["192.0.2.1", "2001:db8::1", "10.8.0.51", "2001:db8:8::51"] {
        try #expect(inner.who("one", asks: address) == nil, "\(address)")
      }
      try #expect(inner.who("lan", asks: "10.7.0.51") == nil)
      try #expect(inner.who("lan", asks: "2001:db8:7::51") == nil)
    }
  }

  @Test("two networks do not reach each other, with `nat` and `route` neither")
  func apart() throws {
    try running(", nat: true", ", route: true") { inner in
      for (from, to) in [("one", Self.far), ("far", Self.one)] {
        try #expect(inner.who(from, asks: to.ipv4) == nil, "\(from)")
        try #expect(inner.who(from, asks: to.ipv6) == nil, "\(from)")
      }
    }
  }

  @Test("`reach` opens one way, with the guest's own addresses")
  func reach() throws {
    try running(", nat: true, reach: [other]") { inner in
      try #expect(inner.who("one", asks: "10.8.0.51") == "far 10.7.0.51")
      try #expect(inner.who("one", asks: "2001:db8:8::51") == "far 2001:db8:7::51")
      try #expect(inner.who("far", asks: "10.7.0.51") == nil)
      try #expect(inner.who("far", asks: "2001:db8:7::51") == nil)
    }
  }

  @Test(
    "`reach` of a NIC counts in place of its network's, whichever says more, for every MAC that it speaks for"
  )
  func reachOfNIC() throws {
    let also = "02:00:00:00:17:99"
    for (network, nic, reaches) in [
      ("[other]", "[]", false), ("[]", "[other]", true), ("all", "[net]", false),
    ] {
      let keys = "reach: \(nic), also: [\"\(also)\"]"
      let text = Self.text(", nat: true, reach: \(network)", nic: keys)
      try Host.with { host in
        try Inner.with(text, ["one": Self.one, "far": Self.far], host: host) { inner in
          for mac in [nil, also] {
            if let mac { try inner.space("one").ip("link set eth0 address \(mac)") }
            let comment = Comment(rawValue: "\(network) \(nic) \(mac ?? "")")
            try #expect((inner.who("one", asks: "10.8.0.51") != nil) == reaches, comment)
            try #expect(inner.who("one", asks: "192.0.2.1") == "lan 192.0.2.10", comment)
          }
        }
      }
    }
  }
}
