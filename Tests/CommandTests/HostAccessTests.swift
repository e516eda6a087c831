import Testing
import Witness

/// The host as one more station on the NIC of its macvtap guests.
@Suite("host-access", .enabled(if: Gate.macvtap, Gate.macvtapComment))
struct HostAccessTests {
  private static let one = Identity(mac: "02:00:00:00:20:01", ipv4: "192.0.2.51", ipv6: "2001:db8::51")
  static let text = """
    name: m
    vms:
      one: {nics: {eth0: {mode: bridged, via: macvtap, hardware: eth1, host-access: true, mac: "\(one.mac)"}}}

    """

  private func station(_ host: Host) throws -> Station {
    try Station(
      "one-eth0", in: host.space, mac: Self.one.mac,
      "--address \(Self.one.ipv4)/24 --address \(Self.one.ipv6)/64")
  }

  private func neighbour(_ address: String, in space: Namespace) throws -> String? {
    try space.json("ip -j neigh show \(address)").elements.first?["lladdr"].text
  }

  @Test("guest and host reach each other, both reach the LAN, and it reaches both")
  func reach() throws {
    try Host.with { host in
      expect(try host.vnet("apply", try host.files.write("m.conf", Self.text)), exits: 0)
      let one = try station(host)
      defer { one.leave() }
      for address in ["192.0.2.10", "2001:db8::10", "192.0.2.1", "2001:db8::1"] {
        #expect(try one.lost(to: address) == 0, "\(address)")
      }
      for address in [Self.one.ipv4, Self.one.ipv6, "192.0.2.1", "2001:db8::1"] {
        #expect(try lost(from: host.space, to: address) == 0, "\(address)")
      }
      for address in [Self.one.ipv4, Self.one.ipv6, "192.0.2.10", "2001:db8::10"] {
        #expect(try lost(from: host.lan, to: address) == 0, "\(address)")
      }
    }
  }

