import Testing
import Witness

@Suite("risks of taking an uplink in", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct RiskTests {
  static let office = "name: u\nnetworks: {office: {uplink: eth1}}\n"

  /// Refused with 73, the risk named with its `--allow`, nothing changed; accepted it is applied and given back.
  private func expectRisk(
    _ risk: String, _ text: String, _ host: Host, while applied: (String) throws -> Void = { _ in }
  ) throws {
    let file = try host.files.write("u.conf", text)
    let before = try host.space.dump()
    let refused = try host.vnet("apply", file)
    expect(refused, exits: 73)
    #expect(refused.output.contains("--allow \(risk)"), "\(refused)")
    #expect(try host.plan(file).risks.contains(risk))
    expectEqual(before, try host.space.dump())
    expect(try host.vnet("apply", "--allow", risk, file), exits: 0)
    expect(try host.vnet("plan", file), exits: 0)
    try applied(file)
    expect(try host.vnet("remove", "--allow", risk, file), exits: 0)
    expectEqual(before, try host.space.dump())
  }

  @Test("`host: none` on the uplink of the default route is the risk default-route")
  func defaultRoute() throws {
    try Host.with { host in
      try expectRisk("default-route", "name: u\nnetworks: {office: {uplink: eth1, host: none}}\n", host)
    }
  }

  @Test("`stp: true` on a live uplink is the risk stp-delay")
  func spanningTree() throws {
    try Host.with { host in
      try expectRisk("stp-delay", "name: u\nnetworks: {office: {uplink: eth1, stp: true}}\n", host) { _ in
        let bridge = try host.link("office")
        #expect(bridge["linkinfo"]["info_data"]["stp_state"].int == 1)
      }
    }
  }

  @Test(
    "a foreign rule that names the uplink is the risk firewall-by-interface",
    .enabled(if: Gate.nft, "needs nft"))
  func firewall() throws {
    try Host.with { host in
      try host.space.run(
        ["nft", "-f", "-"],
        input:
          "table inet guard { chain in { type filter hook input priority 0; iifname \"eth1\" tcp dport 23 drop; }; }\n"
      )
      try expectRisk("firewall-by-interface", Self.office, host)
    }
  }

  @Test("a finite IPv4 lease is the risk managed-uplink; its lifetimes go over as they are")
  func lease() throws {
    try Host.with { host in
      try host.space.ip("addr add 192.0.2.40/24 dev eth1 valid_lft 7000 preferred_lft 6000")
      try expectRisk("managed-uplink", Self.office, host) { _ in
        let lease = try host.space.json("ip -j addr show dev office")[0]["addr_info"].elements
          .first { $0["local"].text == "192.0.2.40" }
        #expect((6900...7000).contains(lease?["valid_life_time"].int ?? 0), "\(lease?.line ?? "no address")")
        #expect((5900...6000).contains(lease?["preferred_life_time"].int ?? 0))
      }
    }
  }

  @Test("a lease that ran out in the meantime is never given back")
  func expiredLease() throws {
    try Host.with { host in
      let file = try host.files.write("u.conf", Self.office)
      let before = try host.space.dump()
      try host.space.ip("addr add 192.0.2.40/24 dev eth1 valid_lft 4 preferred_lft 4")
      expect(try host.vnet("apply", "--allow", "managed-uplink", file), exits: 0)
      Clock.sleep(5)
      expect(try host.vnet("remove", "--allow", "managed-uplink", file), exits: 0)
      #expect(try !host.addresses("eth1").contains("192.0.2.40/24"))
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("multipath legs and rules with iif move to the bridge and back")
  func nexthops() throws {
    try Host.with { host in
      try host.space.ip(
        """
        route add 100.64.2.0/24 nexthop via 192.0.2.1 dev eth1 weight 2 nexthop via 192.0.2.2 dev eth1 weight 1
        route add 2001:db8:64::/48 nexthop via 2001:db8::1 dev eth1 nexthop via 2001:db8::2 dev eth1
        rule add iif eth1 table 100 priority 3100
        """)
      let file = try host.files.write("u.conf", Self.office)
      let before = try host.space.dump()
      let outcome = try host.vnet("apply", "--allow", "firewall-by-interface", file)
      expect(outcome, exits: 0)
      guard outcome.code == 0 else { return }
      let left = try host.space.dump().mentioning("dev=eth1", "iif=eth1").mentioning(
        "route", "nexthop", "rule")
      // The kernel's own, which every link that is up has.
      #expect(left.facts.allSatisfy { $0.contains("dst=ff00::/8") }, "\(left)")
      let legs = try host.routes(4, "100.64.2.0/24").first?["nexthops"].elements.map { $0["dev"].text }
      #expect(legs == ["office", "office"])
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", "--allow", "firewall-by-interface", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("routes with a leg by another link, in other tables, and rules with iif and oif move and come back")
  func policyRouting() throws {
    try Host.with(secondUplink: true) { host in
      try host.space.ip(
        """
        route add 100.64.2.0/24 nexthop via 192.0.2.1 dev eth1 weight 2 nexthop via 198.51.100.1 dev eth2
        route add 100.64.3.0/24 proto static table 300 nexthop via 198.51.100.1 dev eth2 nexthop dev eth1
        route add 2001:db8:64::/48 nexthop via 2001:db8:2::1 dev eth2 nexthop via 2001:db8::1 dev eth1 weight 3
        route add default via 192.0.2.1 dev eth1 table 300 src 192.0.2.10 metric 5
        route add 192.0.2.0/24 dev eth1 scope link table 300
        route add ::/0 via 2001:db8::1 dev eth1 table 300 metric 1024
        rule add iif eth1 lookup 300 priority 3100
        rule add oif eth1 from 192.0.2.10 lookup 300 priority 3101 proto 42
        rule add iif eth2 oif eth1 prohibit priority 3102
        """)
      try must(host.space.command("ip -6 rule add oif eth1 lookup 300 priority 3100".words))
      let file = try host.files.write("u.conf", Self.office)
      let before = try host.space.dump()
      expect(try host.vnet("apply", "--allow", "firewall-by-interface", file), exits: 0)
      let now = try host.space.dump()
      let named: (Dump) -> Dump = {
        $0.mentioning("dst=100.64.", "dst=2001:db8:64:", "table=300", "priority=310")
      }
      #expect(named(before).facts.count == 10, "\(named(before))")
      expectEqual(named(before).replacing(["eth1": "office"]), named(now))
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", "--allow", "firewall-by-interface", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a bridge of ours that carries foreign things is not deleted: they are named and stay")
  func foreignOnOurs() throws {
    for (make, foreign) in [
      ("link add name theirs type veth peer name theirs1\nlink set theirs master backstage up", "theirs"),
      ("link add name upper0 link backstage type macvlan mode bridge", "upper0"),
    ] {
      try Host.with { host in
        let file = try host.files.write(
          "u.conf", "name: u\nnetworks: {backstage: {}}\nvms: {v: {nics: {eth0: {network: backstage}}}}\n")
        expect(try host.vnet("apply", file), exits: 0)
        try host.space.ip(make)
        let before = try host.link(foreign)
        let outcome = try host.vnet("remove", file)
        #expect(outcome.output.contains(foreign), "\(outcome)")
        #expect(try host.linkNames.isSuperset(of: [foreign, "backstage"]))
        let after = try host.link(foreign)
        #expect(after["master"] == before["master"] && after["link"] == before["link"])
        #expect(after["ifindex"] == before["ifindex"] && !before["ifindex"].isNull)
      }
    }
  }
}

@Suite("a host that lacks something", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct LackingHostTests {
  /// `vnet-apply` after `setup` in a mount namespace of its own.
  private func mounted(_ host: Host, _ setup: String, _ arguments: [String]) throws -> Outcome {
    try host.space.run(
      [
        "unshare", "--mount", "--propagation", "private", "sh", "-c", setup + " && exec \"$0\" \"$@\"",
        Tools.vnetApply,
      ]
        + arguments)
  }

  @Test("without /dev/net/tun apply exits 69, says how to get it and changes nothing")
  func noTun() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let before = try host.space.dump()
      let outcome = try mounted(host, "mount -t tmpfs none /dev/net", ["apply", file])
      expect(outcome, exits: 69)
      #expect(outcome.output.contains("/dev/net/tun"), "\(outcome)")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test(
    "a full or read-only state folder is exit 1 with nothing changed",
    arguments: [
      "-o size=4k,nr_inodes=20 none /run/vnet-apply && dd if=/dev/zero of=/run/vnet-apply/full bs=4k count=1",
      "-o ro none /run/vnet-apply",
    ])
  func fullState(options: String) throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let before = try host.space.dump()
      let outcome = try mounted(
        host, "mkdir -p /run/vnet-apply && (mount -t tmpfs \(options)) 2>/dev/null", ["apply", file])
      expect(outcome, exits: 1)
      #expect(!outcome.stderr.isEmpty)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("remove of a name that owns nothing exits 0")
  func nothingOwned() throws {
    try Host.with { host in
      let before = try host.space.dump()
      expect(try host.vnet("remove", "--name", "nobody-has-this"), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }
}
