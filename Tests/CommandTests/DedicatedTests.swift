import Testing
import Witness

/// A hardware NIC that a VM owns, and what the host had on it.
struct GivenHost {
  let host: Host

  /// Beside `eth1`, which keeps the host on its way, `eth2` has a bit of everything: addresses whose order counts, one that
  /// expires never, secondaries, altnames, routes of both families with metrics, by gateways, of other tables and kinds.
  static func with(_ body: (GivenHost) throws -> Void) throws {
    try Host.with(secondUplink: true) { host in
      try host.space.ip(
        """
        link property add dev eth2 altname enp9s0 altname wan
        addr add 198.51.100.77/24 dev eth2
        addr add 10.77.0.1/16 dev eth2
        addr add 198.51.100.5/24 dev eth2
        addr add 10.78.0.1 peer 10.78.0.2/32 dev eth2
        addr add 2001:db8:2::77/64 dev eth2 nodad
        addr add 2001:db8:2::5/64 dev eth2 nodad
        addr add 2001:db8:77::1/56 dev eth2 nodad noprefixroute
        route add default via 198.51.100.1 dev eth2 metric 700
        route add 203.0.113.0/25 via 198.51.100.1 dev eth2 metric 50 src 198.51.100.77
        route add 203.0.113.0/25 via 198.51.100.1 dev eth2 metric 60
        route add 203.0.113.128/25 dev eth2 table 77 mtu 1280
        route add unreachable 203.0.112.0/24
        route add default via 2001:db8:2::1 dev eth2 metric 700
        route add 2001:db8:f::/48 via 2001:db8:2::1 dev eth2 metric 50
        route add 2001:db8:e::/48 dev eth2 metric 60 table 77
        link set eth2 mtu 1480
        """)
      try body(GivenHost(host: host))
    }
  }

  static let text = """
    name: d
    vms:
      gw:
        owner: nobody
        nics:
          eth0: {mode: dedicated, via: macvtap, hardware: eth2}

    """

  static func text(_ keys: String) -> String {
    text.replacing("hardware: eth2", with: "hardware: eth2, \(keys)")
  }

  static let mac = "02:00:5e:00:01:02"
  /// How many addresses it has, but for the link-local one.
  static let count = 9

  /// Applies, looks, removes: the host is as it was.
  func applied(_ text: String = Self.text, _ body: (String) throws -> Void = { _ in }) throws {
    let file = try host.files.write("d.conf", text)
    let before = try host.space.dump()
    expect(try host.vnet("apply", file, "--allow", "default-route"), exits: 0)
    expect(try host.vnet("plan", file), exits: 0)
    try body(file)
    expect(try host.vnet("remove", file), exits: 0)
    expectEqual(before, try host.space.dump())
  }
}

@Suite("dedicated via macvtap", .enabled(if: Gate.macvtap, Gate.macvtapComment))
struct DedicatedTests {
  @Test("the NIC is the guest's whole, with its own MAC; of the host nothing is left on it")
  func links() throws {
    try GivenHost.with { given in
      let host = given.host
      try given.applied { file in
        let tap = try host.link("gw-eth0"), nic = try host.link("eth2")
        #expect(tap["linkinfo"]["info_data"]["mode"].text == "passthru" && tap["link"].text == "eth2")
        #expect(tap["address"].text == GivenHost.mac && nic["address"].text == GivenHost.mac)
        #expect(tap["mtu"].int == 1480 && nic["promiscuity"].int == 1)
        #expect(nic["inet6_addr_gen_mode"].text == "none")
        #expect(Set(nic["altnames"].elements) == [.string("enp9s0"), .string("wan")])
        #expect(try host.space.json("ip -j addr show dev eth2")[0]["addr_info"].elements.isEmpty)
        for family in [4, 6] {
          let routes = try host.routes(family, "table all dev eth2").filter { $0["type"].text != "multicast" }
          #expect(routes.isEmpty, "\(routes.map(\.line))")
        }
        let second = try host.vnet("plan", file)
        #expect(second.stdout == "No changes.\n")
        let status = try host.vnet("status", file)
        #expect(status.stdout.contains("dedicated eth2"), "\(status)")
      }
    }
  }

