import Testing
import Witness

@Suite("the quickstart, from outside", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct QuickstartTests {
  /// The quickstart applied; `furnished`, the uplink carries every sort of address and route.
  private func applied(
    dad: Bool = false, furnished: Bool = false, _ body: (Host, String, Dump) throws -> Void
  ) throws {
    try Host.with(dad: dad) { host in
      if furnished { try Quickstart.furnish(host) }
      let file = try host.files.write("quick.conf", Quickstart.text)
      let before = try host.space.dump()
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 0)
      guard outcome.code == 0 else { return }
      try body(host, file, before)
    }
  }

  @Test("the first plan exits 2, shows every object and changes nothing")
  func firstPlan() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let before = try host.space.dump()
      let outcome = try host.vnet("plan", file)
      expect(outcome, exits: 2)
      for name in Quickstart.taps + ["office", "backstage", "203.0.113.64/28", "192.0.2.10"] {
        #expect(outcome.stdout.contains(name), "\(name) is not in the plan: \(outcome)")
      }
      #expect(outcome.stdout.contains("Plan: ") && outcome.stdout.contains(" to create, "), "\(outcome)")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a file alone on the command line is applied, and a plan from -n is only shown")
  func defaultCommand() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let before = try host.space.dump()
      expect(try host.vnet("-n", file), exits: 2)
      expectEqual(before, try host.space.dump())
      expect(try host.vnet(file), exits: 0)
      #expect(try host.linkNames.isSuperset(of: Quickstart.taps))
    }
  }

  @Test("the bridge on the uplink has its MAC, MTU, addresses and routes; the uplink keeps none")
  func uplinkBridge() throws {
    try applied(furnished: true) { host, _, _ in
      let bridge = try host.link("office"), uplink = try host.link("eth1")
      #expect(bridge["linkinfo"]["info_kind"].text == "bridge")
      #expect(bridge["address"].text == Host.uplinkMAC)
      #expect(bridge["mtu"].int == 1500)
      #expect(bridge["flags"].elements.contains(.string("UP")) && bridge["operstate"].text == "UP")
      let settings = bridge["linkinfo"]["info_data"]
      #expect(settings["stp_state"].int == 0 && settings["mcast_snooping"].int == 0)
      #expect(uplink["master"].text == "office")
      #expect(uplink["linkinfo"]["info_slave_data"]["state"].text == "forwarding")
      let addresses = try host.addresses("office")
      #expect(
        Set(addresses).isSuperset(of: ["192.0.2.10/24", "192.0.2.11/24", "192.0.2.130/25", "10.20.0.5/32"]))
      #expect(
        Set(addresses).isSuperset(of: [
          "2001:db8::10/64", "2001:db8::20/64", "2001:db8::30/128",
        ]))
      #expect(try host.addresses("eth1") == [])
      #expect(try host.routes(4, "default").map { $0["dev"].text } == ["office"])
      #expect(try host.routes(6, "default").map { $0["dev"].text } == ["office"])
      #expect(try host.routes(4, "dev eth1 table all") == [])
    }
  }

  @Test(
    "addresses and routes come over with label, peer, flags, metric, table, protocol and source")
  func uplinkDetails() throws {
    try applied(furnished: true) { host, _, before in
      let rewritten = [
        "dev=eth1": "dev=office", "label=eth1 ": "label=office ", "address eth1": "address office",
      ]
      let own: (Dump) -> Dump = {
        $0.without("local=fe80").without("fe80::").without("table=local").without("ff00::/8")
      }
      let was = own(before).mentioning("address eth1", "dev=eth1").mentioning("address", "route").replacing(
        rewritten)
      let now = own(try host.space.dump()).mentioning("address office", "dev=office").mentioning(
        "address", "route")
      expectEqual(was, now)
      for setting in ["ipv4/conf/office/rp_filter", "ipv6/conf/office/accept_ra"] {
        #expect(try host.space.setting(setting) == "2", "\(setting)")
      }
    }
  }

  @Test(
    "every TAP is persistent and up, in its bridge, with alias, altname, owner and another MAC than the guest's"
  )
  func taps() throws {
    try applied { host, _, _ in
      for name in Quickstart.taps {
        let tap = try host.link(name)
        let made = tap["linkinfo"]["info_data"]
        #expect(
          tap["linkinfo"]["info_kind"].text == "tun" && made["type"].text == "tap", "\(name): \(tap.line)")
        #expect(made["persist"].isTrue && made["pi"] == .bool(false), "\(name): \(made.line)")
        // A TAP without an owner may be opened by anyone (`tun_not_capable`), so root's is as good as none.
        let owners: Set = name.hasPrefix("desktop") ? ["nobody"] : ["root", "null"]
        #expect(owners.contains(made["user"].line), "\(name): \(made.line)")
        #expect(tap["flags"].elements.contains(.string("UP")), "\(name)")
        #expect(tap["ifalias"].text?.hasPrefix("vnet:quick/") == true, "\(name): \(tap["ifalias"].line)")
        let altname = "quick." + name.replacing("-", with: ".")
        #expect(tap["altnames"].elements.contains(.string(altname)), "\(name): \(tap["altnames"].line)")
        #expect(tap["address"].text?.hasPrefix("02:00:00:00:10") == false)
        let network = name == Quickstart.routed ? nil : name.hasSuffix("eth0") ? "office" : "backstage"
        #expect(tap["master"].text == network, "\(name)")
      }
      for bridge in ["office", "backstage"] {
        #expect(try host.link(bridge)["ifalias"].text?.hasPrefix("vnet:quick/") == true)
      }
    }
  }

  @Test("a bridged TAP has no IPv6 address, and only the isolated NIC's port is isolated")
  func ports() throws {
    try applied { host, _, _ in
      for name in Quickstart.bridged {
        let port = try host.link(name)
        #expect(port["inet6_addr_gen_mode"].text == "none", "\(name)")
        #expect(try host.space.json("ip -j addr show dev \(name)")[0]["addr_info"].elements == [])
        let isolated = port["linkinfo"]["info_slave_data"]["isolated"]
        #expect(isolated.isTrue == (name == "build-eth0"), "\(name): \(isolated.line)")
        let bridge = try host.space.json("bridge -d -j link show dev \(name)")[0]
        #expect(bridge["isolated"].isTrue == (name == "build-eth0"), "\(name): \(bridge.line)")
        #expect(bridge["state"].text == "forwarding" || bridge["state"].text == "disabled", "\(bridge.line)")
      }
    }
  }

  @Test(
    "a routed TAP has the host's addresses, the guest's routes with protocol 214, and forwards per interface")
  func routedTap() throws {
    try applied { host, _, _ in
      let name = Quickstart.routed
      let all = try host.space.json("ip -j addr show dev \(name)")[0]["addr_info"].elements.compactMap {
        $0["local"].text
      }
      #expect(all.contains("169.254.0.1") && all.contains("fe80::1"), "\(all)")
      let v4 = try host.routes(4, "dev \(name)"), v6 = try host.routes(6, "dev \(name)")
      for (routes, wanted) in [
        (v4, ["203.0.113.7", "203.0.113.64/28"]), (v6, ["2001:db8:f::7", "2001:db8:f:1::/64"]),
      ] {
        for destination in wanted {
          let route = routes.first { $0["dst"].text == destination }
          #expect(route?["protocol"].text == "214", "\(destination): \(routes.map(\.line))")
        }
      }
      #expect(try host.space.setting("ipv4/conf/\(name)/forwarding") == "1")
      #expect(try host.space.setting("ipv4/ip_forward") == "0")
      if Gate.forceForwarding {
        #expect(try host.space.setting("ipv6/conf/\(name)/force_forwarding") == "1")
      }
      #expect(try host.space.setting("ipv6/conf/all/forwarding") == (Gate.forceForwarding ? "0" : "1"))
    }
  }

  @Test("a second plan exits 0 with `No changes.`, and a second apply changes nothing")
  func idempotent() throws {
    try applied { host, file, _ in
      let after = try host.space.dump()
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 0)
      #expect(plan.stdout.contains("No changes."), "\(plan)")
      #expect(try host.plan(file).changes == [])
      expect(try host.vnet("apply", file), exits: 0)
      expectEqual(after, try host.space.dump())
    }
  }

  @Test("two applies of one file on the same host give one state")
  func deterministic() throws {
    try applied { host, file, _ in
      let first = try host.comparableDump()
      expect(try host.vnet("remove", file), exits: 0)
      expect(try host.vnet("apply", file), exits: 0)
      expectEqual(first, try host.comparableDump())
    }
  }

  @Test(
    "remove gives the host back as it was, whatever the uplink carried, with duplicate address detection too",
    arguments: [false, true], [false, true])
  func removed(furnished: Bool, dad: Bool) throws {
    try applied(dad: dad, furnished: furnished) { host, file, before in
      let outcome = try host.vnet("remove", file)
      expect(outcome, exits: 0)
      expectEqual(before, try host.space.dump())
      #expect(host.space.processes == [])
      let again = try host.vnet("remove", file)
      expect(again, exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("remove --name needs no file")
  func removedByName() throws {
    try applied { host, _, before in
      expect(try host.vnet("remove", "--name", "quick"), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("what the host got on the bridge since is given back to the uplink")
  func givenBack() throws {
    try Host.with { host in
      try host.space.ip("addr add 192.0.2.11/24 dev eth1")
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      try host.space.ip(
        """
        addr add 192.0.2.99/24 dev office
        addr add 2001:db8::99/64 dev office nodad
        route add 100.64.0.0/16 via 192.0.2.1 dev office proto static metric 9
        route add 2001:db8:64::/48 via 2001:db8::1 dev office
        addr del 192.0.2.11/24 dev office
        """)
      expect(try host.vnet("remove", file), exits: 0)
      let addresses = try host.addresses("eth1")
      #expect(addresses.contains("192.0.2.99/24") && addresses.contains("2001:db8::99/64"), "\(addresses)")
      #expect(!addresses.contains("192.0.2.11/24"), "\(addresses)")
      let route = try host.routes(4, "100.64.0.0/16").first
      #expect(
        route?["dev"].text == "eth1" && route?["protocol"].text == "static" && route?["metric"].int == 9)
      #expect(try host.routes(6, "2001:db8:64::/48").map { $0["dev"].text } == ["eth1"])
      #expect(try !host.linkNames.contains("office"))
    }
  }

  @Test("--netns works inside the named namespace from outside")
  func otherNamespace() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let before = try host.space.dump()
      expect(try run([Tools.vnetApply, "apply", "--netns", host.space.name, file]), exits: 0)
      #expect(try host.linkNames.isSuperset(of: Quickstart.taps))
      #expect(try host.addresses("office").contains("192.0.2.10/24"))
      expect(try host.vnet("plan", file), exits: 0)
      expect(try run([Tools.vnetApply, "remove", "--netns", host.space.name, file]), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("guests on one network reach each other, the host and the LAN, over IPv4 and IPv6")
  func packets() throws {
    try applied { host, _, _ in
      let one = try Station(
        "desktop-eth0", in: host.space, mac: "02:00:00:00:10:01",
        "--address 192.0.2.51/24 --address 2001:db8::51/64")
      let two = try Station(
        "build-eth0", in: host.space,
        "--address 192.0.2.52/24 --address 2001:db8::52/64")
      defer {
        one.leave()
        two.leave()
      }
      for address in ["192.0.2.1", "192.0.2.10", "192.0.2.52", "2001:db8::1", "2001:db8::10", "2001:db8::52"]
      {
        #expect(try one.lost(to: address) == 0, "\(address)")
      }
      #expect(try lost(from: host.lan, to: "192.0.2.52") == 0)
      #expect(try lost(from: host.lan, to: "2001:db8::51") == 0)
    }
  }
}

extension Host {
  /// A dump in which the MACs the kernel drew for TAPs, and what follows from them, go by the TAP's name.
  func comparableDump() throws -> Dump {
    var names: [String: String] = [:]
    for link in try space.json("ip -d -j link show").elements
    where link["linkinfo"]["info_kind"].text == "tun" {
      guard let mac = link["address"].text, let name = link["ifname"].text else { continue }
      names[mac] = "mac(\(name))"
      names["33:33:ff:" + mac.split(separator: ":").suffix(3).joined(separator: ":")] = "group(\(name))"
      for address in try space.json("ip -j -6 addr show dev \(name)")[0]["addr_info"].elements {
        guard let local = address["local"].text, local.hasPrefix("fe80::"), local.contains("ff:fe") else {
          continue
        }
        names[local] = "linklocal(\(name))"
      }
    }
    return try self.space.dump().replacing(names)
  }
}
