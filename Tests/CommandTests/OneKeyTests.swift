import Testing
import Witness

@Suite("one key changed", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct OneKeyTests {
  @Test("a renamed VM keeps the MACs its guest was given, and gets altname and alias of the new name")
  func renameKeepsMAC() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      let before = try host.guestMAC("build/eth0", file)
      try host.files.write(
        "quick.conf", Quickstart.text.replacing("  build:\n", with: "  forge:\n    was: build\n"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(before != nil)
      #expect(try host.guestMAC("forge/eth0", file) == before)
      let link = try host.link("forge-eth0")
      #expect(link["altnames"].elements == [.string("quick.forge.eth0")], "\(link["altnames"].line)")
      #expect(link["ifalias"].text?.contains("build") == false, "\(link["ifalias"].line)")
    }
  }

  @Test("a moved NIC is a port of the new bridge alone, and its guest's traffic goes there")
  func moved() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      let station = try Station("build-eth1", in: host.space, "--address 192.0.2.60/24")
      defer { station.leave() }
      #expect(try station.lost(to: "192.0.2.1", count: 1) == 1)
      try host.files.write(
        "quick.conf", Quickstart.text.replacing("eth1: {network: backstage}", with: "eth1: {network: office}")
      )
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.link("build-eth1")["master"].text == "office")
      #expect(try station.lost(to: "192.0.2.1") == 0)
    }
  }

  @Test("drift made by hand is seen by plan and mended by apply")
  func drift() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      let after = try host.comparableDump()
      let breaks = [
        "link set build-eth0 nomaster", "link set desktop-eth1 down", "link set backstage mtu 1280",
        "link property del dev build-eth1 altname quick.build.eth1", "addr del 169.254.0.1 dev edge-eth0",
        "route del 203.0.113.64/28 dev edge-eth0", "link set build-eth0 type bridge_slave isolated off",
        "link del desktop-eth1",
      ]
      for line in breaks {
        try host.space.ip(line.hasPrefix("addr del 169") ? try host.hostAddressRemoval() : line)
        expect(try host.vnet("plan", file), exits: 2)
        expect(try host.vnet("apply", file), exits: 0)
        expectEqual(after, try host.comparableDump(), "after `ip \(line)`")
      }
    }
  }

  @Test("a bridge on which the host is no more has not even the kernel's own address there")
  func linkLocal() throws {
    try Host.with { host in
      func text(_ network: String) -> String {
        "name: n\nnetworks: {far: {\(network)}}\nvms: {a: {nics: {eth0: {network: far}}}}\n"
      }
      let file = try host.files.write(
        "n.conf", text("address: 10.1.0.1/24, dhcp: false, dns: false, ra: false"))
      expect(try host.vnet("apply", file), exits: 0)
      // The kernel makes it when there is a carrier.
      let station = try Station("a-eth0", in: host.space)
      try host.space.settle("far")
      station.leave()
      func own() throws -> [JSON] {
        try host.space.json("ip -j -6 addr show dev far").elements.flatMap { $0["addr_info"].elements }
      }
      #expect(try own().count == 1)
      try host.files.write("n.conf", text(""))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try own().isEmpty)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("a TAP whose guest has no IPv6 address any more does not forward IPv6")
  func forwarding() throws {
    try Host.with { host in
      func text(_ addresses: String) -> String {
        "name: n\nvms: {a: {nics: {eth0: {mode: tap, address: [\(addresses)]}}}}\n"
      }
      let file = try host.files.write("n.conf", text("203.0.113.7, \"2001:db8:f::7\""))
      func setting() throws -> String { try host.space.setting("ipv6/conf/a-eth0/forwarding") }
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try setting() == "1")
      try host.files.write("n.conf", text("203.0.113.7"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try setting() == "0")
      expect(try host.vnet("plan", file), exits: 0)
    }
  }
}

extension Host {
  /// The exact `addr del` of the routed TAP's IPv4 address, whatever its prefix length.
  func hostAddressRemoval() throws -> String {
    let address = try addresses(Quickstart.routed).first { $0.hasPrefix("169.254.") } ?? "169.254.0.1/32"
    return "addr del \(address) dev \(Quickstart.routed)"
  }

  /// The MAC in the QEMU arguments of a NIC.
  func guestMAC(_ nic: String, _ file: String) throws -> String? {
    let outcome = try vnet(["attach", nic, "--vmm", "qemu", "-c", file])
    return outcome.stdout.split { "=, \n'\"".contains($0) }.map(String.init).first {
      $0.split(separator: ":").count == 6 && $0.utf8.count == 17
    }
  }
}
