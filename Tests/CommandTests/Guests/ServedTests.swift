import Testing
import Witness

extension RealGuests {
  /// Nobody types an address: what the guests have, DHCP and router advertisements gave them.
  @Suite(
    "guests of served networks",
    .enabled(if: Gate.services && Gate.nft, "needs also nft, dnsmasq, dhclient and dig"))
  struct ServedTests {
    @Test(
      "five lines of README.md: a guest has its addresses, its sibling's name, the internet, and a forward")
    func fiveLines() throws {
      let shown = try #require(
        Page(name: "README.md").blocks("yaml").first { $0.file == "nat.conf" })
      #expect(shown.lines.count <= 5)
      try Host.with { host in
        // With br_netfilter a guest does not reach its own forward.
        try host.space.run(["sysctl", "-q", "-w", "net.bridge.bridge-nf-call-iptables=0"])
        let internet = try Internet(behind: host)
        defer { internet.leave() }
        try applied(shown.text, "nat.conf", host) { file in
          try host.boot(["web", "db"], file) { guests in
            let web = try machine(guests[0], host), db = try machine(guests[1], host)
            try expectReservation(guests[0], host)
            try expectReservation(guests[1], host)
            let names = try guests[0].must("wget -q -O - http://db/cgi-bin/who; nslookup db.internal")
            #expect(names.hasPrefix("db ") && names.contains(db.ipv4), "\(names)")
            let here = try gateway(guests[0], internet.host)
            try expect(
              [
                (web, here, .all), (here, web, .all), (web, db, .all), (web, internet.lan, .all),
                (web, internet.outside, .all), (internet.lan, web, .none),
                (internet.outside, web, .none),
              ])
            for (name, start) in [
              ("lan", internet.lan.start), ("outside", internet.outside.start), ("host", here.start),
              ("sibling", db.start), ("the guest itself", web.start),
            ] {
              let who = try start("timeout 3 wget -q -O - http://192.0.2.10:8080/cgi-bin/who")()
              #expect(who.stdout.hasPrefix("web "), "\(name): \(who)")
            }
            let own = try here.start("timeout 3 wget -q -O - http://127.0.0.1:8080/cgi-bin/who")()
            #expect(own.stdout.hasPrefix("web "), "\(own)")
          }
        }
      }
    }

    private static let closed = """
      name: closed
      networks:
        lab: {nat: true, address: [10.7.0.1/24, "2001:db8:7::1/64"], block: [198.51.100.0/24, "2001:db8:b::/64"]}
        dmz: {nat: true, address: [10.8.0.1/24, "2001:db8:8::1/64"], to-host: basic}
        back: {address: [10.9.0.1/24, "2001:db8:9::1/64"], to-host: none}
      defaults: {isolated: true}
      vms:
        one: {nics: {eth0: {network: lab, forward: ["127.0.0.1:9090 -> 80"]}}}
        two: {nics: {eth0: {network: lab}}}
        far: {nics: {eth0: {network: dmz}}}
        mute: {nics: {eth0: {network: back, address: [10.9.0.9, "2001:db8:9::9"]}}}

      """

    @Test(
      "nothing else passes: isolated siblings, other networks, blocked prefixes, the host beyond `to-host`, its loopback"
    )
    func closed() throws {
      try Host.with { host in
        let internet = try Internet(behind: host)
        defer { internet.leave() }
        try applied(Self.closed, "closed.conf", host) { file in
          try host.boot(["one", "two", "far", "mute"], file) { guests in
            let all = try guests.map { try machine($0, host) }
            let (one, two, far, mute) = (all[0], all[1], all[2], all[3])
            let here = try guests.map { try gateway($0, internet.host) }
            try expect([
              (one, here[0], .all), (one, internet.outside, .all), (one, two, .none),
              (one, far, .none), (far, one, .none), (one, internet.blocked, .none), (one, mute, .none),
              (far, here[2], Reach.ping), (far, internet.blocked, .all),
              (mute, here[3], .none), (mute, internet.outside, .none), (internet.outside, one, .none),
            ])
            // By way of the host's router, and at the host's other addresses.
            try guests[0].must(
              """
              ip route add \(two.ipv4) via 10.7.0.1
              ip -6 route add \(two.ipv6) via 2001:db8:7::1
              """)
            try expect([
              (one, two, .none),
              (far, Machine(internet.host, ipv4: "10.7.0.1", ipv6: "2001:db8:7::1"), Reach.ping),
            ])
            // What is for 127.0.0.1 leaves by the wire, as of somebody who wants to break in.
            let asked = try guests[1].run(
              """
              echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet
              ip addr del 127.0.0.1/8 dev lo; ip route add 127.0.0.1 via 10.7.0.1
              for port in 80 9090; do timeout 2 wget -q -O - http://127.0.0.1:$port/cgi-bin/who; done; true
              """)
            #expect(asked.stdout == "", "\(asked)")
            let own = try here[0].start("timeout 3 wget -q -O - http://127.0.0.1:9090/cgi-bin/who")()
            #expect(own.stdout.hasPrefix("one "), "\(own)")
          }
        }
      }
    }

    // MARK: Ground

