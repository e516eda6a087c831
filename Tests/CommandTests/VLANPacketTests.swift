import Testing
import Witness

@Suite(
  "VLANs, by packets", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)),
  .enabled(if: Gate.vlanFiltering, "kernel lacks bridge VLAN filtering"),
  .enabled(if: Gate.vlanLinks, "kernel lacks 802.1Q"))
struct VLANPacketTests {
  static let text = """
    name: v
    networks: {office: {uplink: eth1}}
    vms:
      a: {nics: {eth0: {network: office, vlan: 10, mac: "02:00:00:00:10:0a"}}}
      b: {nics: {eth0: {network: office, vlan: 10, mac: "02:00:00:00:10:0b"}}}
      c: {nics: {eth0: {network: office, vlan: 20, mac: "02:00:00:00:10:0c"}}}
      plain: {nics: {eth0: {network: office, mac: "02:00:00:00:10:01"}}}
      trunk: {nics: {eth0: {network: office, trunk: [10, 30-31], mac: "02:00:00:00:10:0f"}}}
      mixed: {nics: {eth0: {network: office, vlan: 20, trunk: [30], mac: "02:00:00:00:10:0e"}}}

    """

  /// A host with the file applied, and a LAN that is a trunk: `lan0.N` has 10.N.0.1/24 and says nothing unasked.
  private func applied(_ vlans: [Int], _ body: (Host) throws -> Void) throws {
    try Host.with { host in
      let file = try host.files.write("v.conf", Self.text)
      expect(try host.vnet("apply", file), exits: 0)
      for vlan in vlans {
        try host.lan.ip(
          """
          link add link lan0 name lan0.\(vlan) type vlan id \(vlan)
          link set lan0.\(vlan) addrgenmode none
          link set lan0.\(vlan) up
          addr add 10.\(vlan).0.1/24 dev lan0.\(vlan)
          """)
      }
      try body(host)
    }
  }

  /// A guest on the TAP of a VM; with `vlan` it tags its frames.
  private func guest(
    _ vm: String, _ host: Host, _ mac: String, _ addresses: String..., vlan: Int? = nil
  ) throws -> Station {
    let options = addresses.map { "--address \($0)" } + (vlan.map { ["--vlan \($0)"] } ?? [])
    return try Station(
      "\(vm)-eth0", in: host.space, mac: "02:00:00:00:10:\(mac)", options.joined(separator: " "))
  }

  @Test("an access NIC's frames cross the uplink with its tag; those of another VLAN are nothing to it")
  func access() throws {
    try applied([10, 20]) { host in
      let a = try guest("a", host, "0a", "10.10.0.2/24", "10.20.0.2/24")
      defer { a.leave() }
      #expect(try a.lost(to: "10.10.0.1") == 0, "VLAN 10 of the LAN")
      #expect(try lost(from: host.lan, to: "10.10.0.2") == 0, "from VLAN 10 of the LAN")
      #expect(try a.lost(to: "10.20.0.1") == 3, "VLAN 20 of the LAN")
      let c = try guest("c", host, "0c", "10.20.0.3/24", "10.10.0.3/24")
      defer { c.leave() }
      #expect(try c.lost(to: "10.20.0.1") == 0, "VLAN 20 of the LAN")
      #expect(try c.lost(to: "10.10.0.1") == 3, "VLAN 10 of the LAN")
    }
  }

  @Test("a NIC without a VLAN and the host share the uplink's untagged one")
  func untagged() throws {
    try applied([10]) { host in
      let plain = try guest("plain", host, "01", "192.0.2.50/24", "10.10.0.50/24")
      defer { plain.leave() }
      #expect(try plain.lost(to: "192.0.2.1") == 0, "the LAN")
      #expect(try plain.lost(to: "192.0.2.10") == 0, "the host")
      #expect(try plain.lost(to: "10.10.0.1") == 3, "VLAN 10 of the LAN")
      let a = try guest("a", host, "0a", "192.0.2.51/24")
      defer { a.leave() }
      #expect(try a.lost(to: "192.0.2.10") == 3, "the host, from VLAN 10")
      #expect(try a.lost(to: "192.0.2.50") == 3, "the NIC without a VLAN, from VLAN 10")
      #expect(try lost(from: host.space, to: "192.0.2.1") == 0, "the host itself")
    }
  }

