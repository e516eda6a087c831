import Testing
import Witness

@Suite(
  "VLANs on bridges of others and of our own", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)),
  .enabled(if: Gate.vlanFiltering, "kernel lacks bridge VLAN filtering"))
struct VLANBridgeTests {
  /// A bridge of somebody else that filters, with a port in several VLANs.
  private func foreign(_ host: Host, pvid: Int = 1) throws {
    try host.space.ip(
      """
      link add name br9 type bridge vlan_filtering 1 vlan_default_pvid \(pvid)
      link set br9 addrgenmode none
      link set br9 up
      tuntap add foreign0 mode tap
      link set foreign0 addrgenmode none
      link set foreign0 master br9 up
      """)
    for command in [
      "vlan add dev foreign0 vid 30", "vlan add dev foreign0 vid 100-110",
      "vlan add dev br9 vid 7 self",
    ] {
      try must(host.space.command(["bridge"] + command.words))
    }
  }

  static let text = """
    name: v
    networks: {theirs: {existing: br9}}
    vms:
      a: {nics: {eth0: {network: theirs, vlan: 30}}}
      b: {nics: {eth0: {network: theirs, trunk: [7, 100-103]}}}
      c: {nics: {eth0: {network: theirs}}}

    """

  @Test("on an `existing` bridge that filters, our ports have what the file names and foreign entries stay")
  func existing() throws {
    try Host.with { host in
      try foreign(host)
      let file = try host.files.write("v.conf", Self.text)
      let before = try host.space.dump()
      let theirs = try [host.vlans("br9"), host.vlans("foreign0")]
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vlans("a-eth0") == [30: Host.native])
      #expect(try host.vlans("b-eth0") == [7: [], 100: [], 101: [], 102: [], 103: []])
      #expect(try host.vlans("c-eth0") == [1: Host.native])
      #expect(try [host.vlans("br9"), host.vlans("foreign0")] == theirs)
      expect(try host.vnet("plan", file), exits: 0)
      try host.files.write("v.conf", Self.text.replacing("vlan: 30", with: "vlan: 31"))
      #expect(try host.plan(file).changes.map(\.description) == ["change link/a-eth0"])
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vlans("a-eth0") == [31: Host.native])
      #expect(try [host.vlans("br9"), host.vlans("foreign0")] == theirs)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test(
    "a NIC without a VLAN on an `existing` bridge is where that bridge puts its ports", arguments: [100, 0])
  func usual(_ pvid: Int) throws {
    try Host.with { host in
      try foreign(host, pvid: pvid)
      let file = try host.files.write("v.conf", Self.text)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vlans("c-eth0") == (pvid == 0 ? [:] : [pvid: Host.native]))
      #expect(try host.vlans("a-eth0") == [30: Host.native])
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("an `existing` bridge that does not filter: exit 69 where a NIC names a VLAN, and nothing changed")
  func unfiltered() throws {
    try Host.with { host in
      try host.space.ip("link add name br9 type bridge\nlink set br9 up")
      let file = try host.files.write("v.conf", Self.text)
      let before = try host.space.dump()
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 69)
      #expect(outcome.stderr.contains("vlan_filtering 1"), "\(outcome)")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a segment of its own carries VLANs without an uplink")
  func internalSegment() throws {
    try Host.with { host in
      let file = try host.files.write(
        "v.conf",
        """
        name: v
        networks: {lab: {}}
        vms:
          a: {nics: {eth0: {network: lab, vlan: 4094, mac: "02:00:00:00:10:0a"}}}
          b: {nics: {eth0: {network: lab, trunk: [2-4094], mac: "02:00:00:00:10:0b"}}}

        """)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vlans("b-eth0").keys.sorted() == Array(2...4094))
      #expect(try host.vlans("lab").isEmpty)
      expect(try host.vnet("plan", file), exits: 0)
      let a = try Station("a-eth0", in: host.space, mac: "02:00:00:00:10:0a", "--address 10.0.0.1/24")
      let b = try Station(
        "b-eth0", in: host.space, mac: "02:00:00:00:10:0b", "--address 10.0.0.2/24 --vlan 4094")
      #expect(try a.lost(to: "10.0.0.2") == 0)
      a.leave()
      b.leave()
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a NIC that moves between a network that filters and one that does not takes no VLAN along")
  func moved() throws {
    try Host.with { host in
      let text = """
        name: v
        networks: {tagged: {}, flat: {}}
        vms:
          a: {nics: {eth0: {network: tagged, vlan: 10}}}
          b: {nics: {eth0: {network: tagged, vlan: 10}}}
          c: {nics: {eth0: {network: flat}}}

        """
      let file = try host.files.write("v.conf", text)
      expect(try host.vnet("apply", file), exits: 0)
      let fresh = try host.comparableDump()
      try host.files.write(
        "v.conf",
        text.replacing(
          "a: {nics: {eth0: {network: tagged, vlan: 10}}}", with: "a: {nics: {eth0: {network: flat}}}"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vlans("a-eth0").isEmpty)
      expect(try host.vnet("plan", file), exits: 0)
      try host.files.write("v.conf", text)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vlans("a-eth0") == [10: Host.native])
      expect(try host.vnet("plan", file), exits: 0)
      expectEqual(fresh, try host.comparableDump())
    }
  }

  @Test("`native` changes in place, and the host's own addresses and routes stay")
  func nativeChanges() throws {
    try Host.with { host in
      let file = try host.files.write("v.conf", VLANTests.text)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      try host.files.write("v.conf", VLANTests.text.replacing("native: 5", with: "native: 6"))
      let changes = try host.plan(file).changes
      #expect(Set(changes.map(\.description)) == ["change link/office", "change link/eth1"])
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vlans("office") == [6: Host.native])
      #expect(try host.vlans("eth1")[6] == Host.native)
      #expect(try host.vlans("eth1")[5] == nil)
      #expect(try lost(from: host.space, to: "192.0.2.1") == 0)
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }
}