  @Test("`mac` and `mtu` are the guest's and the NIC's, change in place, and the NIC gets its own back")
  func settings() throws {
    try GivenHost.with { given in
      let host = given.host
      try given.applied(GivenHost.text("mac: \"02:00:00:00:20:01\", mtu: 2000")) { _ in
        for name in ["gw-eth0", "eth2"] {
          let link = try host.link(name)
          #expect(link["address"].text == "02:00:00:00:20:01" && link["mtu"].int == 2000)
        }
        let index = try host.link("gw-eth0")["ifindex"]
        for keys in [
          "mac: \"02:00:00:00:20:02\", mtu: 1300", "mac: \"02:00:00:00:20:03\", mtu: 9000", "mtu: 1400",
        ] {
          let edited = try host.files.write("edited.conf", GivenHost.text(keys))
          expect(try host.vnet("apply", edited), exits: 0)
          expect(try host.vnet("plan", edited), exits: 0)
          #expect(try host.link("gw-eth0")["mtu"] == host.link("eth2")["mtu"])
        }
        let link = try host.link("gw-eth0")
        #expect(link["ifindex"] == index && link["address"].text == GivenHost.mac && link["mtu"].int == 1400)
      }
    }
  }

  @Test("what the plan says: each address and route that goes, who gives what up, and whose it becomes")
  func words() throws {
    try GivenHost.with { given in
      let host = given.host
      let file = try host.files.write("d.conf", GivenHost.text)
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 2)
      for line in [
        "+ macvtap gw-eth0  link eth2, mode passthru, mtu 1480, owner nobody",
        "    interrupts: the host gives up 'eth2': its traffic there ends",
        "- address 198.51.100.10/24 dev eth2", "- address 2001:db8:2::77/64 dev eth2",
        "- route default via 198.51.100.1 dev eth2 metric 700",
        "! default-route", "'eth2' is not ours and becomes gw/eth0's own, as vms.gw.nics.eth0 asks",
      ] { #expect(plan.stdout.contains(line), "\(line)\n\(plan)") }
      let removed = try host.vnet("apply", file)
      expect(removed, exits: 73)
    }
  }