  @Test("what the host has on the NIC goes to a macvlan and comes back as it was")
  func given() throws {
    try Host.with { host in
      try host.space.ip(
        """
        addr add 192.0.2.11/24 dev eth1
        route add 100.64.9.0/24 via 192.0.2.9 dev eth1 metric 7
        """)
      let before = try host.space.dump()
      let file = try host.files.write("m.conf", Self.text)
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      let link = try host.link("eth1-host")
      #expect(link["linkinfo"]["info_kind"].text == "macvlan" && link["link"].text == "eth1")
      #expect(link["ifalias"].text == "vnet:m/hardware.eth1")
      #expect(try host.space.json("ip -j addr show dev eth1")[0]["addr_info"].elements.isEmpty)
      #expect(
        try host.space.json("ip -j -4 addr show dev eth1-host")[0]["addr_info"].elements.map {
          $0["local"].text
        }
          == ["192.0.2.10", "192.0.2.11"])
      #expect(try host.space.run(["ip", "route", "get", "100.64.9.1"]).stdout.contains("dev eth1-host"))
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("the LAN is told of the host's MAC, there and back")
  func announced() throws {
    try Host.with { host in
      let file = try host.files.write("m.conf", Self.text)
      for address in ["192.0.2.10", "2001:db8::10"] {
        #expect(try lost(from: host.lan, to: address, count: 1) == 0)
        #expect(try neighbour(address, in: host.lan) == Host.uplinkMAC)
      }
      expect(try host.vnet("apply", file), exits: 0)
      let mac = try host.link("eth1-host")["address"].text
      for address in ["192.0.2.10", "2001:db8::10"] {
        #expect(try Clock.wait(1) { try neighbour(address, in: host.lan) == mac }, "\(address)")
      }
      expect(try host.vnet("remove", file), exits: 0)
      for address in ["192.0.2.10", "2001:db8::10"] {
        #expect(try Clock.wait(1) { try neighbour(address, in: host.lan) == Host.uplinkMAC }, "\(address)")
      }
    }
  }

  @Test(
    "a move costs a few milliseconds at most, also where reverse paths are checked", arguments: [0, 1, 2])
  func probed(reversePath: Int) throws {
    try Host.with { host in
      try host.space.sysctl("net.ipv4.conf.all.rp_filter=\(reversePath)")
      let file = try host.files.write("m.conf", Self.text)
      for command in ["apply", "remove", "apply", "remove"] {
        let probers = [
          ("out, IPv4", try Prober("192.0.2.1", in: host.space)),
          ("out, IPv6", try Prober("2001:db8::1", in: host.space)),
          ("in, IPv4", try Prober("192.0.2.10", in: host.lan)),
          ("in, IPv6", try Prober("2001:db8::10", in: host.lan)),
        ]
        Clock.sleep(0.3)
        expect(try host.vnet(command, file), exits: 0)
        Clock.sleep(1.2)
        for (_, prober) in probers { prober.stop() }
        for (way, prober) in probers {
          let result = try prober.finish()
          print("  \(command), rp_filter \(reversePath), \(way): \(result)")
          #expect(result.lost < 50 && result.sent > 1000, "\(command), \(way): \(result)")
        }
      }
    }
  }

  @Test("one macvlan serves all guests, those of another configuration too, and goes with the last that asks")
  func shared() throws {
    try Host.with { host in
      let before = try host.space.dump()
      let first = try host.files.write("m.conf", Self.text)
      let second = try host.files.write(
        "n.conf",
        Self.text.replacing("name: m", with: "name: n").replacing("one:", with: "two:").replacing(
          "20:01", with: "20:02"))
      expect(try host.vnet("apply", first), exits: 0)
      expect(try host.vnet("apply", second), exits: 0)
      expect(try host.vnet("plan", second), exits: 0)
      let stations = { try host.linkNames.filter { $0.contains("-host") } }
      #expect(try stations() == ["eth1-host"])
      expect(try host.vnet("remove", first), exits: 0)
      // The host is on the NIC again: the other one is to have it elsewhere.
      expect(try host.vnet("plan", second), exits: 2)
      expect(try host.vnet("apply", second), exits: 0)
      expect(try host.vnet("plan", second), exits: 0)
      #expect(try stations() == ["eth1-host"])
      expect(try host.vnet("remove", second), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("without it the macvlan goes, and the guest stays")
  func withdrawn() throws {
    try Host.with { host in
      let file = try host.files.write("m.conf", Self.text)
      expect(try host.vnet("apply", file), exits: 0)
      try host.files.write("m.conf", Self.text.replacing("host-access: true", with: "host-access: false"))
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      let names = try host.linkNames
      #expect(!names.contains("eth1-host") && names.contains("one-eth0"))
      #expect(try lost(from: host.space, to: "192.0.2.1") == 0)
    }
  }

  @Test("`default-route` goes on meaning the NIC when the route is on the macvlan")
  func defaultRoute() throws {
    try Host.with { host in
      let file = try host.files.write(
        "m.conf", Self.text.replacing("hardware: eth1", with: "hardware: default-route"))
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("a NIC that was down goes down again, with its addresses")
  func down() throws {
    try Host.with { host in
      try host.space.ip(
        """
        link set eth1 down
        addr add 192.0.2.12/24 dev eth1
        """)
      let before = try host.space.dump().without("promiscuity")
      let file = try host.files.write("m.conf", Self.text)
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      // What is left of that on a NIC that goes down under its stations goes when it is next up (`dev_set_rx_mode`).
      expectEqual(before, try host.space.dump().without("promiscuity"))
    }
  }

  @Test("it is refused beside a mode in which no station reaches another")
  func modes() throws {
    try Host.with { host in
      let text = Self.text.replacing("host-access: true", with: "host-access: true, macvtap: private")
      let outcome = try host.vnet("check", try host.files.write("m.conf", text))
      expect(outcome, exits: 65)
      #expect(outcome.stderr.contains("of mode `private` none reaches another"), "\(outcome)")
    }
  }
}
