import Testing
import Witness

@Suite(
  "an uplink with nexthop objects", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct NexthopTests {
  static let office = "name: u\nnetworks: {office: {uplink: eth1}}\n"

  private func furnished(
    _ text: String = Quickstart.text, _ body: (Host, _ file: String, _ before: Dump) throws -> Void
  ) throws {
    try Host.with { host in
      try Quickstart.furnishNexthops(host)
      let file = try host.files.write("nexthops.conf", text)
      try body(host, file, try host.space.dump())
    }
  }

  /// A process that holds `v-eth0`, which gives the bridge `lab` a carrier.
  private func guest(on host: Host) throws -> Station {
    let guest = try Station("v-eth0", in: host.space)
    _ = try Clock.wait(5) { try host.link("lab")["flags"].elements.contains(.string("LOWER_UP")) }
    return guest
  }

  @Test("single ones and groups, of both families, move to the bridge with their routes and back")
  func moved() throws {
    try furnished { host, file, before in
      expect(try host.vnet("apply", file), exits: 0)
      let own: (Dump) -> Dump = {
        Dump($0.facts.filter { $0.hasPrefix("nexthop ") || $0.hasPrefix("route ") && $0.contains("nhid") })
      }
      #expect(own(before).facts.count == 13 + 9, "\(own(before))")
      let now = try host.space.dump()
      expectEqual(own(before).replacing(["eth1": "office"]), own(now))
      let nexthops = try host.space.json("ip -j nexthop show").elements
      #expect(nexthops.compactMap { $0["dev"].text } == Array(repeating: "office", count: 5))
      #expect(nexthops.count == 13)
      for route in try host.routes(4, "default") + host.routes(6, "default") {
        #expect(route["dev"].text ?? route["nexthops"][0]["dev"].text == "office", "\(route.line)")
      }
      #expect(try lost(from: host.space, to: "192.0.2.1") == 0)
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("the uplink of the default route is found by the nexthop object that the route names")
  func found() throws {
    try furnished("name: u\nnetworks: {office: {uplink: default-route}}\n") { host, file, before in
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.link("eth1")["master"].text == "office")
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a plan shows what moves, and nothing of the routes that follow by themselves")
  func shown() throws {
    try furnished(Self.office) { host, file, before in
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 2)
      #expect(
        plan.stdout.contains("~ nexthop id 77 via 192.0.2.1 dev office  dev eth1 → office"), "\(plan)")
      #expect(try host.plan(file).change("nexthop/77")["after"]["dev"].text == "office")
      #expect(!plan.stdout.contains("~ route"), "\(plan)")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("`host: none` takes the routes by them away, and gives them back")
  func suspended() throws {
    try furnished("name: u\nnetworks: {office: {uplink: eth1, host: none}}\n") { host, file, before in
      let refused = try host.vnet("apply", file)
      expect(refused, exits: 73)
      #expect(refused.output.contains("default-route"), "\(refused)")
      expect(try host.vnet("apply", "--allow", "default-route", file), exits: 0)
      #expect(try host.routes(4, "default") == [])
      #expect(try host.routes(6, "default") == [])
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a route by one gives way to the gateway that the file states, and comes back")
  func stated() throws {
    let text =
      "name: u\nnetworks: {office: {uplink: eth1, host: {address: 192.0.2.200/24, gateway: 192.0.2.1}}}\n"
    try furnished(text) { host, file, before in
      expect(try host.vnet("apply", "--allow", "default-route", file), exits: 0)
      let route = try host.routes(4, "default")
      #expect(route.count == 1 && route.first?["dev"].text == "office" && route.first?["nhid"].isNull == true)
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("what was put on the bridge since is given to the uplink")
  func givenBack() throws {
    try Host.with { host in
      let file = try host.files.write("u.conf", Self.office)
      expect(try host.vnet("apply", file), exits: 0)
      try host.space.ip(
        """
        nexthop add id 12 via 192.0.2.1 dev office proto 42
        nexthop add id 11 group 12
        route add 100.64.1.0/24 nhid 11
        """)
      expect(try host.vnet("remove", file), exits: 0)
      let left = try host.space.json("ip -j nexthop show").elements.map { $0["dev"].text ?? "group" }
      #expect(left == ["group", "eth1"])
      #expect(try host.routes(4, "100.64.1.0/24").first?["dev"].text == "eth1")
    }
  }

  @Test("one on a bridge of ours that is to go is named, and goes only where that is accepted")
  func onOurs() throws {
    try Host.with { host in
      let file = try host.files.write(
        "b.conf",
        "name: b\nnetworks: {lab: {}}\nvms: {v: {nics: {eth0: {network: lab}}}}\n")
      expect(try host.vnet("apply", file), exits: 0)
      let guest = try guest(on: host)
      defer { guest.leave() }
      try host.space.ip(
        """
        nexthop add id 12 dev lab
        nexthop add id 13 via 192.0.2.1 dev eth1
        nexthop add id 11 group 12
        route add 100.64.1.0/24 nhid 11 scope link
        """)
      let before = try host.space.dump()
      let refused = try host.vnet("remove", file)
      expect(refused, exits: 73)
      #expect(refused.output.contains("nexthop id 12 dev lab"), "\(refused)")
      expectEqual(before, try host.space.dump())
      expect(try host.vnet("remove", "--allow", "in-use", file), exits: 0)
      #expect(try host.space.json("ip -j nexthop show").elements.compactMap { $0["id"].int } == [13])
      #expect(try host.routes(4, "100.64.1.0/24") == [])
    }
  }

  @Test(
    "a removal that takes one along and fails puts it back, with its groups and routes",
    .enabled(if: Gate.strace, "needs strace"))
  func undone() throws {
    try Host.with { host in
      let file = try host.files.write(
        "b.conf", "name: b\nnetworks: {lab: {}}\nvms: {v: {nics: {eth0: {network: lab}}}}\n")
      var undone = 0
      for point in 1... {
        expect(try host.vnet("apply", file), exits: 0)
        let guest = try guest(on: host)
        defer { guest.leave() }
        try host.space.ip(
          """
          nexthop add id 12 dev lab proto 42
          nexthop add id 13 via 192.0.2.1 dev eth1
          nexthop add id 11 group 12
          nexthop add id 10 group 12,3/13 proto static
          route add 100.64.1.0/24 nhid 11 scope link
          route add 100.64.2.0/24 nhid 10 table 7
          """)
        let before = try host.space.dump()
        let injection = Injection(call: "sendto", effect: .error("ENOMEM"), when: "\(point)")
        let (outcome, reached) = try host.vnet(["remove", "--allow", "in-use", file], injection)
        if outcome.code == 1 {
          expectEqual(before, try host.space.dump(), "\(injection): \(outcome.stderr)")
          undone += 1
        }
        // What fails after the commit is left to the next one.
        expect(try host.vnet("remove", "--allow", "in-use", file), exits: 0)
        let left = try host.space.json("ip -j nexthop show").elements
        #expect(left.compactMap { $0["id"].int } == [10, 13], "\(injection): \(left.map(\.line))")
        #expect(left[0]["group"].elements.compactMap { $0["id"].int } == [13])
        try host.space.ip("nexthop flush")
        if !reached || point == 60 { break }
      }
      #expect(undone > 8)
    }
  }

  @Test("a bridge with `stp` has no carrier for them at first: refused by name")
  func spanningTree() throws {
    try furnished("name: u\nnetworks: {office: {uplink: eth1, stp: true}}\n") { host, file, before in
      let outcome = try host.vnet("apply", "--allow", "stp-delay", file)
      expect(outcome, exits: 69)
      #expect(outcome.output.contains("nexthop id 77") && outcome.output.contains("stp"), "\(outcome)")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test(
    "what has encapsulation or a realm is refused by name, and nothing is changed",
    arguments: [
      (
        "route add 100.64.9.0/24 encap ip id 1 dst 192.0.2.9 dev eth1",
        "route 100.64.9.0/24 dev eth1 uses encap"
      ),
      ("route add 2001:db8:9::/48 encap ip6 id 1 dst 2001:db8::9 dev eth1", "route 2001:db8:9::/48"),
      ("nexthop add id 60 encap ip id 1 dst 192.0.2.9 dev eth1", "nexthop id 60 dev eth1 uses encap"),
      ("route add 100.64.9.0/24 dev eth1 realm 7", "uses a realm"),
    ], ["keep", "none"])
  func refused(_ made: (setup: String, named: String), hostMode: String) throws {
    // A nexthop object stays with the uplink that the host no longer uses.
    if hostMode == "none", made.setup.hasPrefix("nexthop") { return }
    try Host.with { host in
      try host.space.ip(made.setup)
      let file = try host.files.write(
        "u.conf", "name: u\nnetworks: {office: {uplink: eth1, host: \(hostMode)}}\n")
      let before = try host.space.dump()
      let outcome = try host.vnet("apply", "--allow", "default-route", file)
      expect(outcome, exits: 69)
      #expect(outcome.output.contains(made.named), "\(outcome)")
      expectEqual(before, try host.space.dump())
    }
  }
}
