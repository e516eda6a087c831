import Testing
import Witness

@Suite("zones of firewalld", .enabled(if: Gate.firewalld, "\(Gate.firewalldComment)"))
struct FirewalldZoneTests {
  private static let rest =
    "networks: {net: {address: 10.7.0.1/24, nat: true, dhcp: false, dns: false}}\nvms: {one: {nics: {eth0: {network: net}}}, two: {nics: {eth0: {mode: tap, address: 203.0.113.7}}}}\n"

  private static func text(_ zone: String?) -> String {
    "name: z\n" + (zone.map { "coexist: {firewalld: \($0)}\n" } ?? "") + rest
  }

  private func with(_ zone: String?, _ body: (Host, Firewalld, _ file: String) throws -> Void) throws {
    try FirewalldTests.beside { host, firewalld in
      try body(host, firewalld, try host.files.write("z.conf", Self.text(zone)))
    }
  }

  @Test("the zone that an interface had before comes back, and another one is changed in place")
  func former() throws {
    try with("trusted") { host, firewalld, file in
      try firewalld.add("net", to: "internal")
      let (before, zones) = (try host.space.dump(), try firewalld.activeZones)
      expect(try host.vnet("apply", file), exits: 0)
      try #expect(firewalld.activeZones == ["trusted": ["net", "two-eth0"]])
      try host.files.write("z.conf", Self.text("home"))
      let plan = try host.vnet("plan", file)
      #expect(plan.stdout.contains("~ firewalld zone of net  trusted → home"), "\(plan)")
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      try #expect(firewalld.activeZones == ["home": ["net", "two-eth0"]])
      try host.files.write("z.conf", Self.text(nil))
      expect(try host.vnet("apply", file), exits: 0)
      try #expect(firewalld.activeZones == zones)
      expect(try host.vnet("remove", file), exits: 0)
      try #expect(firewalld.activeZones == zones)
      expectEqual(before.without("home"), try host.space.dump().without("home"))
    }
  }

  @Test("what somebody has decided since then stands")
  func foreign() throws {
    try with("trusted") { host, firewalld, file in
      expect(try host.vnet("apply", file), exits: 0)
      try firewalld.move("net", to: "internal")
      expect(try host.vnet("remove", file), exits: 0)
      try #expect(firewalld.activeZones == ["internal": ["net"]])
    }
  }

