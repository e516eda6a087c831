import Testing
import Witness

/// What becomes of connections through forwards that change: both ends of each are asked, and conntrack(8).
@Suite(
  "connections through forwards",
  .enabled(if: Gate.ready && Gate.nft, "needs root, /dev/net/tun, iproute2, nft and the built vnet-apply"))
struct ForwardedConnectionTests {
  private static let one = Inner.place(51)
  private static let two = Inner.place(52)

  private static func text(_ one: String, _ two: String = "") -> String {
    """
    networks: {net: {\(Inner.net), nat: true}}
    vms:
    \(Inner.vm("one", "net", Self.one, "forward: [\(one)]"))\(Inner.vm("two", "net", Self.two, "forward: [\(two)]"))
    """
  }

  private func running(_ one: String, _ two: String = "", _ body: (Inner) throws -> Void) throws {
    try Host.with { host in
      try host.space.run(["sysctl", "-q", "-w", "net.bridge.bridge-nf-call-iptables=0"])
      try host.space.run(["sysctl", "-q", "-w", "net.bridge.bridge-nf-call-ip6tables=0"])
      try Inner.with(Self.text(one, two), ["one": Self.one, "two": Self.two], host: host, body)
    }
  }

  private func apply(_ inner: Inner, _ one: String, _ two: String = "") throws {
    try inner.host.files.write("inner.conf", "name: inner\n" + Self.text(one, two))
    expect(try inner.host.vnet("apply", inner.file), exits: 0)
    expect(try inner.host.vnet("plan", inner.file), exits: 0)
  }