  @Test(
    "the guest has the LAN, by any protocol of its own; the host has nothing there, and answers for nothing")
  func packets() throws {
    try GivenHost.with { given in
      let host = given.host
      try given.applied { _ in
        let station = try Station(
          "gw-eth0", in: host.space, mac: GivenHost.mac,
          "--address 198.51.100.50/24 --address 2001:db8:2::50/64")
        defer { station.leave() }
        for address in ["198.51.100.1", "2001:db8:2::1"] {
          #expect(try station.lost(to: address) == 0, "\(address)")
        }
        let lan = try #require(host.lan2)
        for address in ["198.51.100.50", "2001:db8:2::50"] { #expect(try lost(from: lan, to: address) == 0) }
        // The host's own addresses elsewhere, which by default it answers ARP for on every interface.
        try lan.ip("route add 192.0.2.10/32 dev lan0\nroute add 198.51.100.10/32 dev lan0")
        for address in ["192.0.2.10", "198.51.100.10", "2001:db8:2::10"] {
          #expect(try lost(from: lan, to: address) == 3, "\(address)")
        }
        #expect(try lost(from: host.space, to: "192.0.2.1") == 0, "the host goes on by eth1")
      }
    }
  }

  @Test("what routers advertise on the wire makes no address and no route of the host")
  func advertised() throws {
    try GivenHost.with { given in
      let host = given.host
      try given.applied { _ in
        let accept = try must(host.space.command(["cat", "/proc/sys/net/ipv6/conf/eth2/accept_ra"])).trimmed
        #expect(accept == "0")
      }
    }
  }

  @Test("a guest that has set another MAC is drift, and the NIC has its own back in any case")
  func guestsOwnMAC() throws {
    try GivenHost.with { given in
      let host = given.host
      for keys in ["queues: 1", "mac: \"02:00:00:00:20:01\""] {
        try given.applied(GivenHost.text(keys)) { file in
          try host.space.ip("link set gw-eth0 address 02:00:00:00:66:66")
          #expect(try host.link("eth2")["address"].text == "02:00:00:00:66:66")
          expect(try host.vnet("plan", file), exits: 2)
          expect(try host.vnet("apply", file), exits: 0)
          expect(try host.vnet("plan", file), exits: 0)
          try host.space.ip("link set gw-eth0 address 02:00:00:00:66:66")
        }
      }
    }
  }

  @Test("the macvtap taken away by hand, and the host back on the NIC: the next apply gives it again")
  func takenAway() throws {
    try GivenHost.with { given in
      let host = given.host
      try given.applied(GivenHost.text("mac: \"02:00:00:00:20:01\"")) { file in
        try host.space.ip(
          """
          link delete gw-eth0
          link set eth2 addrgenmode eui64
          addr add 198.51.100.10/24 dev eth2
          route add default via 198.51.100.1 dev eth2 metric 700
          """)
        let plan = try host.vnet("plan", file)
        expect(plan, exits: 2)
        #expect(plan.stdout.contains("default-route"), "\(plan)")
        expect(try host.vnet("apply", file, "--allow", "default-route"), exits: 0)
        expect(try host.vnet("plan", file), exits: 0)
        #expect(try host.addresses("eth2").isEmpty)
      }
    }
  }

  @Test("`remove` of the VM alone gives its NIC back, and of another one leaves it")
  func parts() throws {
    try GivenHost.with { given in
      let host = given.host
      let text = GivenHost.text + "  web: {nics: {eth0: {mode: tap, address: 203.0.113.200}}}\n"
      let file = try host.files.write("d.conf", text)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file, "--only", "gw", "--allow", "default-route"), exits: 0)
      expect(try host.vnet("plan", file, "--only", "gw"), exits: 0)
      expect(try host.vnet("remove", file, "gw"), exits: 0)
      expectEqual(before, try host.space.dump())
      expect(try host.vnet("apply", file, "--allow", "default-route"), exits: 0)
      expect(try host.vnet("remove", file, "web"), exits: 0)
      #expect(try host.addresses("eth2").isEmpty)
      expect(try host.vnet("remove", "--name", "d", "gw"), exits: 0)
      #expect(try host.addresses("eth2").count == GivenHost.count)
      expect(try host.vnet("remove", "--name", "d"), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("without the file it comes back too, renamed in the meantime")
  func renamed() throws {
    try GivenHost.with { given in
      let host = given.host
      let file = try host.files.write("d.conf", GivenHost.text)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file, "--allow", "default-route"), exits: 0)
      try host.space.ip("link set eth2 name lan7")
      expect(try host.vnet("remove", "--name", "d"), exits: 0)
      #expect(try host.addresses("lan7").count == GivenHost.count)
      expectEqual(before.replacing(["eth2": "lan7"]), try host.space.dump().replacing([:]))
    }
  }

