import Testing
import Witness

@Suite("what is on an uplink goes with it", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct UplinkCompanyTests {
  private static let office = "name: n\nnetworks: {office: {uplink: eth1}}\n"

  @Test("addresses that differ in the peer alone move with the uplink, and come back, each of them")
  func peers() throws {
    try Host.with { host in
      try host.space.ip(
        """
        addr add 10.9.0.1/32 peer 10.9.0.2/32 dev eth1
        addr add 10.9.0.1/32 peer 10.9.0.3/32 dev eth1
        addr add 10.9.0.1/32 dev eth1
        """)
      let before = try host.space.dump()
      let file = try host.files.write("n.conf", Self.office)
      expect(try host.vnet("apply", file), exits: 0)
      let text = try host.space.run(["ip", "-o", "-4", "addr", "show", "dev", "office"]).output
      for words in ["10.9.0.1 peer 10.9.0.2/32", "10.9.0.1 peer 10.9.0.3/32", "inet 10.9.0.1/32 "] {
        #expect(text.contains(words), "\(text)")
      }
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("proxies and permanent neighbours of an uplink outlast the last IPv4 address that the host has there")
  func neighbours() throws {
    try Host.with { host in
      try host.space.ip(
        """
        neigh add proxy 192.0.2.77 dev eth1
        neigh add 192.0.2.78 lladdr 02:00:00:00:00:78 nud permanent dev eth1
        """)
      let before = try host.space.dump()
      let file = try host.files.write(
        "n.conf", "name: n\nallow: [default-route]\nnetworks: {office: {uplink: eth1, host: none}}\n")
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try !host.addresses("eth1").contains { $0.contains(".") })
      let there = try host.space.run(["sh", "-c", "ip neigh show proxy; ip neigh show nud permanent"]).output
      #expect(there.contains("192.0.2.77 dev eth1") && there.contains("192.0.2.78 dev eth1"), "\(there)")
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  /// The uplink on another network, with addresses of the file's there.
  private static let elsewhere =
    "name: n\nallow: [default-route]\nnetworks: {elsewhere: {uplink: eth1, host: {address: 192.0.2.11/24}}}\n"

  @Test(
    "permanent neighbours on a bridge outlast another MAC of it, and follow the host when it leaves, moves on and comes back"
  )
  func neighboursOfBridge() throws {
    try Host.with { host in
      let before = try host.space.dump()
      let text = "name: n\nallow: [default-route]\nnetworks: {inner: {mac: MAC}, office: {uplink: eth1}}\n"
      let file = try host.files.write("n.conf", text.replacing("MAC", with: "02:00:00:00:0a:01"))
      expect(try host.vnet("apply", file), exits: 0)
      try host.space.ip(
        """
        neigh add 192.0.2.78 lladdr 02:00:00:00:00:78 nud permanent dev inner
        neigh add 192.0.2.79 lladdr 02:00:00:00:00:79 nud permanent dev office
        """)
      let other = text.replacing("MAC", with: "02:00:00:00:0a:02").replacing(
        "eth1}", with: "eth1, host: none}")
      func there() throws -> String {
        try host.space.run(["ip", "neigh", "show", "nud", "permanent"]).output
      }
      expect(try host.vnet("apply", try host.files.write("n.conf", other)), exits: 0)
      #expect(try there().contains("192.0.2.78 dev inner") && there().contains("192.0.2.79 dev eth1"))
      expect(try host.vnet("plan", file), exits: 0)
      let kept = other.replacing(", host: none", with: "")
      for (text, link) in [(kept, "office"), (Self.elsewhere, "eth1"), (kept, "office")] {
        expect(try host.vnet("apply", try host.files.write("n.conf", text)), exits: 0)
        #expect(try there().contains("192.0.2.79 dev \(link)"))
      }
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try there().contains("192.0.2.79 dev eth1"))
      try host.space.ip("neigh del 192.0.2.79 dev eth1")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test(
    "a bridge with addresses of the file's has the link-local IPv6 address of its MAC, also of another one")
  func linkLocalOfMAC() throws {
    try Host.with { host in
      let before = try host.space.dump()
      let text =
        "name: n\nallow: [default-route]\nnetworks: {office: {uplink: eth1, host: {address: 10.9.0.1/24}MAC}}\n"
      func linkLocal() throws -> [String] {
        try host.space.json("ip -6 -j addr show dev office").elements.flatMap {
          $0["addr_info"].elements.compactMap { $0["local"].text }
        }
      }
      let file = try host.files.write("n.conf", text.replacing("MAC", with: ""))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(Clock.wait(5) { (try? linkLocal()) == ["fe80::5eff:fe00:101"] })
      for (mac, address) in [
        (", mac: '02:00:00:00:0a:02'", "fe80::ff:fe00:a02"), ("", "fe80::5eff:fe00:101"),
      ] {
        try host.files.write("n.conf", text.replacing("MAC", with: mac))
        expect(try host.vnet("apply", file), exits: 0)
        expect(try host.vnet("plan", file), exits: 0)
        #expect(try linkLocal() == [address])
      }
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a route by other hardware whose source leaves with an uplink comes back with it")
  func routeBySource() throws {
    try Host.with(secondUplink: true) { host in
      try host.space.ip(
        "addr add 198.51.100.5/32 dev eth1\nroute add 100.66.2.0/24 dev eth2 src 198.51.100.5")
      let before = try host.space.dump()
      let file = try host.files.write("n.conf", Self.elsewhere)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.space.json("ip -j route show 100.66.2.0/24").elements.isEmpty)
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }
}