  @Test(
    "a TCP connection ends with its forward, one through another forward goes on",
    arguments: ["192.0.2.10", "2001:db8::10"])
  func removed(address: String) throws {
    try running(#""8080 -> 7000", "8081 -> 7000""#) { inner in
      try inner.hear(in: "one", .tcp, 7000)
      let (kept, lost) = (
        try inner.open("lan", .tcp, address, 8081), try inner.open("lan", .tcp, address, 8080)
      )
      #expect(kept.hears("one") && lost.hears("one"))
      try apply(inner, #""8081 -> 7000""#)
      #expect(kept.hears("one"))
      #expect(!lost.hears("one"))
      try #expect(inner.tracked(8080, to: Self.one).isEmpty)
      try #expect(!inner.tracked(8081, to: Self.one).isEmpty)
    }
  }

  @Test("what is sent over UDP goes to the guest to which the forward leads from now on")
  func moved() throws {
    try running(#""udp 8080 -> 7000", "udp 8081 -> 7000""#) { inner in
      try inner.hear(in: "one", .udp, 7000)
      try inner.hear(in: "two", .udp, 7000)
      let (kept, moved) = (
        try inner.open("lan", .udp, "192.0.2.10", 8081), try inner.open("lan", .udp, "192.0.2.10", 8080)
      )
      #expect(kept.hears("one") && moved.hears("one"))
      try apply(inner, #""udp 8081 -> 7000""#, #""udp 8080 -> 7000""#)
      #expect(moved.hears("two"))
      #expect(kept.hears("one"))
    }
  }

  @Test("a forward that is only written otherwise leads on the connections that it had")
  func narrowed() throws {
    try running(#""8080 -> 7000""#) { inner in
      try inner.hear(in: "one", .tcp, 7000)
      let kept = try inner.open("lan", .tcp, "192.0.2.10", 8080)
      #expect(kept.hears("one"))
      let before = try inner.tracked(8080, to: Self.one)
      try apply(inner, #""192.0.2.10:8080 -> 7000""#)
      #expect(kept.hears("one"))
      let after = try inner.tracked(8080, to: Self.one)
      #expect(before == after && !after.isEmpty)
    }
  }

  @Test("a forward that is narrowed by `from` loses the connections that it would no longer take")
  func excluded() throws {
    try running(#""8080 -> 7000""#) { inner in
      try inner.hear(in: "one", .tcp, 7000)
      let lost = try inner.open("lan", .tcp, "192.0.2.10", 8080)
      #expect(lost.hears("one"))
      try apply(inner, "{port: 8080, to: 7000, from: [198.51.100.0/24]}")
      #expect(!lost.hears("one"))
      try #expect(inner.tracked(8080, to: Self.one).isEmpty)
    }
  }

  @Test("`udp` forwards datagrams alone, `tcp+udp` both, a range each port to its own")
  func transports() throws {
    try running(#""udp 8080 -> 7000", "tcp+udp 8090-8091 -> 7000-7001""#) { inner in
      for transport in [Talk.Transport.tcp, .udp] {
        for port in [7000, 7001] { try inner.hear(in: "one", transport, port) }
      }
      for address in ["192.0.2.10", "2001:db8::10"] {
        try #expect(inner.open("lan", .udp, address, 8080).hears("one"), "\(address)")
        #expect(throws: CommandFailure.self) { try inner.open("lan", .tcp, address, 8080) }
        for transport in [Talk.Transport.tcp, .udp] {
          for port in [8090, 8091] {
            try #expect(inner.open("lan", transport, address, port).hears("one"), "\(address) \(port)")
          }
        }
      }
      try #expect(!inner.tracked(8091, to: Self.one).isEmpty)
    }
  }

  @Test("`listen` and `from` narrow a forward over IPv6 as over IPv4")
  func narrowedIPv6() throws {
    let forwards =
      #"{listen: "2001:db8::10", port: 8080, to: 7000}, {port: 8081, to: 7000, from: ["2001:db8::/64"]}, "#
      + #"{port: 8082, to: 7000, from: ["2001:db8:9::/64"]}"#
    try running(forwards) { inner in
      try inner.hear(in: "one", .tcp, 7000)
      for port in [8080, 8081] {
        try #expect(inner.open("lan", .tcp, "2001:db8::10", port).hears("one"), "\(port)")
        #expect(throws: CommandFailure.self) { try inner.open("lan", .tcp, "192.0.2.10", port) }
      }
      #expect(throws: CommandFailure.self) { try inner.open("lan", .tcp, "2001:db8::10", 8082) }
    }
  }

  @Test("of two configurations side by side the one that goes leaves the other's connections and forwards")
  func sideBySide() throws {
    try running(#""8080 -> 7000""#) { inner in
      let host = inner.host
      try inner.hear(in: "one", .tcp, 7000)
      let kept = try inner.open("lan", .tcp, "192.0.2.10", 8080)
      #expect(kept.hears("one"))
      let before = try host.space.dump()
      let far = Inner.place(51, of: 8)
      let other = try host.files.write(
        "other.conf",
        "name: other\nnetworks: {far: {\(Inner.other), nat: true}}\nvms:\n"
          + Inner.vm("far", "far", far, #"forward: ["8088 -> 80"]"#))
      expect(try host.vnet("apply", other), exits: 0)
      for file in [other, inner.file] { expect(try host.vnet("plan", file), exits: 0) }
      do {
        let guest = try SpaceGuest("far-eth0", mac: far.mac, on: host)
        defer { guest.leave() }
        try guest.space.ip("addr add \(far.ipv4)/24 dev eth0\nroute add default via \(far.gateway4)")
        let answering = try Answering("far", in: guest.space, files: host.files)
        defer { answering.leave() }
        try #expect(inner.who("lan", asks: "192.0.2.10", port: 8088) == "far 192.0.2.1")
        try #expect(inner.asked(by: guest.space, "192.0.2.1") == "lan 192.0.2.10")
        #expect(kept.hears("one"))
      }
      expect(try host.vnet("remove", other), exits: 0)
      #expect(kept.hears("one"))
      try #expect(inner.who("lan", asks: "192.0.2.10", port: 8088) == nil)
      expect(try host.vnet("plan", inner.file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }
}
