import Testing
import Witness

extension RealGuests {
  /// A scenario is a row of docs/reachability.md: what its guests were seen to reach.
  @Suite("who reaches whom, by packets")
  struct ReachabilityTests {
    @Test(
      "guests reach what the scenario says, and nothing else; also those that run when it begins",
      arguments: Scenario.series)
    func series(_ series: Scenario.Series) throws {
      let first = series.scenarios[0]
      try Host.with { host in
        var host = host
        host.space.opensTun = first.nic.contains("via: vde")
        let before = try host.space.dump()
        let file = try apply(first, on: host)
        try peopled(first, host, file) { guests, others in
          for scenario in series.scenarios {
            if scenario.title != first.title { try apply(scenario, on: host) }
            expect(try host.vnet("plan", file), exits: 0)
            let seen = try answers(scenario, guests, others)
            for way in Scenario.Way.allCases {
              let expected = scenario.reach[way] ?? .none
              #expect(seen[way] == expected, "\(scenario.title): \(way.rawValue)")
            }
            ReachabilityPage.expect(scenario, seen)
          }
        }
        expect(try host.vnet("remove", file), exits: 0)
        expectEqual(before, try host.space.dump())
      }
    }

    @discardableResult
    private func apply(_ scenario: Scenario, on host: Host) throws -> String {
      let file = try host.files.write("reach.conf", scenario.text)
      expect(try host.vnet("apply", file), exits: 0)
      return file
    }

    /// With the guests of a scenario, which boot, and what answers on the host, in the LAN and on the other network.
    private func peopled(
      _ scenario: Scenario, _ host: Host, _ file: String, _ body: ([Guest], [Answering]) throws -> Void
    ) throws {
      let subnet = scenario.subnet
      // Every station knows the way back, so that it is the host that decides.
      for (prefix, router) in [
        ("10.7.0.0/24", "192.0.2.10"), ("10.8.0.0/24", "192.0.2.10"), ("203.0.113.0/24", "192.0.2.10"),
        ("2001:db8:7::/64", "2001:db8::10"), ("2001:db8:8::/64", "2001:db8::10"),
        ("2001:db8:f::/64", "2001:db8::10"),
      ] { try host.lan.ip("route add \(prefix) via \(router)") }
      let far = try SpaceGuest("far", at: Scenario.far, on: host)
      defer { far.leave() }
      let answering = try [("host", host.space), ("lan", host.lan), ("far", far.space)].map {
        try Answering($0, in: $1, files: host.files)
      }
      defer { for each in answering { each.leave() } }
      try host.boot(["vm-1", "vm-2"], file) { guests in
        for (guest, end) in zip(guests, [51, 52]) {
          let typed = subnet.isRouted ? "ip link set eth0 up\n" + guest.hint : subnet.commands(end)
          try guest.must("set -e\n" + typed)
        }
        // A station of a LAN would hear of the other network from its router.
        if !subnet.isRouted, subnet.router != nil {
          for guest in guests {
            try guest.must(
              """
              ip route add 10.8.0.0/24 via \(subnet.host.ipv4)
              ip -6 route add 2001:db8:8::/64 via \(subnet.host.ipv6)
              """)
          }
        }
        try body(guests, answering)
      }
    }

    private func answers(
      _ scenario: Scenario, _ guests: [Guest], _ others: [Answering]
    ) throws -> [Scenario.Way: Reach] {
      let subnet = scenario.subnet
      let one = Machine(guests[0], ipv4: "\(subnet.ipv4)51", ipv6: "\(subnet.ipv6)51")
      let two = Machine(guests[1], ipv4: "\(subnet.ipv4)52", ipv6: "\(subnet.ipv6)52")
      let here = Machine(others[0], ipv4: subnet.host.ipv4, ipv6: subnet.host.ipv6)
      let station = Machine(others[1], ipv4: "192.0.2.1", ipv6: "2001:db8::1")
      let far = Machine(others[2], ipv4: Scenario.far.ipv4, ipv6: Scenario.far.ipv6)
      let questions: [(Scenario.Way, Machine, Machine)] = [
        (.toHost, one, here), (.fromHost, here, one), (.betweenVMs, one, two), (.betweenVMs, two, one),
        (.toLAN, one, station), (.fromLAN, station, one), (.toOther, one, far), (.fromOther, far, one),
      ]
      let answers = try Question.ask(questions.map { Question(from: $1, to: $2) })
      #expect(answers[2] == answers[3], "VM 1 → VM 2, VM 2 → VM 1")
      return Dictionary(zip(questions.map(\.0), answers)) { $0.intersection($1) }
    }
  }
}
