import Testing
import Witness

/// Plans on hosts where somebody is logged in from elsewhere.
@Suite("lock-out", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct LockOutTests {
  /// A host with a login from a station of its LAN, or from behind the router there, 203.0.113.9.
  private func withLogin(
    fromBehindRouter: Bool = false, secondUplink: Bool = false, acceptor: String? = nil,
    _ body: (Host, Talk) throws -> Void
  ) throws {
    try Host.with(secondUplink: secondUplink) { host in
      if fromBehindRouter {
        try host.lan.ip(
          """
          addr add 203.0.113.9/32 dev lan0
          route replace 192.0.2.0/24 dev lan0 src 203.0.113.9
          """)
      }
      let login = try Talk(
        from: host.lan, to: host.space, "192.0.2.10", 22, name: "sshd-session", acceptor: acceptor)
      defer { login.leave() }
      try body(host, login)
    }
  }

  private func write(_ host: Host, _ text: String) throws -> String {
    try host.files.write("n.conf", "name: n\n" + text)
  }

  /// Refused by that name, with nothing changed and the login there.
  private func expectRefused(
    _ arguments: [String], _ reason: String, _ host: Host, _ login: Talk,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try host.space.dump()
    let refused = try host.vnet(arguments)
    expect(refused, exits: 73, sourceLocation: sourceLocation)
    #expect(refused.stderr.contains("--allow ssh-session"), "\(refused)", sourceLocation: sourceLocation)
    #expect(refused.output.contains(reason), "\(refused)", sourceLocation: sourceLocation)
    expectEqual(before, try host.space.dump())
    #expect(login.hears("sshd-session"), sourceLocation: sourceLocation)
  }

  @Test("an uplink that is taken in and given back takes its logins along, and nobody is warned")
  func kept() throws {
    for behind in [false, true] {
      try withLogin(fromBehindRouter: behind) { host, login in
        let file = try write(host, "networks: {office: {uplink: eth1}}\n")
        let apply = try host.vnet("apply", file)
        expect(apply, exits: 0)
        #expect(!apply.output.contains("ssh-session"), "\(apply)")
        #expect(login.hears("sshd-session"))
        expect(try host.vnet("remove", file), exits: 0)
        #expect(login.hears("sshd-session"))
      }
    }
  }

  @Test("a login whose connection systemd has accepted, and keeps, is one")
  func handedOver() throws {
    try withLogin(acceptor: "systemd") { host, login in
      let file = try write(host, "networks: {office: {uplink: eth1, host: none}}\n")
      try expectRefused(
        ["apply", "--allow", "default-route", file],
        "the SSH session from 192.0.2.1 comes in by 'eth1', and would end: 192.0.2.10 is no longer the host's",
        host, login)
    }
  }

  @Test(
    "a host that leaves its uplink, or gets another address there, is one that nobody is logged in to any more",
    arguments: ["none", "{address: 192.0.2.77/24, gateway: 192.0.2.1}"])
  func address(host presence: String) throws {
    try withLogin { host, login in
      let file = try write(host, "networks: {office: {uplink: eth1, host: \(presence)}}\n")
      try expectRefused(
        ["apply", "--allow", "default-route", file],
        "the SSH session from 192.0.2.1 comes in by 'eth1', and would end: 192.0.2.10 is no longer the host's",
        host, login)
      expect(
        try host.vnet(
          "apply", "--allow", "default-route", "--allow", "ssh-session=address/eth1/192.0.2.10/24", file),
        exits: 0)
      #expect(!login.hears("sshd-session"))
      expect(try host.vnet("remove", file), exits: 0)
    }
  }

  @Test("the network that takes the way may accept it in the file")
  func accepted() throws {
    try withLogin { host, login in
      let file = try write(
        host, "networks: {office: {uplink: eth1, host: none, allow: [default-route, ssh-session]}}\n")
      expect(try host.vnet("apply", file), exits: 0)
      #expect(!login.hears("sshd-session"))
      expect(try host.vnet("remove", file), exits: 0)
    }
  }

  @Test("a way back that goes: the address stays, and its route to whoever is logged in does not")
  func way() throws {
    try withLogin(fromBehindRouter: true) { host, login in
      let file = try write(
        host, "networks: {office: {uplink: eth1, host: {address: [192.0.2.10/24, \"2001:db8::10/64\"]}}}\n")
      try expectRefused(
        ["apply", "--allow", "default-route", file], "no way to 203.0.113.9 is left", host, login)
    }
  }

  @Test("a guest's prefix that has whoever is logged in within it")
  func shadowed() throws {
    try withLogin(fromBehindRouter: true) { host, login in
      let text = """
        networks: {lab: {address: 10.1.0.1/24}}
        vms: {web: {nics: {eth0: {network: lab, address: 10.1.0.10, routes: [203.0.113.0/28]}}}}

        """
      let file = try write(host, text)
      try expectRefused(
        ["apply", file], "what the host sends to 203.0.113.9 leaves by 'lab' then", host, login)
    }
  }

  @Test("an address that moves to another LAN")
  func uplink() throws {
    try withLogin(secondUplink: true) { host, login in
      let presence = "host: {address: 192.0.2.10/24, gateway: 192.0.2.1}"
      let first = try write(host, "networks: {office: {uplink: eth1, \(presence)}}\n")
      expect(try host.vnet("apply", "--allow", "default-route", first), exits: 0)
      #expect(login.hears("sshd-session"))
      let second = try write(
        host, "networks: {office: {uplink: eth2, \(presence)}, other: {uplink: eth1, host: none}}\n")
      try expectRefused(
        ["apply", "--allow", "default-route", second], "192.0.2.10 is no longer on it", host, login)
    }
  }

  @Test("a guest that is logged in: its network goes, or it alone stays")
  func guest() throws {
    try Host.with { host in
      let file = try write(
        host,
        """
        networks: {lab: {address: 10.1.0.1/24}}
        vms: {a: {nics: {eth0: {network: lab}}}, b: {nics: {eth0: {network: lab}}}}

        """)
      expect(try host.vnet("apply", file), exits: 0)
      // A station on the bridge, as a guest is one.
      try host.space.ip(
        """
        link add name st0 type veth peer name lan1 netns \(host.lan.name)
        link set st0 up master lab
        """)
      try host.lan.ip("link set lan1 up\naddr add 10.1.0.9/24 dev lan1")
      let login = try Talk(from: host.lan, to: host.space, "10.1.0.1", 22, name: "dropbear")
      defer { login.leave() }
      let fewer = try write(
        host, "networks: {lab: {address: 10.1.0.1/24}}\nvms: {a: {nics: {eth0: {network: lab}}}}\n")
      expect(try host.vnet("apply", fewer), exits: 0)
      #expect(login.hears("dropbear"))
      let refused = try host.vnet("remove", "--allow", "in-use", fewer)
      expect(refused, exits: 73)
      #expect(refused.output.contains("10.1.0.1 is no longer the host's"), "\(refused)")
      #expect(login.hears("dropbear"))
    }
  }

  @Test("what was planned before the login came is judged by who is there when it is applied")
  func savedPlan() throws {
    try Host.with { host in
      let file = try write(host, "networks: {office: {uplink: eth1, host: none}}\n")
      let plan = host.files.path + "/plan.json"
      expect(try host.vnet("plan", "--allow", "default-route", "--out", plan, file), exits: 2)
      let login = try Talk(from: host.lan, to: host.space, "192.0.2.10", 22, name: "sshd")
      defer { login.leave() }
      let refused = try host.vnet("apply", "--plan", plan)
      expect(refused, exits: 73)
      #expect(refused.output.contains("ssh-session") && login.hears("sshd"), "\(refused)")
      expect(try host.vnet("apply", "--allow", "ssh-session", "--plan", plan), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
    }
  }

  @Test("another program's connection is no login")
  func others() throws {
    try Host.with { host in
      let talk = try Talk(from: host.lan, to: host.space, "192.0.2.10", 22, name: "nginx")
      defer { talk.leave() }
      let file = try write(host, "networks: {office: {uplink: eth1, host: none}}\n")
      expect(try host.vnet("apply", "--allow", "default-route", file), exits: 0)
    }
  }

  @Test(
    "a kernel without sock_diag has /proc/net/tcp",
    .enabled(if: Gate.strace, "needs strace"), arguments: ["192.0.2.10", "2001:db8::10"])
  func withoutDiagnostics(address: String) throws {
    try Host.with { host in
      let login = try Talk(from: host.lan, to: host.space, address, 22, name: "sshd")
      defer { login.leave() }
      let file = try write(host, "networks: {office: {uplink: eth1, host: none}}\n")
      let calls = try host.calls("sendto", ["plan", "--allow", "default-route", file], exits: 2)
      let asking = try #require(calls.first { $0.line.contains("SOCK_DIAG_BY_FAMILY") })
      let (outcome, reached) = try host.vnet(
        ["plan", file], Injection(at: asking, .error("ENOENT")))
      #expect(reached)
      expect(outcome, exits: 2)
      #expect(outcome.output.contains("would end: \(address) is no longer the host's"), "\(outcome)")
    }
  }
}
