import Testing
import Witness

@Suite("an uplink and its neighbours", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct UplinkTests {
  private static let office = """
    name: n
    networks: {office: {uplink: eth1}}
    vms: {a: {nics: {eth0: {network: office}}}}
    """

  /// A port that looks like an uplink, on `bridge`.
  private func addPort(_ bridge: String, on host: Host) throws {
    try host.space.ip(
      """
      link add ve-c type veth peer name ve-p
      link set ve-c addrgenmode none
      link set ve-c master \(bridge) up
      """)
  }

  private func expectReachable(_ host: Host, _ comment: Comment) throws {
    try host.space.ip("neigh flush all")
    try host.lan.ip("neigh flush all")
    let ping = try host.lan.run(["ping", "-c2", "-i0.3", "-W2", "192.0.2.10"])
    #expect(ping.code == 0, comment)
  }

  @Test("somebody's port on the bridge of an uplink stays a port, and no apply changes anything")
  func foreignPort() throws {
    try Host.with { host in
      let file = try host.files.write("n.conf", Self.office)
      expect(try host.vnet("apply", file), exits: 0)
      try addPort("office", on: host)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      expectEqual(before, try host.space.dump())
      expect(try host.vnet("remove", file), exits: 73)
      try host.space.ip("link del ve-c")
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try host.addresses("eth1").contains("192.0.2.10/24"))
    }
  }

  @Test("somebody's port on an internal network stays a port, and `remove` is refused as in-use")
  func foreignPortInside() throws {
    try Host.with { host in
      let file = try host.files.write(
        "n.conf", "name: n\nnetworks: {inner: {}}\nvms: {a: {nics: {eth0: {network: inner}}}}\n")
      expect(try host.vnet("apply", file), exits: 0)
      try addPort("inner", on: host)
      expect(try host.vnet("plan", file), exits: 0)
      let before = try host.space.dump()
      let refused = try host.vnet("remove", file)
      expect(refused, exits: 73)
      #expect(refused.output.contains("ve-c"), "\(refused)")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("an uplink that makes no IPv6 addresses itself comes back")
  func withoutGeneration() throws {
    try Host.with { host in
      try host.space.ip("link set eth1 addrgenmode none\naddr del fe80::5eff:fe00:101/64 dev eth1")
      let before = try host.space.dump()
      let file = try host.files.write("n.conf", Self.office)
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("with its ledger lost, an uplink still comes back")
  func ledgerLost() throws {
    try Host.with { host in
      let file = try host.files.write("n.conf", Self.office)
      expect(try host.vnet("apply", file), exits: 0)
      try must(["rm", "-rf", "/run/vnet-apply/\(try #require(host.space.cookie))"])
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try host.addresses("eth1").contains("192.0.2.10/24"))
      try expectReachable(host, "after remove")
    }
  }

  @Test("an uplink that moves to another network takes the host along, and everything comes back")
  func toAnotherNetwork() throws {
    try Host.with { host in
      let before = try host.space.dump()
      let file = try host.files.write("n.conf", Self.office)
      expect(try host.vnet("apply", file), exits: 0)
      try host.files.write("n.conf", Self.office.replacing("office", with: "work"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.addresses("work").contains("192.0.2.10/24"))
      #expect(try host.addresses("eth1").isEmpty)
      #expect(try host.routes(4, "default").first?["dev"].text == "work")
      #expect(try host.routes(6, "default").first?["dev"].text == "work")
      try expectReachable(host, "on the new bridge")
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("an uplink moves to a network where the host has other addresses, and everything comes back")
  func toStated() throws {
    try Host.with { host in
      let before = try host.space.dump()
      let file = try host.files.write("n.conf", Self.office)
      expect(try host.vnet("apply", file), exits: 0)
      try host.files.write(
        "n.conf",
        Self.office.replacing("office", with: "work").replacing(
          "uplink: eth1", with: "uplink: eth1, host: {address: [192.0.2.10/24], gateway: [192.0.2.1]}"))
      expect(try host.vnet("apply", "--allow", "default-route", file), exits: 0)
      try expectReachable(host, "with the stated address")
      try host.files.write("n.conf", Self.office.replacing("office", with: "third"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.addresses("third").contains("192.0.2.10/24"))
      try expectReachable(host, "with the host's own address")
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("two uplinks that change places take their addresses along")
  func swapped() throws {
    try Host.with(secondUplink: true) { host in
      let before = try host.space.dump()
      let text = "name: n\nnetworks: {left: {uplink: eth1}, right: {uplink: eth2}}\n"
      let file = try host.files.write("n.conf", text)
      expect(try host.vnet("apply", file), exits: 0)
      try host.files.write("n.conf", "name: n\nnetworks: {left: {uplink: eth2}, right: {uplink: eth1}}\n")
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.addresses("right").contains("192.0.2.10/24"))
      #expect(try host.addresses("left").contains("198.51.100.10/24"))
      #expect(try host.routes(4, "default").first?["dev"].text == "right")
      try expectReachable(host, "after the swap")
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("`remove` is refused as in-use while another name has a NIC on the bridge")
  func othersNIC() throws {
    try Host.with { host in
      let file = try host.files.write("n.conf", Self.office)
      let other = try host.files.write(
        "other.conf",
        "name: other\nnetworks: {theirs: {existing: office}}\nvms: {b: {nics: {eth0: {network: theirs}}}}\n")
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("apply", other), exits: 0)
      let before = try host.space.dump()
      let refused = try host.vnet("remove", file)
      expect(refused, exits: 73)
      #expect(refused.output.contains("b-eth0"), "\(refused)")
      expectEqual(before, try host.space.dump())
      expect(try host.vnet("remove", other), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
    }
  }

  @Test("an uplink that got another name meanwhile comes back as it was", arguments: ["keep", "none"])
  func renamed(host mode: String) throws {
    try Host.with { host in
      let mode0 = try host.link("eth1")["inet6_addr_gen_mode"]
      let text = "name: n\nnetworks: {office: {uplink: eth1, host: \(mode)}}\n"
      let file = try host.files.write("n.conf", text)
      expect(try host.vnet("apply", "--allow", "default-route", file), exits: 0)
      try host.space.ip("link set eth1 down\nlink set eth1 name lan5\nlink set lan5 up")
      try host.files.write("n.conf", text.replacing("eth1", with: "lan5"))
      expect(try host.vnet("apply", "--allow", "default-route", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try host.link("lan5")["inet6_addr_gen_mode"] == mode0)
      #expect(try host.addresses("lan5") == ["192.0.2.10/24", "2001:db8::10/64"])
      #expect(try host.routes(4, "default").first?["dev"].text == "lan5")
    }
  }

  @Test("an uplink under NetworkManager takes the prefixes along that it states itself, and gets them back")
  func managed() throws {
    try Host.with { host in
      // As NetworkManager writes them: each address with `noprefixroute`, its prefix as the kernel would have made it.
      try host.space.ip(
        """
        link set eth1 addrgenmode none
        addr flush dev eth1
        addr add 192.0.2.10/24 brd + dev eth1 noprefixroute
        addr add 2001:db8::10/64 dev eth1 noprefixroute nodad
        addr add fe80::10/64 dev eth1 noprefixroute nodad
        route add 192.0.2.0/24 dev eth1 proto kernel scope link src 192.0.2.10 metric 100
        route add default via 192.0.2.1 dev eth1 proto dhcp src 192.0.2.10 metric 100
        route add 2001:db8::/64 dev eth1 proto kernel metric 100
        route add fe80::/64 dev eth1 proto kernel metric 1024
        route replace ::/0 via 2001:db8::1 dev eth1 proto static metric 100
        """)
      let before = try host.space.dump()
      let file = try host.files.write("n.conf", Self.office)
      expect(try host.vnet("apply", "--allow", "managed-uplink", file), exits: 0)
      #expect(try host.routes(4, "192.0.2.0/24").map { $0["dev"].text } == ["office"])
      #expect(try host.routes(4, "default").map { $0["dev"].text } == ["office"])
      try expectReachable(host, "on the bridge")
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", "--allow", "managed-uplink", file), exits: 0)
      expectEqual(before, try host.space.dump())
      try expectReachable(host, "on the uplink again")
    }
  }

  @Test("a macvlan on the uplink is named, and refused before anything changes")
  func macvlan() throws {
    try Host.with { host in
      try host.space.ip("link add link eth1 name mv0 type macvlan")
      let file = try host.files.write("n.conf", Self.office)
      let before = try host.space.dump()
      let refused = try host.vnet("apply", file)
      expect(refused, exits: 65)
      #expect(refused.output.contains("mv0"), "\(refused)")
      expectEqual(before, try host.space.dump())
    }
  }
}

@Suite("a saved plan and what came since", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct SavedPlanStalenessTests {
  private func expectStale(_ body: (Host) throws -> Void) throws {
    try Host.with { host in
      let file = try host.files.write("n.conf", "name: n\nnetworks: {office: {uplink: eth1}}\n")
      let plan = host.files.path + "/plan.json"
      expect(try host.vnet("plan", "--out", plan, file), exits: 2)
      try body(host)
      let before = try host.space.dump()
      expect(try host.vnet("apply", "--plan", plan), exits: 1)
      expectEqual(before, try host.space.dump())
      expect(try host.vnet("plan", "--out", plan, file), exits: 2)
      expect(try host.vnet("apply", "--plan", plan), exits: 0)
    }
  }

  @Test("a rule that names the uplink makes it stale")
  func rule() throws { try expectStale { try $0.space.ip("rule add iif eth1 table 9 priority 99") } }

  @Test("a setting of the uplink makes it stale")
  func setting() throws { try expectStale { try $0.space.sysctl("net.ipv4.conf.eth1.rp_filter=2") } }
}
