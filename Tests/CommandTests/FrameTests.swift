import Testing
import Witness

/// A sender that is never heard proves nothing: without filters every frame comes through, byte for byte.
@Suite(
  "frames by name, where nothing filters", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct FrameTests {
  private static let one = Identity(mac: "02:00:00:00:10:01", ipv4: "192.0.2.51", ipv6: "2001:db8::51")
  private static let two = Identity(mac: "02:00:00:00:10:02", ipv4: "192.0.2.52", ipv6: "2001:db8::52")
  private static let router = Identity(mac: "02:00:00:00:10:fe", ipv4: "192.0.2.1", ipv6: "2001:db8::1")

  private static let text = """
    name: f
    defaults: {anti-spoof: false}
    networks: {office: {uplink: eth1}}
    vms:
      one: {nics: {eth0: {network: office, mac: "\(one.mac)"}}}
      two: {nics: {eth0: {network: office, mac: "\(two.mac)"}}}

    """

  @Test("the table has every frame that the stand-in can send")
  func table() throws {
    #expect(Set(try must([Tools.standIn, "frames"]).words) == Set(Frame.all.map(\.name)))
  }

  @Test("a bridge hands every frame to another guest and to the LAN, or keeps it for the host")
  func bridged() throws {
    try Host.with { host in
      let file = try host.files.write("f.conf", Self.text)
      expect(try host.vnet("apply", file), exits: 0)
      // Some checks hold whatever `anti-spoof` says.
      expect(try host.space.run(["nft", "delete", "table", "bridge", "vnet-f"]), exits: 0)
      let sender = try Wire("one-eth0", in: host.space, own: Self.one, other: Self.router, to: Self.two)
      let peer = try Wire("two-eth0", in: host.space, own: Self.two, other: Self.router, to: Self.one)
      let lan = try Wire(device: "lan0", in: host.lan)
      defer { for each in [sender, peer, lan] { each.leave() } }
      for frame in Frame.all {
        guard let type = frame.keptByBridge else {
          #expect(
            try sends(frame.name, from: sender, heardBy: [peer, lan], patience: 2) == [true, true],
            "\(frame.name)")
          continue
        }
        let port = try Wire(device: "one-eth0", in: host.space, protocol: type)
        defer { port.leave() }
        #expect(
          try sends(frame.name, from: sender, heardBy: [port, peer, lan]) == [true, false, false],
          "\(frame.name)")
      }
    }
  }

  @Test("a routed TAP hands every frame to the host")
  func routed() throws {
    try Host.with { host in
      let file = try host.files.write(
        "f.conf",
        "name: f\nvms: {one: {nics: {eth0: {mode: tap, address: [192.0.2.51, \"2001:db8::51\"], proxy: eth1}}}}\n"
      )
      expect(try host.vnet("apply", file), exits: 0)
      let sender = try Wire("one-eth0", in: host.space, own: Self.one, other: Self.router, to: Self.two)
      let port = try Wire(device: "one-eth0", in: host.space)
      defer { for each in [sender, port] { each.leave() } }
      for frame in Frame.all {
        #expect(try sends(frame.name, from: sender, heardBy: [port], patience: 2) == [true], "\(frame.name)")
      }
    }
  }

  @Test("isolated guests hear nothing of each other, the LAN hears both")
  func isolated() throws {
    try Host.with { host in
      let file = try host.files.write(
        "f.conf", Self.text.replacing("office, mac", with: "office, isolated: true, mac"))
      expect(try host.vnet("apply", file), exits: 0)
      // Some checks hold whatever `anti-spoof` says.
      expect(try host.space.run(["nft", "delete", "table", "bridge", "vnet-f"]), exits: 0)
      let sender = try Wire("one-eth0", in: host.space, own: Self.one, other: Self.router, to: Self.two)
      let peer = try Wire("two-eth0", in: host.space, own: Self.two, other: Self.router, to: Self.one)
      let lan = try Wire(device: "lan0", in: host.lan)
      defer { for each in [sender, peer, lan] { each.leave() } }
      for frame in Frame.all where frame.keptByBridge == nil {
        #expect(
          try sends(frame.name, from: sender, heardBy: [peer, lan], patience: 0.1) == [false, true],
          "\(frame.name)")
      }
    }
  }
}