    private func applied(_ text: String, _ name: String, _ host: Host, _ body: (String) throws -> Void) throws
    {
      let file = try host.files.write(name, text)
      let before = try host.space.dump()
      let outcome = try host.vnet("apply", file)
      CommandTests.expect(outcome, exits: 0)
      guard outcome.code == 0 else { return }
      try body(file)
      CommandTests.expect(try host.vnet("plan", file), exits: 0)
      CommandTests.expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }

    /// The guest with what DHCP and the advertised prefix give it.
    private func machine(_ guest: Guest, _ host: Host) throws -> Machine {
      let addresses = try host.reservation("vms.\(guest.vm).nics.eth0").addresses
      // With `to-host: none` there is no DHCP either.
      if guest.vm == "mute" {
        try guest.must(
          """
          set -e
          ip link set eth0 up
          ip addr replace 10.9.0.9/24 dev eth0; ip route replace default via 10.9.0.1
          ip -6 addr replace 2001:db8:9::9/64 dev eth0; ip -6 route replace default via 2001:db8:9::1
          """)
        return Machine(guest, ipv4: "10.9.0.9", ipv6: "2001:db8:9::9")
      }
      try guest.must(
        """
        ip link set eth0 up
        udhcpc -f -n -q -t 10 -T 1 -i eth0 -s /etc/udhcpc/default.script >/dev/null 2>&1 || exit 1
        for n in 1 2 3 4 5 6 7 8 9 10; do ip -6 route show default | grep -q via && break; sleep 1; done
        """, limit: 40)
      return Machine(
        guest, ipv4: addresses.first { !$0.contains(":") } ?? "",
        ipv6: addresses.first { $0.contains(":") } ?? "")
    }

    private func expectReservation(_ guest: Guest, _ host: Host) throws {
      let reserved = try host.reservation("vms.\(guest.vm).nics.eth0").addresses
      let own = try guest.must("ip -o addr show dev eth0 scope global").lines
      let has = own.compactMap { line in
        line.words.count > 3 ? String(line.words[3].prefix { $0 != "/" }) : nil
      }
      #expect(Set(has) == Set(reserved), "\(guest.vm)")
    }

    /// The host by the addresses at which the guest was told to find it.
    private func gateway(_ guest: Guest, _ host: Answering) throws -> Machine {
      let ipv4 = try guest.must("ip route show default").words[2]
      // A guest asks names at the address that was advertised; the gateway itself is link-local.
      let own = try host.space.json("ip -j -6 addr show scope global").elements.flatMap {
        $0["addr_info"].elements
      }
      let prefix = try guest.must("ip -6 -o addr show dev eth0 scope global").words[3].prefix { $0 != "/" }
      let ipv6 = own.compactMap { $0["local"].text }.first {
        $0.hasSuffix("::1") && prefix.hasPrefix($0.dropLast(2))
      }
      return Machine(host, ipv4: ipv4, ipv6: try #require(ipv6))
    }

    private func expect(
      _ expected: [(Machine, Machine, Reach)], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let answers = try Question.ask(expected.map { Question(from: $0.0, to: $0.1) })
      for (answer, (from, to, reach)) in zip(answers, expected) {
        #expect(
          answer == reach, "\(from.name) → \(to.name) (\(to.ipv4)): \(answer)", sourceLocation: sourceLocation
        )
      }
    }
  }
}

/// Machines that the host reaches by its LAN's router alone, as it does the internet.
private final class Internet {
  let host: Answering
  let lan: Machine
  let outside: Machine
  /// One in a prefix of its own.
  let blocked: Machine
  private let space: Namespace
  private let answering: [Answering]

  init(behind host: Host) throws {
    space = try Namespace()
    let router = host.lan
    try space.sysctl("net.ipv6.conf.default.accept_dad=0")
    try router.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    try router.ip(
      """
      link add name wan type veth peer name wan0 netns \(space.name)
      link set wan up
      addr add 203.0.113.1/24 dev wan
      addr add 2001:db8:f::1/64 dev wan
      route add 198.51.100.0/24 via 203.0.113.9
      route add 2001:db8:b::/64 via 2001:db8:f::9
      route add 10.0.0.0/8 via 192.0.2.10
      route add 2001:db8:7::/64 via 2001:db8::10
      route add fd00::/8 via 2001:db8::10
      """)
    try space.ip(
      """
      link set wan0 up
      addr add 203.0.113.9/24 dev wan0
      addr add 2001:db8:f::9/64 dev wan0
      addr add 198.51.100.9/32 dev lo
      addr add 2001:db8:b::9/128 dev lo
      route add default via 203.0.113.1
      route add default via 2001:db8:f::1
      """)
    let all = try [("host", host.space), ("lan", router), ("outside", space)].map {
      try Answering($0, in: $1, files: host.files)
    }
    answering = all
    self.host = all[0]
    lan = Machine(all[1], ipv4: "192.0.2.1", ipv6: "2001:db8::1")
    outside = Machine(all[2], ipv4: "203.0.113.9", ipv6: "2001:db8:f::9")
    blocked = Machine(all[2], ipv4: "198.51.100.9", ipv6: "2001:db8:b::9")
  }

  func leave() {
    for each in answering { each.leave() }
    space.delete()
  }
}
