import Testing
import Witness

@Suite("what others do later", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct LaterChangesTests {
  @Test("a host that becomes a router later is no longer guarded, and stays one after remove")
  func becomesRouter() throws {
    try Host.with(secondUplink: true) { host in
      guard let lan2 = host.lan2 else { return }
      try host.lan.ip("route add 198.51.100.0/24 via 192.0.2.10")
      try lan2.ip("route add default via 198.51.100.10")
      let file = try host.files.write(
        "b.conf", "name: b\nvms: {b: {nics: {eth0: {mode: tap, address: 203.0.113.7}}}}\n")
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try lost(from: host.lan, to: "198.51.100.1", count: 2) == 2)
      try host.space.sysctl("net.ipv4.ip_forward=1")
      expect(try host.vnet("plan", file), exits: 2)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try lost(from: host.lan, to: "198.51.100.1", count: 2) == 0, "after apply")
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try lost(from: host.lan, to: "198.51.100.1", count: 2) == 0, "after remove")
      #expect(try host.space.setting("ipv4/conf/eth1/forwarding") == "1")
      #expect(try host.space.json("ip -j rule show iif eth1").elements.isEmpty)
    }
  }

  @Test("an interface that was not to forward on a router stays guarded")
  func exceptOne() throws {
    try Host.with { host in
      try host.space.sysctl("net.ipv4.ip_forward=1", "net.ipv4.conf.eth1.forwarding=0")
      let file = try host.files.write(
        "b.conf", "name: b\nvms: {b: {nics: {eth0: {mode: tap, address: 203.0.113.7}}}}\n")
      let before = try host.space.dump()
      for _ in 1...2 { expect(try host.vnet("apply", file), exits: 0) }
      #expect(try host.space.json("ip -j rule show iif eth1").elements.count == 3)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }
}
