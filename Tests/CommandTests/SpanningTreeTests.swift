import Testing
import Witness

/// A guest that claims to be the root of the spanning tree; who the bridge takes for it, sysfs says.
@Suite(
  "spanning tree and guests, by BPDUs",
  .enabled(if: Gate.ready && Gate.nft, "needs root, /dev/net/tun, iproute2, nft and the built vnet-apply"))
struct SpanningTreeTests {
  private static let one = Identity(mac: "02:00:00:00:17:51", ipv4: "10.7.0.51", ipv6: "2001:db8:7::51")
  private static let two = Identity(mac: "02:00:00:00:17:52", ipv4: "10.7.0.52", ipv6: "2001:db8:7::52")

  enum Bridge: String, CaseIterable { case ours, foreign }

  private static func text(_ network: String) -> String {
    """
    name: f
    networks: {net: \(network)}
    vms:
      one: {nics: {eth0: {network: net, mac: "\(one.mac)"}}}
      two: {nics: {eth0: {network: net, mac: "\(two.mac)"}}}

    """
  }

  private func root(_ host: Host) throws -> String {
    let folder = "/sys/class/net/net/bridge"
    let ids = try ["root_id", "bridge_id"].map {
      try must(host.space.command(["cat", "\(folder)/\($0)"])).trimmed
    }
    return ids[0] == ids[1] ? "itself" : ids[0]
  }

  private func port(_ host: Host) throws -> JSON {
    try host.link("one-eth0")["linkinfo"]["info_slave_data"]
  }

  /// The guest's frames from when its port forwards, which is four seconds here instead of thirty.
  private func running(
    _ bridge: Bridge, _ body: (_ host: Host, _ file: String, _ one: Wire, _ two: Wire) throws -> Void
  ) throws {
    try Host.with { host in
      if bridge == .foreign { try host.space.ip("link add name net up type bridge stp_state 1") }
      let file = try host.files.write(
        "f.conf", Self.text(bridge == .ours ? "{stp: true}" : "{existing: net}"))
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      try host.space.ip("link set net type bridge forward_delay 200")
      let one = try Wire("one-eth0", in: host.space, own: Self.one, other: Self.two, to: Self.two)
      let two = try Wire("two-eth0", in: host.space, own: Self.two, other: Self.one, to: Self.one)
      do {
        defer { for each in [one, two] { each.leave() } }
        let forwards = try Clock.wait(10 * Clock.patience) {
          try sends("arp-request", from: one, heardBy: [two])[0]
        }
        #expect(forwards)
        try body(host, file, one, two)
      }
      try host.space.ip("link set net type bridge forward_delay 1500")
      expect(try host.vnet("remove", file), exits: 0)
      if bridge == .ours { expectEqual(before, try host.space.dump()) }
    }
  }

  @Test(
    "with `stp` a guest's BPDU is dropped and counted, and the root is who it was", arguments: Bridge.allCases
  )
  func claims(bridge: Bridge) throws {
    try running(bridge) { host, _, one, two in
      try #expect(root(host) == "itself")
      try #expect(sends("bpdu", from: one, heardBy: [two], patience: 0.5) == [false])
      try #expect(root(host) == "itself")
      try #expect(host.drops("one-eth0") == ["link": 1])
      try #expect(sends("arp-reply", from: one, heardBy: [two]) == [true], "the port forwards as before")
    }
  }

  @Test("what keeps BPDUs from the bridge is seen to be gone, for then a guest rules it, and put back")
  func drift() throws {
    try running(.ours) { host, file, one, _ in
      try host.space.ip("link set one-eth0 type bridge_slave group_fwd_mask 0")
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 2)
      #expect(plan.stdout.contains("~ tap one-eth0  group_fwd_mask 0 → 1"), "\(plan)")
      try one.send("bpdu")
      let rules = try Clock.wait(2) { try root(host) == "0000.020000001751" }
      #expect(rules, "a BPDU that proves nothing")
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("ports follow `stp` as it is turned on and off, and a bridge without it is as it was made")
  func turned() throws {
    try Host.with { host in
      for (network, mask) in [("{}", "0"), ("{stp: true}", "0x1"), ("{}", "0")] {
        let file = try host.files.write("f.conf", Self.text(network))
        expect(try host.vnet("apply", file), exits: 0)
        expect(try host.vnet("plan", file), exits: 0)
        try #expect(port(host)["group_fwd_mask"].text == mask, "\(network)")
      }
    }
  }
}
