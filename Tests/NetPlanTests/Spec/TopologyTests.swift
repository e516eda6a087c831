import NetPlan
import Testing

@Suite("Topology")
struct TopologyTests {
  @Test("a good file means exactly this", arguments: Fixture.all("topology"))
  func text(_ fixture: Fixture) {
    do {
      fixture.expect(try fixture.load().topology.text)
    } catch {
      Issue.record("\(error.text)")
    }
  }

  static func load(_ text: String) throws -> Topology {
    try Configuration.load(
      [SourceFile(path: "lab.conf", text: text)], defaultName: "lab",
      seed: Seed(machineID: "0123456789abcdef")
    ).topology
  }

  @Test("a position points at what the file says")
  func positions() throws {
    let topology = try Self.load(
      """
      networks: {office: {uplink: eth1}}
      defaults: {limit: {in: 10mbit}}
      vms:
        web:
          nics:
            eth0: {network: office, mtu: 1400}
      """)
    let nic = try #require(topology.vms.first?.nics.first)
    #expect(nic.position == SourcePosition(file: 0, line: 6, column: 7))
    #expect(nic.mtu?.position == SourcePosition(file: 0, line: 6, column: 36))
    #expect(nic.written["mtu"] == SourcePosition(file: 0, line: 6, column: 31))
    #expect(nic.written["limit"] == SourcePosition(file: 0, line: 2, column: 12))
    #expect(nic.written["limit.in"] == SourcePosition(file: 0, line: 2, column: 20))
    guard case .uplink(let uplink) = topology.networks[0].segment else {
      Issue.record("no uplink")
      return
    }
    #expect(uplink.position == SourcePosition(file: 0, line: 1, column: 29))
  }

  @Test("derived MACs are stations, locally administered, and another for every NIC, host side and bridge")
  func derivedMACs() throws {
    let topology = try Self.load(
      "networks: {a: {}, b: {}}\nvms: {r: {count: 500, nics: {eth0: {network: a}, eth1: {network: b}}}}\n")
    let nics = topology.vms.flatMap(\.nics)
    let all = nics.map(\.mac) + nics.map(\.hostMAC) + topology.networks.map(\.derivedMAC)
    #expect(all.count == 2002)
    #expect(Set(all).count == all.count)
    #expect(all.allSatisfy { $0.isLocallyAdministered && !$0.isMulticast })
    #expect(nics.allSatisfy { $0.hostMAC.octets[0] == 0xfe })
  }

  @Test("mac-seed replaces the machine id, and the configuration's name is part of a MAC")
  func macSeed() throws {
    func mac(_ text: String, machine: String, name: String = "lab") throws -> MACAddress? {
      try Configuration.load(
        [SourceFile(path: "x.conf", text: text)], defaultName: name, seed: Seed(machineID: machine)
      ).topology.vms.first?.nics.first?.mac
    }
    let plain = "vms: {v: {nics: {e: {mode: tap}}}}\n"
    let seeded = "mac-seed: moves\n" + plain
    #expect(try mac(plain, machine: "a") != mac(plain, machine: "b"))
    #expect(try mac(plain, machine: "a") != mac(plain, machine: "a", name: "other"))
    #expect(try mac(seeded, machine: "a") == mac(seeded, machine: "b"))
  }

  @Test("a former name keeps the MAC: of the VM, of the NIC, of both")
  func formerNames() throws {
    func mac(_ text: String) throws -> MACAddress? { try Self.load(text).vms.first?.nics.first?.mac }
    let before = try mac("vms: {old: {nics: {eth0: {mode: tap}}}}\n")
    #expect(try mac("vms: {new: {was: old, nics: {eth0: {mode: tap}}}}\n") == before)
    #expect(try mac("vms: {old: {nics: {lan: {mode: tap, was: eth0}}}}\n") == before)
    #expect(try mac("vms: {new: {was: old, nics: {lan: {mode: tap, was: eth0}}}}\n") == before)
    #expect(try mac("vms: {new: {nics: {eth0: {mode: tap}}}}\n") != before)
  }

  @Test("the derived MAC is what sha256sum says")
  func macDerivation() throws {
    // printf '%s\0' vnet-apply guest 0123456789abcdef lab v e | sha256sum: the first six octets,
    // the group bit cleared and the local bit set.
    let topology = try Self.load("vms: {v: {nics: {e: {mode: tap}}}}\n")
    #expect(topology.vms[0].nics[0].mac.description == "2e:7c:cf:f0:d6:3b")
  }
}
