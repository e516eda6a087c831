import Testing

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
}
