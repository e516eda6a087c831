import Testing
import Witness

@Suite(
  "`host` in a VLAN of its uplink", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)),
  .enabled(if: Gate.vlanFiltering, "kernel lacks bridge VLAN filtering"),
  .enabled(if: Gate.vlanLinks, "kernel lacks 802.1Q"))
struct VLANHostTests {
  static let text = """
    name: v
    allow: [default-route]
    networks:
      office: {uplink: eth1, host: {address: 10.50.0.2/24, gateway: 10.50.0.1, vlan: 50}}
    vms:
      plain: {nics: {eth0: {network: office, mac: "02:00:00:00:10:01"}}}
      same: {nics: {eth0: {network: office, vlan: 50, mac: "02:00:00:00:10:02"}}}

    """
  static let keep = text.replacing(
    "{uplink: eth1, host: {address: 10.50.0.2/24, gateway: 10.50.0.1, vlan: 50}}", with: "{uplink: eth1}")

  @Test("its addresses and default route are on an interface in that VLAN, and all comes back")
  func there() throws {
    try Host.with { host in
      let file = try host.files.write("v.conf", Self.text)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      #expect(try host.addresses("office.50") == ["10.50.0.2/24"])
      #expect(try host.addresses("office") == [])
      #expect(try host.addresses("eth1") == [])
      #expect(try host.routes(4, "default")[0]["dev"].text == "office.50")
      #expect(try host.vlans("office") == [50: []])
      #expect(try host.vlans("eth1") == [1: Host.native, 50: []])
      try host.tag(50, "10.50.0.1/24")
      #expect(try lost(from: host.space, to: "10.50.0.1") == 0, "the LAN's VLAN 50")
      let same = try Station("same-eth0", in: host.space, mac: "02:00:00:00:10:02", "--address 10.50.0.3/24")
      #expect(try same.lost(to: "10.50.0.2") == 0, "the host, from VLAN 50")
      same.leave()
      let plain = try Station(
        "plain-eth0", in: host.space, mac: "02:00:00:00:10:01",
        "--address 10.50.0.4/24 --address 192.0.2.4/24")
      #expect(try plain.lost(to: "192.0.2.1") == 0, "the untagged LAN")
      #expect(try plain.lost(to: "10.50.0.2") == 3, "the host, untagged")
      plain.leave()
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("from `keep` to a VLAN and back, the host is as it was")
  func changed() throws {
    try Host.with { host in
      let file = try host.files.write("v.conf", Self.keep)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      let kept = try host.comparableDump()
      for text in [Self.text, Self.text.replacing("vlan: 50}}", with: "vlan: 51}}"), Self.keep] {
        try host.files.write("v.conf", text)
        expect(try host.vnet("apply", file), exits: 0)
        expect(try host.vnet("plan", file), exits: 0)
      }
      expectEqual(kept.without("vlan_filtering"), try host.comparableDump().without("vlan_filtering"))
      #expect(try lost(from: host.space, to: "192.0.2.1") == 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a name that does not fit is a stem and a hash")
  func long() throws {
    try Host.with { host in
      let text = Self.text.replacing("office: {", with: "office-upstairs: {").replacing(
        "network: office", with: "network: office-upstairs")
      let file = try host.files.write("v.conf", text)
      expect(try host.vnet("apply", file), exits: 0)
      let found = try host.linkNames.filter { $0.hasPrefix("office-") && $0 != "office-upstairs" }
      #expect(found.count == 1 && found.first!.utf8.count == 15, "\(found)")
      expect(try host.vnet("plan", file), exits: 0)
    }
  }
}