  @Test("guests of one VLAN reach each other; those of two exchange no frame at all")
  func apart() throws {
    try applied([]) { host in
      let a = try guest("a", host, "0a", "10.0.0.1/24", "2001:db8:10::1/64")
      let b = try guest("b", host, "0b", "10.0.0.2/24", "2001:db8:10::2/64")
      let c = try guest("c", host, "0c", "10.0.0.3/24", "2001:db8:10::3/64")
      defer { for each in [a, b, c] { each.leave() } }
      #expect(try a.lost(to: "10.0.0.2") == 0)
      #expect(try b.lost(to: "2001:db8:10::1") == 0)
      let before = try received(host, "c-eth0")
      #expect(try a.lost(to: "10.0.0.3") == 3)
      #expect(try a.lost(to: "2001:db8:10::3") == 3)
      // To nobody: a frame that is flooded.
      #expect(try a.lost(to: "10.0.0.99") == 3)
      #expect(try received(host, "c-eth0") == before, "frames of VLAN 10 came to a guest in VLAN 20")
      #expect(try c.lost(to: "10.0.0.1") == 3)
    }
  }

  /// Frames that the host gave to the guest of a TAP.
  private func received(_ host: Host, _ tap: String) throws -> Int? {
    try host.space.json("ip -s -j link show dev \(tap)")[0]["stats64"]["tx"]["packets"].int
  }

  @Test("a trunk takes and gives the VLANs it names, tagged, and no others")
  func trunk() throws {
    try applied([10, 20, 30, 31]) { host in
      for vlan in [10, 30, 31] {
        let guest = try guest("trunk", host, "0f", "10.\(vlan).0.2/24", vlan: vlan)
        #expect(try guest.lost(to: "10.\(vlan).0.1") == 0, "VLAN \(vlan)")
        guest.leave()
      }
      let other = try guest("trunk", host, "0f", "10.20.0.2/24", vlan: 20)
      #expect(try other.lost(to: "10.20.0.1") == 3, "VLAN 20, which it does not name")
      other.leave()
      let untagged = try guest("trunk", host, "0f", "192.0.2.50/24")
      #expect(try untagged.lost(to: "192.0.2.1") == 3, "without a tag")
      untagged.leave()
    }
  }

  @Test("with `vlan` and `trunk` untagged frames are of the one, tagged of the others")
  func mixed() throws {
    try applied([20, 30]) { host in
      let untagged = try guest("mixed", host, "0e", "10.20.0.2/24")
      #expect(try untagged.lost(to: "10.20.0.1") == 0, "untagged, VLAN 20")
      untagged.leave()
      let tagged = try guest("mixed", host, "0e", "10.30.0.2/24", vlan: 30)
      #expect(try tagged.lost(to: "10.30.0.1") == 0, "tagged, VLAN 30")
      tagged.leave()
    }
  }

  @Test("filtering that begins or ends on a live bridge loses no packet of the host")
  func live() throws {
    try Host.with { host in
      let without = Self.text.replacing(", vlan: 10", with: "").replacing(", vlan: 20", with: "")
        .replacing(", trunk: [10, 30-31]", with: "").replacing(", trunk: [30]", with: "")
      let file = try host.files.write("v.conf", without)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try !host.filters("office"))
      let fresh = try host.comparableDump()
      let prober = try Prober("192.0.2.1", in: host.space)
      try host.files.write("v.conf", Self.text)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.filters("office"))
      expect(try host.vnet("plan", file), exits: 0)
      try host.files.write("v.conf", without)
      expect(try host.vnet("apply", file), exits: 0)
      prober.stop()
      let result = try prober.finish()
      #expect(result.lost == 0, "\(result)")
      #expect(try !host.filters("office"))
      expect(try host.vnet("plan", file), exits: 0)
      expectEqual(fresh, try host.comparableDump(), "as if it had never filtered")
    }
  }
}