  @Test("a zone that is not there is an error that names those that are")
  func unknown() throws {
    try with("dmz-2") { host, _, file in
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 69)
      #expect(plan.stderr.contains("firewalld has no zone 'dmz-2'"), "\(plan)")
      #expect(plan.stderr.contains("block, dmz, drop, external, home, internal, public, trusted, work"))
    }
  }

  @Test("where firewalld does not run, the key is an error that says what to do; `remove` needs it not")
  func stopped() throws {
    try with("trusted") { host, firewalld, file in
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      firewalld.stop()
      for command in ["plan", "apply"] {
        let outcome = try host.vnet(command, file)
        expect(outcome, exits: 69)
        #expect(outcome.stderr.contains("firewalld does not answer: it is not running"), "\(outcome)")
        #expect(outcome.stderr.contains("systemctl start firewalld"))
      }
      expect(try host.vnet("remove", file), exits: 0)
      try firewalld.start()
      try #expect(firewalld.activeZones.isEmpty)
      try firewalld.use("trusted", "internal")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a firewalld of another network namespace is none of this one's")
  func elsewhere() throws {
    try with("trusted") { host, firewalld, file in
      try Host.with { plain in
        var other = plain
        other.space.variables = [firewalld.address]
        let outcome = try other.vnet("apply", file)
        expect(outcome, exits: 69)
        #expect(outcome.stderr.contains("in another network namespace"), "\(outcome)")
        other.space.variables = ["DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent/bus"]
        let without = try other.vnet("plan", file)
        expect(without, exits: 69)
        #expect(without.stderr.contains("no message bus answers"), "\(without)")
      }
    }
  }

  @Test("without the key firewalld is not asked")
  func unasked() throws {
    try with(nil) { host, _, file in
      let trace = host.files.path + "/trace"
      let outcome = try host.space.run([
        "strace", "-f", "-qq", "-o", trace, "-e", "trace=connect", Tools.vnetApply, "apply", file,
      ])
      expect(outcome, exits: 0)
      try #expect(!host.files.read("trace").contains("/bus"))
      expect(try host.vnet("remove", file), exits: 0)
    }
  }

  @Test("two configurations bind interfaces of their own, each to its zone")
  func two() throws {
    try FirewalldTests.beside { host, firewalld in
      let files = try [("a", "trusted", 20), ("b", "internal", 21)].map { name, zone, number in
        try host.files.write(
          "\(name).conf",
          "name: \(name)\ncoexist: {firewalld: \(zone)}\nnetworks: {net\(name): {address: 10.\(number).0.1/24, nat: true, dhcp: false, dns: false}}\n"
        )
      }
      for file in files { expect(try host.vnet("apply", file), exits: 0) }
      for file in files { expect(try host.vnet("plan", file), exits: 0) }
      try #expect(firewalld.activeZones == ["trusted": ["neta"], "internal": ["netb"]])
      expect(try host.vnet("remove", files[0]), exits: 0)
      try #expect(firewalld.activeZones == ["internal": ["netb"]])
      expect(try host.vnet("remove", files[1]), exits: 0)
      try #expect(firewalld.activeZones.isEmpty)
    }
  }

  @Test("`--only` binds the interfaces of its guests, and a part that goes takes its own along")
  func parts() throws {
    try with("trusted") { host, firewalld, file in
      let before = try host.space.dump()
      expect(try host.vnet("apply", "--only", "two", file), exits: 0)
      try #expect(firewalld.activeZones == ["trusted": ["two-eth0"]])
      expect(try host.vnet("apply", file), exits: 0)
      try #expect(firewalld.activeZones == ["trusted": ["net", "two-eth0"]])
      expect(try host.vnet("remove", file, "two"), exits: 0)
      try #expect(firewalld.activeZones == ["trusted": ["net"]])
      expect(try host.vnet("remove", "--name", "z", "one"), exits: 0)
      try #expect(firewalld.activeZones == ["trusted": ["net"]])
      expect(try host.vnet("remove", file), exits: 0)
      try #expect(firewalld.activeZones.isEmpty)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a plan that was saved binds interfaces as it says")
  func saved() throws {
    try with("trusted") { host, firewalld, file in
      try firewalld.add("net", to: "internal")
      let path = host.files.path + "/z.plan"
      expect(try host.vnet("plan", "--out", path, file), exits: 2)
      expect(try host.vnet("apply", "--plan", path), exits: 0)
      try #expect(firewalld.activeZones == ["trusted": ["net", "two-eth0"]])
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      try #expect(firewalld.activeZones == ["internal": ["net"]])
    }
  }

  // MARK: Faults

  /// What a run says and hears on the message bus.
  private static let calls = "connect,sendto,recvfrom"

  @Test("killed at any word on the message bus, recovery leaves all of an apply or nothing")
  func killed() throws {
    try with("trusted") { host, firewalld, file in
      try firewalld.add("net", to: "internal")
      let (before, zones) = (try host.space.dump(), try firewalld.activeZones)
      let calls = try host.calls(Self.calls, ["apply", file], follows: false)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(calls.count > 20)
      for call in Campaign.some(of: calls, usually: 4) {
        var injection = Injection(at: call, .signal("KILL"))
        injection.follows = false
        _ = try host.vnet(["apply", file], injection)
        expect(try host.vnet("recover"), exits: 0)
        if try host.linkNames.contains("net") {
          expect(try host.vnet("plan", file), exits: 0)
          expect(try host.vnet("remove", file), exits: 0)
        }
        try #expect(firewalld.activeZones == zones, "\(injection)")
        expectEqual(before, try host.space.dump(), "\(injection)")
      }
    }
  }

  @Test("whichever word on the message bus fails, the apply ends as it says: all of it, or nothing")
  func failing() throws {
    try with("trusted") { host, firewalld, file in
      let (before, zones) = (try host.space.dump(), try firewalld.activeZones)
      let calls = try host.calls(Self.calls, ["apply", file], follows: false)
      expect(try host.vnet("remove", file), exits: 0)
      for call in Campaign.some(of: calls, usually: 4) {
        var injection = Injection(at: call, .error("ECONNRESET"))
        injection.follows = false
        let (outcome, _) = try host.vnet(["apply", file], injection)
        #expect([0, 1, 69].contains(outcome.code), "\(injection): \(outcome)")
        if outcome.code == 0 { expect(try host.vnet("remove", file), exits: 0) }
        try #expect(firewalld.activeZones == zones, "\(injection)")
        expectEqual(before, try host.space.dump(), "\(injection)")
      }
    }
  }
}
