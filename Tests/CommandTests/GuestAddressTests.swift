import Testing
import Witness

@Suite("addresses and routes of guests", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct GuestAddressTests {
  private func routed(_ keys: String) -> String {
    "name: g\nvms: {fw: {nics: {eth0: {mode: tap, \(keys)}}}}\n"
  }

  @Test("guests that share the subnet of their `host-address` are each reached behind their own TAP")
  func sharedSubnet() throws {
    try Host.with { host in
      let nic = "mode: tap, host-address: [203.0.113.1/24, \"2001:db8:f::1/64\"]"
      let file = try host.files.write(
        "g.conf",
        """
        name: g
        vms:
          one: {nics: {eth0: {\(nic), address: ["203.0.113.7", "2001:db8:f::7"]}}}
          two: {nics: {eth0: {\(nic), address: ["203.0.113.8", "2001:db8:f::8"]}}}

        """)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      try host.lan.ip("route add 203.0.113.0/24 via 192.0.2.10\nroute add 2001:db8:f::/64 via 2001:db8::10")
      let ways = "--gateway 203.0.113.1 --gateway 2001:db8:f::1"
      let guests = try [("one-eth0", "7"), ("two-eth0", "8")].map { tap, end in
        try Station(
          tap, in: host.space, "--address 203.0.113.\(end) --address 2001:db8:f::\(end) \(ways)")
      }
      for end in ["7", "8"] {
        #expect(try lost(from: host.space, to: "203.0.113.\(end)") == 0, "host → \(end), IPv4")
        #expect(try lost(from: host.space, to: "2001:db8:f::\(end)") == 0, "host → \(end), IPv6")
        #expect(try lost(from: host.lan, to: "203.0.113.\(end)") == 0, "LAN → \(end), IPv4")
        #expect(try lost(from: host.lan, to: "2001:db8:f::\(end)") == 0, "LAN → \(end), IPv6")
      }
      for guest in guests { guest.leave() }
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test(
    "an address that the LAN has for itself is no guest's",
    arguments: ["192.0.2.1", "192.0.2.0", "192.0.2.255", "192.0.2.10", "2001:db8::1"])
  func taken(address: String) throws {
    try Host.with { host in
      let file = try host.files.write("g.conf", routed("address: \"\(address)\", proxy: eth1"))
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 65)
      #expect(outcome.stderr.contains(address), "\(outcome)")
    }
  }

  @Test(
    "routes that would take the host's own traffic to a guest are a `default-route` risk",
    arguments: ["\"0.0.0.0/0\"", "\"0.0.0.0/1\", \"128.0.0.0/1\"", "\"2000::/3\""])
  func takesDefault(routes: String) throws {
    try Host.with { host in
      try host.space.ip("route del default\nroute add default via 192.0.2.1 metric 100")
      let file = try host.files.write(
        "g.conf", routed("address: [203.0.113.7, \"2001:db8:f::7\"], routes: [\(routes)]"))
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 73)
      #expect((outcome.stdout + outcome.stderr).contains("default-route"), "\(outcome)")
    }
  }
}
