import Testing
import Witness

@Suite("several configurations on one host", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct OwnershipTests {
  private let office =
    "name: a\nnetworks: {office: {uplink: eth1}}\nvms: {a: {nics: {eth0: {network: office}}}}\n"
  private let routed = "name: b\nvms: {b: {nics: {eth0: {mode: tap, address: 203.0.113.7}}}}\n"
  private let proxied =
    "name: b\nvms: {b: {nics: {eth0: {mode: tap, address: 192.0.2.50, proxy: eth1}}}}\n"

  private func guest(_ address: String, on host: Host) throws -> Station {
    try Station("b-eth0", in: host.space, "--address \(address) --gateway 169.254.0.1")
  }

  @Test(
    "a guest is reached whichever comes first: its routed TAP, or another name's uplink",
    arguments: [true, false])
  func routedBesideUplink(routedFirst: Bool) throws {
    try Host.with { host in
      let a = try host.files.write("a.conf", office), b = try host.files.write("b.conf", routed)
      let before = try host.space.dump()
      try host.lan.ip("route add 203.0.113.0/24 via 192.0.2.10")
      for file in routedFirst ? [b, a] : [a, b] { expect(try host.vnet("apply", file), exits: 0) }
      let station = try guest("203.0.113.7", on: host)
      #expect(try lost(from: host.lan, to: "203.0.113.7") == 0, "beside the uplink")
      #expect(try host.space.json("ip -j rule show iif office").elements.count == 3)
      for file in [a, b] { expect(try host.vnet("plan", file), exits: 0) }
      expect(try host.vnet("remove", a), exits: 0)
      #expect(try lost(from: host.lan, to: "203.0.113.7") == 0, "after the uplink was given back")
      expect(try host.vnet("plan", b), exits: 0)
      station.leave()
      expect(try host.vnet("remove", b), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a proxy is on the bridge that another name has over the hardware", arguments: [true, false])
  func proxyBesideUplink(routedFirst: Bool) throws {
    try Host.with { host in
      let a = try host.files.write("a.conf", office), b = try host.files.write("b.conf", proxied)
      let before = try host.space.dump()
      for file in routedFirst ? [b, a] : [a, b] { expect(try host.vnet("apply", file), exits: 0) }
      let station = try guest("192.0.2.50", on: host)
      #expect(try host.space.json("ip -j neigh show proxy").elements.map { $0["dev"].text } == ["office"])
      #expect(try lost(from: host.lan, to: "192.0.2.50") == 0)
      for file in [a, b] { expect(try host.vnet("plan", file), exits: 0) }
      expect(try host.vnet("remove", a), exits: 0)
      #expect(try lost(from: host.lan, to: "192.0.2.50") == 0, "after the uplink was given back")
      expect(try host.vnet("plan", b), exits: 0)
      station.leave()
      expect(try host.vnet("remove", b), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("another name's guest rules follow a bridge that is renamed")
  func renamedBridge() throws {
    try Host.with { host in
      let a = try host.files.write("a.conf", office), b = try host.files.write("b.conf", routed)
      for file in [a, b] { expect(try host.vnet("apply", file), exits: 0) }
      try host.files.write(
        "a.conf",
        office.replacing("networks: {office: {", with: "networks: {work: {was: office, ")
          .replacing("network: office", with: "network: work"))
      expect(try host.vnet("apply", a), exits: 0)
      #expect(try host.space.json("ip -j rule show iif work").elements.count == 3)
      #expect(try host.space.json("ip -j rule show iif office").elements.isEmpty)
      for file in [a, b] { expect(try host.vnet("plan", file), exits: 0) }
    }
  }

  @Test("a guest that another name has is refused by that name")
  func sameGuest() throws {
    try Host.with { host in
      let a = try host.files.write("a.conf", routed.replacing("name: b", with: "name: first"))
      let b = try host.files.write(
        "b.conf", "name: second\nvms: {c: {nics: {eth0: {mode: tap, address: 203.0.113.7}}}}\n")
      expect(try host.vnet("apply", a), exits: 0)
      let outcome = try host.vnet("apply", b)
      expect(outcome, exits: 65)
      #expect(outcome.stderr.contains("'first'"), "\(outcome)")
    }
  }

  @Test("a subnet that another name has is refused")
  func sameSubnet() throws {
    try Host.with { host in
      let text = "networks: {N: {address: 10.7.0.1/24, dhcp: false, dns: false, ra: false}}\n"
      let a = try host.files.write("a.conf", "name: first\n" + text.replacing("N", with: "one"))
      let b = try host.files.write("b.conf", "name: second\n" + text.replacing("N", with: "two"))
      expect(try host.vnet("apply", a), exits: 0)
      expect(try host.vnet("apply", b), exits: 65)
    }
  }

  @Test("without its ledger `remove` leaves the guards and says so; an apply before it mends that")
  func lostLedger() throws {
    try Host.with { host in
      let b = try host.files.write("b.conf", routed)
      let before = try host.space.dump()
      expect(try host.vnet("apply", b), exits: 0)
      let elsewhere = ["--state-dir", host.files.path + "/elsewhere"]
      expect(try host.vnet(["apply", b] + elsewhere), exits: 0)
      try host.space.run(["rm", "-rf", host.files.path + "/elsewhere"])
      let outcome = try host.vnet(["remove", b] + elsewhere)
      expect(outcome, exits: 0)
      #expect((outcome.stdout + outcome.stderr).contains("no ledger"), "\(outcome)")
      #expect(try host.space.json("ip -j rule show iif eth1").elements.count == 3)
      let third = ["--state-dir", host.files.path + "/third"]
      expect(try host.vnet(["apply", b] + third), exits: 0)
      expect(try host.vnet(["remove", b] + third), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }
}
