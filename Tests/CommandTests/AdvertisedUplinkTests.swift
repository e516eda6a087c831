import Testing
import Witness

/// Hosts that live from router advertisements (SLAAC).
@Suite("an advertised uplink", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct AdvertisedUplinkTests {
  private static let office = "name: n\nnetworks: {office: {uplink: eth1}}\n"

  private func prefixes(_ host: Host, _ link: String) throws -> Set<String> {
    Set(
      try host.routes(6, "dev \(link)").compactMap { $0["dst"].text }.filter {
        $0.hasPrefix("2001:db8:")
      })
  }

  @Test("the kernel goes on with advertisements on the bridge, and every plan is empty")
  func takenIn() throws {
    try Advertised.withRouter { host, router in
      let file = try host.files.write("n.conf", Self.office)
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      #expect(
        try Advertised.wait { try Advertised.defaults(host, "office") == [1024, 1025] },
        "the kernel's own and what stood in")
      #expect(try Advertised.defaults(host, "eth1") == [])
      #expect(try prefixes(host, "office") == ["2001:db8:1::/64", "2001:db8:2::/64"])
      #expect(try prefixes(host, "eth1") == [], "nothing stays behind on the port")
      expect(try host.vnet("plan", file), exits: 0)
      Clock.sleep(3)
      let before = try #require(try Advertised.own(host, "office")?["valid_life_time"].int)
      try router.advertise()
      #expect(
        try Advertised.wait { try Advertised.own(host, "office")?["valid_life_time"].int ?? 0 > before },
        "refreshed")
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("a host that is given back goes on with advertisements on its uplink")
  func givenBack() throws {
    try Advertised.withRouter { host, router in
      let file = try host.files.write("n.conf", Self.office)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try Advertised.wait { try Advertised.defaults(host, "office").contains(1024) })
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try Advertised.wait { try Advertised.defaults(host, "eth1") == [1024, 1025] })
      #expect(try prefixes(host, "eth1") == ["2001:db8:1::/64", "2001:db8:2::/64"])
      Clock.sleep(3)
      let before = try #require(try Advertised.own(host, "eth1")?["valid_life_time"].int)
      try router.advertise()
      #expect(
        try Advertised.wait { try Advertised.own(host, "eth1")?["valid_life_time"].int ?? 0 > before },
        "refreshed")
      try router.advertise(lifetime: 0)
      #expect(try Advertised.wait { try Advertised.defaults(host, "eth1") == [1025] }, "withdrawn")
    }
  }

  @Test(
    "before the next advertisement what stands in for the default route comes and goes, and each plan is empty"
  )
  func silentRouter() throws {
    try Advertised.withRouter(Advertised.offer + " --silent") { host, router in
      let file = try host.files.write("n.conf", Self.office)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try Advertised.defaults(host, "office") == [1025])
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try Advertised.defaults(host, "eth1") == [1025])
      #expect(try Advertised.own(host, "eth1") != nil)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try Advertised.defaults(host, "office") == [1025])
      try router.advertise()
      #expect(try Advertised.wait { try Advertised.defaults(host, "office") == [1024, 1025] })
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try Advertised.defaults(host, "eth1") == [1025])
    }
  }

  @Test("at no instant is the host without a default route, on the way in and on the way back")
  func neverWithout() throws {
    try Advertised.withRouter { host, router in
      let file = try host.files.write("n.conf", Self.office)
      let monitor = try host.space.start(["ip", "-6", "-o", "monitor", "route"])
      for _ in 0..<3 {
        expect(try host.vnet("apply", file), exits: 0)
        #expect(try Advertised.wait { try Advertised.defaults(host, "office").contains(1024) })
        expect(try host.vnet("remove", file), exits: 0)
        #expect(try Advertised.wait { try Advertised.defaults(host, "eth1").contains(1024) })
      }
      try must(["kill", "\(monitor.pid)"])
      var present: Set<String> = ["fe80::1 dev eth1 1024"]
      for line in monitor.finish(timeout: 5).stdout.lines where line.contains("default via") {
        let words = line.words
        guard let via = words.firstIndex(of: "via"), let metric = words.firstIndex(of: "metric") else {
          continue
        }
        let key = words[(via + 1)...(via + 3)].joined(separator: " ") + " " + words[metric + 1]
        if line.hasPrefix("Deleted") { present.remove(key) } else { present.insert(key) }
        #expect(!present.isEmpty, "after \(line)")
      }
      #expect(present.contains("fe80::1 dev eth1 1024"), "\(present)")
    }
  }

  @Test("advertisements that come in the middle of a run do not fail it")
  func busyRouter() throws {
    try Advertised.withRouter { host, router in
      let file = try host.files.write("n.conf", Self.office)
      let hasty = try host.lan.start(
        [
          "sh", "-c", "while printf 'advertise\\n'; do sleep 0.002; done | \"$@\" >/dev/null", "sh",
          Tools.standIn, "router", "lan0", "--source", router.address,
        ] + Advertised.offer.words)
      for _ in 0..<20 {
        expect(try host.vnet("apply", file), exits: 0)
        #expect(try Advertised.wait { try Advertised.defaults(host, "office").contains(1024) })
        expect(try host.vnet("remove", file), exits: 0)
        #expect(try Advertised.wait { try Advertised.defaults(host, "eth1").contains(1024) })
      }
      _ = hasty.finish(timeout: 0)
    }
  }

  @Test("of two routers each is kept, the preferred one first")
  func twoRouters() throws {
    try Advertised.withRouter(Advertised.offer + " --silent") { host, _ in
      try host.lan.ip("addr add fe80::2/64 dev lan0 nodad")
      let second = try Router(
        "lan0", in: host.lan, address: "fe80::2", "--preference high --silent --route 2001:db8:9::/48,500")
      defer { second.leave() }
      #expect(try Advertised.wait { try Advertised.defaults(host, "eth1", "fe80::2") == [1024] })
      let file = try host.files.write("n.conf", Self.office)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try Advertised.defaults(host, "office", "fe80::2") == [1025])
      #expect(try Advertised.defaults(host, "office", "fe80::1") == [1026])
      try second.advertise()
      #expect(try Advertised.wait { try Advertised.defaults(host, "office", "fe80::2") == [1024, 1025] })
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try Advertised.defaults(host, "eth1", "fe80::2") == [1025])
      #expect(try Advertised.defaults(host, "eth1", "fe80::1") == [1026])
    }
  }

  @Test("an apply that fails leaves the kernel's own routes on the uplink")
  func undone() throws {
    try Advertised.withRouter { host, _ in
      let file = try host.files.write("n.conf", Self.office)
      let before = try host.space.dump()
      // Nobody may write the ledger's last word: verification fails by a foreign hand instead.
      try host.files.write(
        "n.conf", Self.office + "vms: {a: {nics: {eth0: {network: office, device: a-tap0}}}}\n")
      let failed = try host.space.run(
        [
          "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename,renameat,renameat2",
          "-e", "inject=rename,renameat,renameat2:error=EIO", Tools.vnetApply, "apply", file,
        ])
      expect(failed, exits: 1)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test(
    "a host that is not on the bridge comes back, and lives from advertisements again",
    arguments: ["none", "stated"])
  func absent(host mode: String) throws {
    try Advertised.withRouter { host, router in
      let presence =
        mode == "none"
        ? "none" : "{address: [192.0.2.10/24, \"2001:db8:5::10/64\"], gateway: [192.0.2.1, \"fe80::1\"]}"
      let file = try host.files.write(
        "n.conf", "name: n\nnetworks: {office: {uplink: eth1, host: \(presence)}}\n")
      expect(try host.vnet("apply", "--allow", "default-route", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      #expect(try Advertised.defaults(host, "office") == (mode == "none" ? [] : [1024]))
      #expect(try Advertised.defaults(host, "eth1") == [])
      #expect(try prefixes(host, "eth1") == [])
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try Advertised.own(host, "eth1") != nil)
      #expect(try Advertised.wait { try Advertised.defaults(host, "eth1") == [1024, 1025] })
      #expect(try prefixes(host, "eth1") == ["2001:db8:1::/64", "2001:db8:2::/64"])
    }
  }

  @Test("settings about advertisements, the token and `disable_ipv6` follow the uplink")
  func settings() throws {
    try Host.with { host in
      try host.space.ip("token set ::99/64 dev eth1")
      try host.space.sysctl(
        "net.ipv6.conf.eth1.accept_ra_pinfo=0", "net.ipv6.conf.eth1.autoconf=0",
        "net.ipv6.conf.eth1.temp_valid_lft=7777", "net.ipv6.conf.eth1.accept_ra_min_hop_limit=9",
        "net.ipv6.conf.eth1.stable_secret=2001:db8::5ec")
      // The link-local address is made of the secret as well, the next time it is made.
      try host.space.ip(
        """
        link set eth1 down
        link set eth1 up
        addr add 2001:db8::10/64 dev eth1
        route add default via 192.0.2.1
        """)
      try host.space.settle("eth1")
      let before = try host.space.dump()
      let file = try host.files.write("n.conf", Self.office)
      expect(try host.vnet("apply", file), exits: 0)
      for (name, value) in [
        ("accept_ra_pinfo", "0"), ("autoconf", "0"), ("temp_valid_lft", "7777"),
        ("accept_ra_min_hop_limit", "9"),
      ] {
        #expect(try host.space.setting("ipv6/conf/office/\(name)") == value, "\(name)")
      }
      #expect(try host.space.setting("ipv6/conf/office/stable_secret").hasSuffix("05ec"))
      #expect(try host.link("office")["inet6_addr_gen_mode"].text == "stable_secret")
      #expect(try host.space.json("ip -j token show dev office")[0]["token"].text == "::99")
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a host without IPv6 has none on the bridge")
  func withoutIPv6() throws {
    try Host.with { host in
      try host.space.sysctl("net.ipv6.conf.eth1.disable_ipv6=1")
      let before = try host.space.dump()
      let file = try host.files.write("n.conf", Self.office)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.space.setting("ipv6/conf/office/disable_ipv6") == "1")
      Clock.sleep(2)
      #expect(
        try host.space.json("ip -j -6 addr show dev office").elements.allSatisfy {
          $0["addr_info"].elements.isEmpty
        })
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }
}
