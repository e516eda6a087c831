import Testing
import Witness

/// What goes through the device nodes: stations at them, and the LAN behind the hardware NIC.
@Suite("packets of a macvtap", .enabled(if: Gate.macvtap, Gate.macvtapComment))
struct MacvtapPacketTests {
  private static let one = Identity(mac: "02:00:00:00:20:01", ipv4: "192.0.2.51", ipv6: "2001:db8::51")
  private static let two = Identity(mac: "02:00:00:00:20:02", ipv4: "192.0.2.52", ipv6: "2001:db8::52")
  private static let far = Identity(mac: "02:00:00:00:10:53", ipv4: "192.0.2.53", ipv6: "2001:db8::53")
  private static let router = Identity(mac: "02:00:00:00:10:fe", ipv4: "192.0.2.1", ipv6: "2001:db8::1")

  private static func text(_ keys: String = "") -> String {
    """
    name: f
    defaults: {mode: bridged, via: macvtap, hardware: eth1\(keys)}
    vms:
      one: {nics: {eth0: {mac: "\(one.mac)"}}}
      two: {nics: {eth0: {mac: "\(two.mac)"}}}

    """
  }

  private func applied(_ text: String, _ body: (Host) throws -> Void) throws {
    try Host.with { host in
      expect(try host.vnet("apply", try host.files.write("f.conf", text)), exits: 0)
      try body(host)
    }
  }

  /// A station on that NIC, with an IPv4 and an IPv6 address.
  private func station(_ name: String, _ identity: Identity, _ host: Host) throws -> Station {
    try Station(
      "\(name)-eth0", in: host.space, mac: identity.mac,
      "--address \(identity.ipv4)/24 --address \(identity.ipv6)/64")
  }

  @Test("guests of mode bridge reach the LAN and each other, and not the host")
  func bridge() throws {
    try applied(Self.text()) { host in
      let one = try station("one", Self.one, host), two = try station("two", Self.two, host)
      defer { for each in [one, two] { each.leave() } }
      for address in ["192.0.2.1", "2001:db8::1", Self.two.ipv4, Self.two.ipv6] {
        #expect(try one.lost(to: address) == 0, "\(address)")
      }
      for address in ["192.0.2.10", "2001:db8::10"] { #expect(try one.lost(to: address) == 3, "\(address)") }
      // Whoever has never heard of a guest asks for it by multicast.
      for address in [Self.one.ipv4, Self.one.ipv6] {
        #expect(try lost(from: host.lan, to: address) == 0, "\(address)")
      }
      #expect(try lost(from: host.space, to: "192.0.2.1") == 0, "the host goes on")
    }
  }

  @Test("guests of mode private reach the LAN, and not each other")
  func isolated() throws {
    try applied(Self.text(", macvtap: private")) { host in
      let one = try station("one", Self.one, host), two = try station("two", Self.two, host)
      defer { for each in [one, two] { each.leave() } }
      #expect(try one.lost(to: "192.0.2.1") == 0)
      #expect(try one.lost(to: Self.two.ipv4) == 3)
    }
  }

  @Test("for the host's own address the LAN hears one MAC, the host's, while nobody holds a macvtap")
  func flux() throws {
    try applied(Self.text()) { host in
      try host.lan.ip("neigh flush dev lan0")
      for _ in 0..<5 {
        #expect(try lost(from: host.lan, to: "192.0.2.10", count: 1) == 0)
        let seen = try host.lan.json("ip -j neigh show 192.0.2.10")[0]["lladdr"].text
        #expect(seen == Host.uplinkMAC)
        try host.lan.ip("neigh flush dev lan0")
      }
    }
  }

  @Test("a hostile frame is dropped on its way out, and counted; an honest one passes")
  func hostile() throws {
    try applied(Self.text()) { host in
      let sender = try Wire("one-eth0", in: host.space, own: Self.one, other: Self.router, to: Self.far)
      let lan = try Wire(device: "lan0", in: host.lan)
      defer { for each in [sender, lan] { each.leave() } }
      // Addresses are not known: what falls to them passes, as on the LAN of an uplink.
      let unknown: Set<String> = ["ip4", "ip6"]
      for frame in Frame.all {
        let check = frame.nature == .hostile ? SpoofTests.checks[frame.name]! : nil
        let passes = check.map(unknown.contains) ?? true
        let before = try host.drops("one-eth0")
        #expect(
          try sends(frame.name, from: sender, heardBy: [lan], patience: passes ? 2 : 0.1) == [passes],
          "\(frame.name)")
        var expected = before
        if let check, !passes { expected[check, default: 0] += 1 }
        #expect(try host.drops("one-eth0") == expected, "\(frame.name)")
      }
    }
  }

  @Test("with `anti-spoof: false` it may send in anybody's name, but no tags, BPDUs and other Ethertypes")
  func free() throws {
    try applied(Self.text(", anti-spoof: false")) { host in
      let sender = try Wire("one-eth0", in: host.space, own: Self.one, other: Self.router, to: Self.far)
      let lan = try Wire(device: "lan0", in: host.lan)
      defer { for each in [sender, lan] { each.leave() } }
      let always: Set<String> = ["link", "type", "tag"]
      for frame in Frame.all where frame.nature == .hostile {
        let passes = !always.contains(SpoofTests.checks[frame.name]!)
        #expect(
          try sends(frame.name, from: sender, heardBy: [lan], patience: passes ? 2 : 0.1) == [passes],
          "\(frame.name)")
      }
    }
  }

  @Test("limits hold both ways: of a burst of twice a second's worth about half passes")
  func limits() throws {
    try applied(Self.text(", limit: {in: 80kbit, out: 80kbit}")) { host in
      let one = try station("one", Self.one, host)
      defer { one.leave() }
      // 10,000 bytes a second pass at once; an echo request of 1,000 bytes and more, 40 of them.
      let flood = try host.lan.run([
        "ping", "-q", "-c", "40", "-i", "0.002", "-s", "960", "-W", "1", Self.one.ipv4,
      ])
      let received = flood.stdout.firstMatch(of: /(\d+) received/).flatMap { Int($0.1) } ?? -1
      #expect((5...20).contains(received), "\(flood)")
      let drops = try host.drops("one-eth0")
      #expect(drops["rate"] ?? 0 >= 20, "\(drops)")
    }
  }

  @Test("`status` counts what the guest sent as received, as for a TAP")
  func counters() throws {
    try applied(Self.text()) { host in
      let sender = try Wire("one-eth0", in: host.space, own: Self.one, other: Self.router, to: Self.far)
      defer { sender.leave() }
      func row() throws -> JSON {
        try JSON(parsing: host.vnet("status", "--json", "--name", "f").stdout)["nics"].elements.first {
          $0["nic"].text == "one/eth0"
        } ?? .null
      }
      let before = try row()
      for _ in 0..<20 { try sender.send("ipv4") }
      let after = try row()
      #expect((after["rx-bytes"].int ?? 0) - (before["rx-bytes"].int ?? 0) >= 20 * 60, "\(after.line)")
      #expect(after["mode"].text == "bridged eth1" && after["carrier"].isTrue)
    }
  }
}
