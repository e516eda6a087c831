import Testing
import Witness

@Suite(
  "forwards, by connections",
  .enabled(if: Gate.ready && Gate.nft, "needs root, /dev/net/tun, iproute2, nft and the built vnet-apply"))
struct PortForwardTests {
  private static let one = Inner.place(51)
  private static let two = Inner.place(52)

  private static func text(_ forwards: String) -> String {
    """
    networks: {net: {\(Inner.net), nat: true}}
    vms:
    \(Inner.vm("one", "net", one, "forward: [\(forwards)]"))\(Inner.vm("two", "net", two))
    """
  }

  private func running(_ forwards: String, _ body: (Inner) throws -> Void) throws {
    try Host.with { host in
      // With br_netfilter a bridge hands its frames to the host's NAT in between.
      try host.space.run(["sysctl", "-q", "-w", "net.bridge.bridge-nf-call-iptables=0"])
      try host.space.run(["sysctl", "-q", "-w", "net.bridge.bridge-nf-call-ip6tables=0"])
      try Inner.with(Self.text(forwards), ["one": Self.one, "two": Self.two], host: host, body)
    }
  }

  @Test("the LAN reaches the guest at every address of the host, and is seen by its own")
  func lan() throws {
    try running(#""8080 -> 80""#) { inner in
      try #expect(inner.who("lan", asks: "192.0.2.10", port: 8080) == "one 192.0.2.1")
      try #expect(inner.who("lan", asks: "2001:db8::10", port: 8080) == "one 2001:db8::1")
      try #expect(inner.who("lan", asks: "192.0.2.10", port: 80) == "host 192.0.2.1")
    }
  }

  @Test("the host reaches the guest at its own addresses and at 127.0.0.1")
  func own() throws {
    try running(#""8080 -> 80""#) { inner in
      for address in ["192.0.2.10", "10.7.0.1", "127.0.0.1", "2001:db8::10"] {
        try #expect(inner.who("host", asks: address, port: 8080)?.hasPrefix("one ") == true, "\(address)")
      }
    }
  }

  @Test("a sibling and the guest itself reach it at the host's addresses")
  func inside() throws {
    try running(#""8080 -> 80""#) { inner in
      for name in ["two", "one"] {
        try #expect(inner.who(name, asks: "192.0.2.10", port: 8080)?.hasPrefix("one ") == true, "\(name)")
        try #expect(inner.who(name, asks: "2001:db8::10", port: 8080)?.hasPrefix("one ") == true, "\(name)")
      }
    }
  }

  @Test("a forward at 127.0.0.1 is the host's alone, and opens nothing of its loopback to guests or the LAN")
  func loopback() throws {
    try running(#""127.0.0.1:8080 -> 80""#) { inner in
      try #expect(inner.who("host", asks: "127.0.0.1", port: 8080)?.hasPrefix("one ") == true)
      try #expect(inner.who("lan", asks: "192.0.2.10", port: 8080) == nil)
      for name in ["one", "lan"] {
        let space = inner.space(name)
        let (device, via) = name == "one" ? ("eth0", "10.7.0.1") : ("lan0", "192.0.2.10")
        // What is for 127.0.0.1 leaves by the wire, as of somebody who wants to break in.
        try space.sysctl("net.ipv4.conf.\(device).route_localnet=1")
        try space.ip("addr del 127.0.0.1/8 dev lo\nroute add 127.0.0.1 via \(via) dev \(device)")
        for port in [80, 8080] {
          try #expect(inner.who(name, asks: "127.0.0.1", port: port) == nil, "\(name) \(port)")
        }
      }
    }
  }

  @Test("an address is the only one that listens, a range leads to a range, `from` lets only those in")
  func narrowed() throws {
    let forwards =
      #""192.0.2.10:8080 -> 80", "9000-9001 -> 80-81", "#
      + "{port: 7000, to: 80, from: [192.0.2.0/24]}, {port: 7001, to: 80, from: [198.51.100.0/24]}"
    try running(forwards) { inner in
      try #expect(inner.who("lan", asks: "192.0.2.10", port: 8080) == "one 192.0.2.1")
      try #expect(inner.who("lan", asks: "2001:db8::10", port: 8080) == nil)
      try #expect(inner.who("lan", asks: "192.0.2.10", port: 9000) == "one 192.0.2.1")
      try #expect(inner.who("lan", asks: "192.0.2.10", port: 7000) == "one 192.0.2.1")
      try #expect(inner.who("lan", asks: "192.0.2.10", port: 7001) == nil)
    }
  }

  @Test("a port that a process of the host has is refused, with the process named")
  func taken() throws {
    try Host.with { host in
      let there = try Answering("there", in: host.space, files: host.files)
      defer { there.leave() }
      _ = try Clock.wait(5) { try !host.space.run(["ss", "-Hltn", "sport = :80"]).stdout.isEmpty }
      let file = try host.files.write("inner.conf", "name: inner\n" + Self.text(#""80 -> 80""#))
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 65)
      #expect(outcome.output.contains("busybox (pid "), "\(outcome)")
    }
  }
}
