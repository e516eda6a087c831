import Testing
import Witness

@Suite("a routed TAP, by packets", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct RoutedTests {
  static let guest = "--address 192.0.2.50 --address 2001:db8::50 --gateway 169.254.0.1 --gateway fe80::1"

  static func config(networks: String = "") -> String {
    """
    name: routed
    \(networks)
    vms:
      edge:
        nics:
          eth0: {mode: tap, address: ["192.0.2.50", "2001:db8::50"], proxy: eth1}

    """
  }

  /// Two LANs that know routes to each other through the host, which does not forward.
  private func twoLANs(_ body: (Host, Namespace) throws -> Void) throws {
    try Host.with(secondUplink: true) { host in
      guard let lan2 = host.lan2 else { return }
      try host.lan.ip("route add 198.51.100.0/24 via 192.0.2.10\nroute add 2001:db8:2::/64 via 2001:db8::10")
      try lan2.ip("route add default via 198.51.100.10\nroute add default via 2001:db8:2::10")
      try body(host, lan2)
    }
  }

  private func expectNothingForwarded(_ host: Host, _ lan2: Namespace, _ when: String) throws {
    #expect(try lost(from: host.lan, to: "198.51.100.1", count: 2) == 2, "LAN 1 → LAN 2, IPv4, \(when)")
    #expect(try lost(from: lan2, to: "192.0.2.1", count: 2) == 2, "LAN 2 → LAN 1, IPv4, \(when)")
    #expect(try lost(from: host.lan, to: "2001:db8:2::1", count: 2) == 2, "LAN 1 → LAN 2, IPv6, \(when)")
    #expect(try lost(from: lan2, to: "2001:db8::1", count: 2) == 2, "LAN 2 → LAN 1, IPv6, \(when)")
  }

  private func expectGuestOnLAN(_ host: Host) throws {
    let guest = try Station("edge-eth0", in: host.space, Self.guest)
    defer { guest.leave() }
    #expect(try guest.lost(to: "192.0.2.1") == 0, "guest → LAN, IPv4")
    #expect(try guest.lost(to: "2001:db8::1") == 0, "guest → LAN, IPv6")
    #expect(try lost(from: host.lan, to: "192.0.2.50") == 0, "LAN → guest, IPv4")
    #expect(try lost(from: host.lan, to: "2001:db8::50") == 0, "LAN → guest, IPv6")
    #expect(try guest.lost(to: "192.0.2.10") == 0, "guest → host, IPv4")
  }

  @Test(
    "a rule by which a transparent proxy gets what arrives is named where guards stand before it",
    arguments: ["", "networks: {office: {uplink: eth1}}"])
  func shadowed(networks: String) throws {
    try Host.with { host in
      try host.space.ip(
        """
        route add local default dev lo table 100
        rule add fwmark 1 lookup 100 priority 5000
        rule add fwmark 2 lookup 101 priority 5001
        """)
      let file = try host.files.write("routed.conf", Self.config(networks: networks))
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 0)
      let lan = networks.isEmpty ? "eth1" : "office"
      let notice = "what comes in by '\(lan)' is no longer the host's by table 100"
      #expect(outcome.output.contains(notice), "\(outcome)")
      #expect(!outcome.output.contains("table 101"), "\(outcome)")
      expect(try host.vnet("plan", file), exits: 0)
      #expect(try !host.vnet("plan", file).output.contains("table 100"), "once said is enough")
    }
  }

  @Test(
    "with `proxy` guest and LAN reach each other, the uplink bridged or not",
    arguments: ["", "networks: {office: {uplink: eth1}}"])
  func proxied(networks: String) throws {
    try Host.with { host in
      let file = try host.files.write("routed.conf", Self.config(networks: networks))
      let before = try host.space.dump()
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 0)
      guard outcome.code == 0 else { return }
      let lan = networks.isEmpty ? "eth1" : "office"
      let proxies = try host.space.json("ip -j neigh show proxy").elements
      for address in ["192.0.2.50", "2001:db8::50"] {
        #expect(
          proxies.contains { $0["dst"].text == address && $0["dev"].text == lan },
          "\(address): \(proxies.map(\.line))")
      }
      try expectGuestOnLAN(host)
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("without `proxy` a LAN that has a route reaches the guest, and prefixes behind it")
  func routed() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 0)
      guard outcome.code == 0 else { return }
      try host.lan.ip(
        """
        route add 203.0.113.0/24 via 192.0.2.10
        route add 2001:db8:f::/48 via 2001:db8::10
        """)
      let guest = try Station(
        Quickstart.routed, in: host.space,
        "--address 203.0.113.7 --address 203.0.113.65 --address 2001:db8:f::7 --address 2001:db8:f:1::5 "
          + "--gateway 169.254.0.1 --gateway fe80::1")
      defer { guest.leave() }
      #expect(try guest.lost(to: "192.0.2.1") == 0, "guest → LAN, IPv4")
      #expect(try guest.lost(to: "2001:db8::1") == 0, "guest → LAN, IPv6")
      for address in ["203.0.113.7", "203.0.113.65", "2001:db8:f::7", "2001:db8:f:1::5"] {
        #expect(try lost(from: host.lan, to: address) == 0, "LAN → \(address)")
      }
    }
  }

  @Test("a guest in the subnet of its `host-address` is reached from the LAN like one behind a route")
  func insideSubnet() throws {
    try Host.with { host in
      let file = try host.files.write(
        "subnet.conf",
        """
        name: subnet
        vms:
          edge:
            nics:
              eth0:
                mode: tap
                host-address: ["203.0.113.1/24", "2001:db8:f::1/64"]
                address: ["203.0.113.7", "2001:db8:f::7"]

        """)
      let before = try host.space.dump()
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 0)
      guard outcome.code == 0 else { return }
      try host.lan.ip("route add 203.0.113.0/24 via 192.0.2.10\nroute add 2001:db8:f::/64 via 2001:db8::10")
      let guest = try Station(
        "edge-eth0", in: host.space,
        "--address 203.0.113.7 --address 2001:db8:f::7 --gateway 203.0.113.1 --gateway 2001:db8:f::1")
      #expect(try guest.lost(to: "192.0.2.1") == 0, "guest → LAN, IPv4")
      #expect(try guest.lost(to: "2001:db8::1") == 0, "guest → LAN, IPv6")
      #expect(try lost(from: host.lan, to: "203.0.113.7") == 0, "LAN → guest, IPv4")
      #expect(try lost(from: host.lan, to: "2001:db8:f::7") == 0, "LAN → guest, IPv6")
      guest.leave()
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("nothing is forwarded between two uplinks that did not forward before")
  func uplinksStayApart() throws {
    try twoLANs { host, lan2 in
      let file = try host.files.write("routed.conf", Self.config())
      let before = try host.space.dump()
      try expectNothingForwarded(host, lan2, "before")
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 0)
      guard outcome.code == 0 else { return }
      try expectGuestOnLAN(host)
      try expectNothingForwarded(host, lan2, "while applied")
      expect(try host.vnet("remove", file), exits: 0)
      try expectNothingForwarded(host, lan2, "after remove")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("nor between two uplinks that are bridged, nor with default routes of the guest through both")
  func bridgedUplinksStayApart() throws {
    try twoLANs { host, lan2 in
      let file = try host.files.write(
        "routed.conf", Self.config(networks: "networks: {office: {uplink: eth1}, store: {uplink: eth2}}"))
      let before = try host.space.dump()
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 0)
      guard outcome.code == 0 else { return }
      try expectGuestOnLAN(host)
      try expectNothingForwarded(host, lan2, "while applied")
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a host that forwards already keeps forwarding, with every setting as it was after remove")
  func forwardsAlready() throws {
    try twoLANs { host, lan2 in
      try host.space.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
      try host.space.sysctl("net.ipv4.conf.eth2.forwarding=1", "net.ipv4.conf.default.forwarding=0")
      let file = try host.files.write("routed.conf", Self.config())
      let before = try host.space.dump()
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 0)
      guard outcome.code == 0 else { return }
      try expectGuestOnLAN(host)
      #expect(try lost(from: host.lan, to: "198.51.100.1") == 0)
      #expect(try lost(from: lan2, to: "2001:db8::1") == 0)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try lost(from: host.lan, to: "198.51.100.1") == 0)
      expectEqual(before, try host.space.dump())
    }
  }
}
