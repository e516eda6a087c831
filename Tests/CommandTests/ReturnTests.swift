import Testing
import Witness

@Suite(
  "what has been taken off an uplink comes back",
  .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct ReturnTests {
  private func write(_ host: Host, _ text: String) throws -> String {
    try host.files.write("n.conf", "name: n\nallow: [default-route]\n" + text)
  }

  private static func office(_ presence: String) -> String {
    "networks: {office: {uplink: eth1, host: \(presence)}}\n"
  }

  /// `plan` refuses the file at a place of it.
  private func expectRefused(
    _ file: String, _ code: Int32, _ reason: String, on host: Host,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let plan = try host.vnet("plan", file)
    expect(plan, exits: code, sourceLocation: sourceLocation)
    #expect(plan.stderr.contains(reason), "\(plan)", sourceLocation: sourceLocation)
  }

  @Test(
    "not while the file says that the host is not there, though somebody took the uplink out of its bridge",
    arguments: ["link set eth1 nomaster", "link del office"])
  func outside(deed: String) throws {
    try Host.with { host in
      let before = try host.space.dump()
      let file = try write(host, Self.office("none"))
      expect(try host.vnet("apply", file), exits: 0)
      let applied = try host.comparableDump()
      try host.space.ip(deed)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.addresses("office") == [])
      expect(try host.vnet("plan", file), exits: 0)
      expectEqual(applied, try host.comparableDump())
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a route whose nexthop object is gone by then does not")
  func withoutNexthop() throws {
    try Host.with { host in
      let before = try host.space.dump()
      try host.space.ip("nexthop add id 79 dev eth1\nroute add 10.9.0.0/16 nhid 79 scope link")
      expect(try host.vnet("apply", write(host, Self.office("none"))), exits: 0)
      try host.space.ip("nexthop del id 79")
      let file = try write(host, Self.office("keep"))
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("nexthop objects that need no address go with the host from the uplink to its bridge and back")
  func nexthops() throws {
    try Host.with { host in
      try host.space.ip(
        """
        nexthop add id 78 via 192.0.2.254 dev eth1 onlink
        nexthop add id 79 dev eth1
        nexthop add id 91 via fe80::1 dev eth1
        route add 10.9.0.0/16 nhid 78
        """)
      let before = try host.space.dump()
      func devices() throws -> Set<String> {
        Set(try host.space.json("ip -j nexthop show").elements.compactMap { $0["dev"].text })
      }
      for (presence, device) in [("none", "eth1"), ("keep", "office"), ("none", "eth1")] {
        let file = try write(host, Self.office(presence))
        expect(try host.vnet("apply", file), exits: 0)
        #expect(try devices() == [device])
        expect(try host.vnet("plan", file), exits: 0)
      }
      let file = try write(host, Self.office("keep"))
      expect(try host.vnet("apply", "--confirm-within", "60s", file), exits: 0)
      #expect(try devices() == ["office"])
      expect(try host.vnet("rollback"), exits: 0)
      #expect(try devices() == ["eth1"])
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("nexthop objects whose gateway an address reaches cannot, in either direction, and are named")
  func boundNexthops() throws {
    try Host.with { host in
      try host.space.ip("nexthop add id 77 via 192.0.2.1 dev eth1\nroute add 10.9.0.0/16 nhid 77")
      let before = try host.space.dump()
      for (first, second) in [("none", "keep"), ("keep", "none")] {
        expect(try host.vnet("apply", write(host, Self.office(first))), exits: 0)
        let applied = try host.space.dump()
        let file = try write(host, Self.office(second))
        try expectRefused(file, 69, "networks.office.host: nexthop id 77 via 192.0.2.1", on: host)
        expectEqual(applied, try host.space.dump())
        expect(try host.vnet("remove", file), exits: 0)
        expectEqual(before, try host.space.dump())
        expect(try host.vnet("apply", file), exits: 0)
        expect(try host.vnet("remove", file), exits: 0)
        expectEqual(before, try host.space.dump())
      }
    }
  }

  @Test("a subnet that overlaps with what comes back in the same run is refused before that")
  func overlap() throws {
    try Host.with { host in
      expect(try host.vnet("apply", write(host, "networks: {lan: {uplink: eth1}}\n")), exits: 0)
      try expectRefused(
        write(host, "networks: {lan: {address: 192.0.2.3/24}}\n"), 65,
        "192.0.2.0/24 overlaps with the host's address 192.0.2.10/24 on 'eth1'", on: host)
    }
  }

  @Test("a guest with the name of a subnet that comes back is refused before that")
  func guest() throws {
    try Host.with { host in
      func text(_ presence: String) -> String {
        Self.office(presence) + "vms: {a: {nics: {eth0: {mode: tap, address: 192.0.2.0}}}}\n"
      }
      let file = try write(host, text("none"))
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      try expectRefused(
        write(host, text("keep")), 65, "it is the name of the subnet 192.0.2.0/24 on", on: host)
    }
  }

  /// Some of the addresses of the LAN by eth1, among them 192.0.2.20.
  private static let proxied = "proxied: {address: 192.0.2.17/28, dhcp: false, dns: false, proxy: eth1}"

  @Test("part of a LAN is for guests only where no address of the host's that comes back is in it")
  func part() throws {
    try Host.with { host in
      try host.space.ip("addr add 192.0.2.20/24 dev eth1")
      func text(_ presence: String) -> String {
        "networks: {office: {uplink: eth1, host: \(presence)}, \(Self.proxied)}\n"
      }
      expect(try host.vnet("apply", write(host, text("none"))), exits: 0)
      try expectRefused(
        write(host, text("keep")), 65, "192.0.2.16/28 overlaps with the host's address", on: host)
    }
  }

  @Test(
    "part of a LAN goes on being for guests when the host goes from a station of its own back to the hardware",
    .enabled(if: Gate.macvtap, Gate.macvtapComment))
  func station() throws {
    try Host.with { host in
      let network = "networks: {\(Self.proxied)}\n"
      let nic = "{mode: bridged, via: macvtap, hardware: eth1, host-access: true}"
      expect(
        try host.vnet("apply", write(host, network + "vms: {a: {nics: {eth0: \(nic)}}}\n")), exits: 0)
      let file = try write(host, network)
      expect(try host.vnet("apply", "--allow", "prune-many", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }
}
