import Testing
import Witness

extension Host {
  /// The flags of a VLAN whose frames are untagged on a port.
  static let native: Set = ["PVID", "Egress Untagged"]

  /// VLAN → its flags on a port, as `bridge vlan` shows them.
  func vlans(_ port: String) throws -> [Int: Set<String>] {
    var found: [Int: Set<String>] = [:]
    for entry in try space.json("bridge -j vlan show dev \(port)")[0]["vlans"].elements {
      let first = entry["vlan"].int ?? 0
      for vlan in first...(entry["vlanEnd"].int ?? first) {
        found[vlan] = Set(entry["flags"].elements.compactMap(\.text))
      }
    }
    return found
  }

  /// Whether a bridge filters by VLAN.
  func filters(_ bridge: String) throws -> Bool {
    try link(bridge)["linkinfo"]["info_data"]["vlan_filtering"].int == 1
  }
}

@Suite(
  "VLANs on ports", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)),
  .enabled(if: Gate.vlanFiltering, "kernel lacks bridge VLAN filtering"))
struct VLANTests {
  static let text = """
    name: v
    networks: {office: {uplink: eth1, native: 5}}
    vms:
      access: {nics: {eth0: {network: office, vlan: 10}}}
      trunk: {nics: {eth0: {network: office, trunk: [20, 30-31]}}}
      both: {nics: {eth0: {network: office, vlan: 40, trunk: [41]}}}

    """

  @Test("access, trunk and native are exactly what the file names, and the uplink carries only those")
  func ports() throws {
    try Host.with { host in
      let file = try host.files.write("v.conf", Self.text)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.filters("office"))
      // The host is on the uplink's untagged VLAN.
      #expect(try host.vlans("office") == [5: Host.native])
      #expect(try host.vlans("access-eth0") == [10: Host.native])
      #expect(try host.vlans("trunk-eth0") == [20: [], 30: [], 31: []])
      #expect(try host.vlans("both-eth0") == [40: Host.native, 41: []])
      #expect(try host.vlans("eth1") == [5: Host.native, 10: [], 20: [], 30: [], 31: [], 40: [], 41: []])
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("changing a NIC's VLAN is in place and concerns its port and the uplink's")
  func changed() throws {
    try Host.with { host in
      let file = try host.files.write("v.conf", Self.text)
      expect(try host.vnet("apply", file), exits: 0)
      let index = try host.link("access-eth0")["ifindex"]
      try host.files.write("v.conf", Self.text.replacing("vlan: 10", with: "vlan: 12"))
      let plan = try host.plan(file)
      #expect(
        plan.changes.allSatisfy { $0.id.contains("access-eth0") || $0.id.contains("eth1") }, "\(plan.changes)"
      )
      #expect(plan.changes.allSatisfy { $0.action == "change" }, "\(plan.changes)")
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vlans("access-eth0").keys.sorted() == [12])
      #expect(try host.vlans("eth1")[10] == nil)
      #expect(try host.link("access-eth0")["ifindex"] == index)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }
}

@Suite(
  "VLANs where the kernel cannot", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)),
  .enabled(if: !Gate.vlanFiltering, "kernel has bridge VLAN filtering"))
struct NoVLANTests {
  @Test("a file that names a VLAN passes check and exits 69 at apply, nothing changed")
  func lacking() throws {
    try Host.with { host in
      let file = try host.files.write("v.conf", VLANTests.text)
      let before = try host.space.dump()
      expect(try host.vnet("check", file), exits: 0)
      expect(try host.vnet("apply", file), exits: 69)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test(
    "so do a port group and a host in a VLAN: exit 69 says what the kernel lacks",
    arguments: [
      "{office: {}, red: {network: office, vlan: 10, address: 10.10.0.1/24}}",
      "{office: {uplink: eth1, host: {address: 10.50.0.2/24, vlan: 50}}}",
    ])
  func interfaces(_ networks: String) throws {
    try Host.with { host in
      let file = try host.files.write("v.conf", "name: v\nnetworks: \(networks)\n")
      let before = try host.space.dump()
      expect(try host.vnet("check", file), exits: 0)
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 69)
      #expect(outcome.stderr.contains("this kernel cannot filter VLANs on bridges"), "\(outcome)")
      expectEqual(before, try host.space.dump())
    }
  }
}