  @Test("a NIC that was down is down again, with the addresses that it had")
  func down() throws {
    try GivenHost.with { given in
      let host = given.host
      try host.space.ip(
        "link add name eth3 type veth peer name eth3-lan\naddr add 10.3.0.1/24 dev eth3\naddr add 10.3.0.2/24 dev eth3\nlink set eth3-lan addrgenmode none up"
      )
      let file = try host.files.write("d.conf", GivenHost.text.replacing("eth2", with: "eth3"))
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      #expect(try host.link("eth3")["flags"].elements.contains(.string("UP")))
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try !host.link("eth3")["flags"].elements.contains(.string("UP")))
      #expect(try host.addresses("eth3") == ["10.3.0.1/24", "10.3.0.2/24"])
    }
  }

  @Test("to another NIC and to a bridged macvtap on the same one, and back")
  func changes() throws {
    try GivenHost.with { given in
      let host = given.host
      try host.space.ip(
        "link add name eth3 address 02:00:5e:00:01:03 type veth peer name eth3-lan\nlink set eth3 up")
      try host.space.ip("link set eth3-lan up")
      try host.space.settle("eth3")
      try given.applied { file in
        let wide = try host.space.dump().mentioning("eth3")
        let moved = try host.files.write("moved.conf", GivenHost.text.replacing("eth2", with: "eth3"))
        expect(try host.vnet("apply", moved), exits: 0)
        expect(try host.vnet("plan", moved), exits: 0)
        #expect(try host.addresses("eth2").count == GivenHost.count)
        #expect(try host.link("gw-eth0")["address"].text == "02:00:5e:00:01:03")
        expect(try host.vnet("apply", file, "--allow", "default-route"), exits: 0)
        expectEqual(wide, try host.space.dump().mentioning("eth3"))
        let bridged = try host.files.write(
          "bridged.conf", GivenHost.text.replacing("dedicated", with: "bridged"))
        expect(try host.vnet("apply", bridged), exits: 0)
        expect(try host.vnet("plan", bridged), exits: 0)
        #expect(try host.addresses("eth2").count == GivenHost.count)
        expect(try host.vnet("apply", file, "--allow", "default-route"), exits: 0)
      }
    }
  }

  @Test("`attach` hands over the node with the NIC's MAC, for each software that takes one")
  func attach() throws {
    try GivenHost.with { given in
      let host = given.host
      try given.applied { file in
        let path = try Station.place("gw-eth0", in: host.space)
        for (vmm, words) in [
          ("qemu", "-netdev tap,id=vnet-eth0,fd=3 "), ("cloud-hypervisor", "--net fd=3,mac=\(GivenHost.mac)"),
          ("crosvm", "--net tap-fd=3,mac=\(GivenHost.mac)"),
        ] {
          for options in [["-c", file], ["--name", "d"]] {
            let outcome = try host.vnet(["attach", "gw", "--vmm", vmm] + options)
            expect(outcome, exits: 0)
            #expect(outcome.stdout.hasPrefix(words) && outcome.stdout.contains(GivenHost.mac), "\(outcome)")
            #expect(outcome.stderr.trimmed.hasSuffix(": 3<>\(path)"), "\(outcome)")
          }
        }
        let libvirt = try host.vnet("attach", "gw", "--vmm", "libvirt", "-c", file)
        #expect(libvirt.stdout.contains("<target dev='gw-eth0' managed='no'/>"), "\(libvirt)")
      }
    }
  }

  @Test("one that a process holds is not taken away unasked")
  func held() throws {
    try GivenHost.with { given in
      let host = given.host
      try given.applied { file in
        let station = try Station("gw-eth0", in: host.space, mac: GivenHost.mac)
        let gone = try host.vnet("apply", try host.files.write("gone.conf", "name: d\nallow: [prune-many]\n"))
        expect(gone, exits: 73)
        #expect(gone.output.contains("in-use") && gone.output.contains("stand-in"), "\(gone)")
        station.leave()
        expect(try host.vnet("plan", file), exits: 0)
      }
    }
  }

  @Test(
    "what is in the way is said, with what to do",
    arguments: [
      ("link add link eth2 name mv0 type macvlan mode bridge", "eth2", "has the macvlan 'mv0' on it"),
      ("link add br9 type bridge\nlink set eth2 master br9", "eth2", "is a port of 'br9'"),
      ("link add br9 type bridge", "br9", "is a bridge, and no hardware"),
      ("link set lo up", "lo", "is the loopback interface"),
    ])
  func obstacles(_ script: String, _ hardware: String, _ words: String) throws {
    try GivenHost.with { given in
      try given.host.space.ip(script)
      let file = try given.host.files.write("d.conf", GivenHost.text.replacing("eth2", with: hardware))
      let before = try given.host.space.dump()
      let outcome = try given.host.vnet("apply", file, "--allow", "default-route")
      expect(outcome, exits: 65)
      #expect(outcome.stderr.contains("'\(hardware)' \(words)"), "\(outcome)")
      #expect(outcome.stderr.contains("d.conf:6:"), "\(outcome)")
      expectEqual(before, try given.host.space.dump())
    }
  }
}
