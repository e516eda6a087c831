import Glibc
import Testing
import Witness

/// VMs in namespaces of their own, on a host that is worked on from outside.
struct Clones {
  let host: Host

  static func with(_ body: (Clones) throws -> Void) throws {
    try Host.with { host in
      let clones = Clones(host: host)
      defer { for name in (try? clones.names) ?? [] { Namespace(existing: name).delete() } }
      try body(clones)
    }
  }

  /// A name that is there belongs to the whole machine.
  func name(_ number: Int) -> String { "\(host.space.name)-\(number)" }

  var names: [String] {
    get throws {
      try must(["ls", "/run/netns"]).words.filter { $0.hasPrefix(host.space.name + "-") }.sorted()
    }
  }

  /// Snapshots of one guest: the same TAP, MAC and address in each.
  func text(_ count: Int, keys: String = "", inner: Bool = true) -> String {
    """
    name: fc
    vms:
      clone:
        count: \(count)
        pad: 1
        netns: "\(host.space.name)-{n}"
        nics:
          eth0:
            mode: tap
            device: tap0
            mac: "06:00:ac:10:00:02"
            address: [10.9.0.1-10.9.0.200, "2001:db8:9::1-2001:db8:9::200"]
            \(inner ? "inner-address: [172.16.0.2, \"fd00:16::2\"]" : "")
            \(inner ? "host-address: [172.16.0.1, \"fe80::1/64\"]" : "")
            \(keys)

    """
  }

  func vnet(_ command: String, _ arguments: String..., under tracer: [String] = []) throws -> Outcome {
    try run(tracer + [Tools.vnetApply, command, "--netns", host.space.name] + arguments, timeout: 120)
  }

  /// A guest as the snapshot has it, in the namespace of a clone.
  func boot(_ number: Int, _ body: (SpaceGuest) throws -> Void) throws {
    var inner = host
    inner.space = Namespace(existing: name(number))
    let guest = try SpaceGuest("tap0", mac: "06:00:ac:10:00:02", on: inner)
    defer { guest.leave() }
    try guest.space.ip(
      """
      addr add 172.16.0.2/24 dev eth0
      addr add fd00:16::2/64 dev eth0
      route add default via 172.16.0.1
      route add default via fe80::1 dev eth0
      """)
    try body(guest)
  }
}

@Suite(
  "VMs in network namespaces", .enabled(if: Gate.ready && Gate.nft, Comment(rawValue: Gate.readyComment)))
struct NetnsTests {
  @Test("clones of one snapshot are reached by addresses of their own, and leave with them")
  func clones() throws {
    try Clones.with { clones in
      let host = clones.host
      let before = try host.space.dump()
      let file = try host.files.write("fc.conf", clones.text(2))
      expect(try clones.vnet("apply", file), exits: 0)
      expect(try clones.vnet("plan", file), exits: 0)
      try host.lan.ip("route add 10.9.0.0/24 via 192.0.2.10\nroute add 2001:db8:9::/64 via 2001:db8::10")
      let lan = try Answering("lan", in: host.lan, files: host.files)
      defer { lan.leave() }
      try clones.boot(1) { first in
        try clones.boot(2) { second in
          let servers = try [("first", first), ("second", second)].map {
            try Answering($0, in: $1.space, files: host.files)
          }
          defer { for server in servers { server.leave() } }
          for (ask, by, answer) in [
            ("192.0.2.1", first.space, "lan 10.9.0.1"), ("192.0.2.1", second.space, "lan 10.9.0.2"),
            ("2001:db8::1", first.space, "lan 2001:db8:9::1"),
            ("10.9.0.1", host.lan, "first 192.0.2.1"), ("10.9.0.2", host.lan, "second 192.0.2.1"),
            ("2001:db8:9::2", host.lan, "second 2001:db8::1"),
          ] {
            let outcome = try by.run(["timeout", "3", "busybox", "wget", "-q", "-O", "-", url(ask)])
            let said = outcome.stdout.trimmed.replacing("[", with: "").replacing("]", with: "").replacing(
              "::ffff:", with: "")
            #expect(said == answer, "\(ask): \(outcome)")
          }
          // Guests of one host do not reach each other unless the file says so.
          let across = try first.space.run(["ping", "-c1", "-W1", "10.9.0.2"])
          #expect(across.code != 0)
          let ping = try first.space.run(["ping", "-c2", "-i0.2", "-W2", "192.0.2.1"])
          #expect(ping.code == 0, "\(ping)")
        }
      }
      expect(try clones.vnet("plan", file), exits: 0)
      expect(try clones.vnet("remove", file), exits: 0)
      #expect(try clones.names == [])
      expectEqual(before, try host.space.dump())
    }
  }

  private func url(_ address: String) -> String {
    "http://\(address.contains(":") ? "[\(address)]" : address)/cgi-bin/who"
  }

  @Test("without `inner-address` a guest in a namespace is a station of its network, checked as any")
  func wired() throws {
    try Clones.with { clones in
      let host = clones.host
      let before = try host.space.dump()
      let file = try host.files.write(
        "fc.conf",
        """
        name: fc
        networks: {lab: {nat: true, address: 10.7.0.1/24, dhcp: false, dns: false, ra: false}}
        vms:
          web:
            netns: \(clones.name(1))
            nics: {eth0: {network: lab, device: tap0, mac: "06:00:ac:10:00:02", address: 10.7.0.5}}

        """)
      expect(try clones.vnet("apply", file), exits: 0)
      expect(try clones.vnet("plan", file), exits: 0)
      try clones.boot(1) { guest in
        try guest.space.ip("addr add 10.7.0.5/24 dev eth0\nroute replace default via 10.7.0.1")
        let ping = try guest.space.run(["ping", "-c2", "-i0.2", "-W2", "-I", "10.7.0.5", "192.0.2.1"])
        #expect(ping.code == 0, "\(ping)")
        try guest.space.ip("addr add 10.7.0.9/24 dev eth0")
        let spoofed = try guest.space.run(["ping", "-c1", "-W1", "-I", "10.7.0.9", "10.7.0.1"])
        #expect(spoofed.code != 0)
        let status = try clones.vnet("status")
        #expect(status.stdout.contains("tap0 in \(clones.name(1))"), "\(status)")
        #expect(status.stdout.contains("ip4 "), "\(status)")
      }
      expect(try clones.vnet("remove", file), exits: 0)
      #expect(try clones.names == [])
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("more clones leave those alone that are there, and fewer take the last")
  func grows() throws {
    try Clones.with { clones in
      let file = try clones.host.files.write("fc.conf", clones.text(2))
      expect(try clones.vnet("apply", file), exits: 0)
      try clones.boot(1) { guest in
        try clones.host.files.write("fc.conf", clones.text(4))
        let plan = try clones.vnet("plan", file)
        #expect(!plan.stdout.contains("clone-1") && plan.stdout.contains("clone-{3…4}") == false, "\(plan)")
        expect(try clones.vnet("apply", file), exits: 0)
        #expect(try clones.names == (1...4).map(clones.name))
        let ping = try guest.space.run(["ping", "-c1", "-W2", "192.0.2.10"])
        #expect(ping.code == 0, "\(ping)")
        try clones.host.files.write("fc.conf", clones.text(1))
        expect(try clones.vnet("apply", "--allow", "prune-many", file), exits: 0)
        #expect(try clones.names == [clones.name(1)])
        expect(try clones.vnet("plan", file), exits: 0)
      }
      // While a process holds a TAP there, it stays.
      try clones.boot(1) { _ in
        let refused = try clones.vnet("remove", file)
        expect(refused, exits: 73)
        #expect(refused.output.contains("in-use netns/\(clones.name(1))"), "\(refused)")
      }
      expect(try clones.vnet("remove", file), exits: 0)
      #expect(try clones.names == [])
    }
  }

  @Test(
    "what somebody takes away inside is drift: `plan` names it and `apply` mends it",
    arguments: [
      ("nft delete table inet vnet-fc", "+ table"), ("ip link delete tap0", "+ tap tap0"),
      ("ip route delete default", "+ route default"), ("ip link set tap0 mtu 1300", "~ tap tap0"),
      ("ip address flush dev tap0", "+ address 172.16.0.1/32"),
      ("sysctl -qw net.ipv4.conf.tap0.proxy_arp=0", "~ sysctl net.ipv4.conf.tap0.proxy_arp"),
    ])
  func drift(command: String, words: String) throws {
    try Clones.with { clones in
      let file = try clones.host.files.write("fc.conf", clones.text(2))
      expect(try clones.vnet("apply", file), exits: 0)
      let inside = Namespace(existing: clones.name(2))
      try must(inside.command(command.words))
      let plan = try clones.vnet("plan", file)
      expect(plan, exits: 2)
      #expect(plan.stdout.contains("~ netns \(clones.name(2))") && plan.stdout.contains(words), "\(plan)")
      #expect(!plan.stdout.contains(clones.name(1)), "\(plan)")
      expect(try clones.vnet("apply", file), exits: 0)
      expect(try clones.vnet("plan", file), exits: 0)
    }
  }

  @Test("an end of a veth that somebody takes away is made anew, and the TAP inside stays")
  func cut() throws {
    try Clones.with { clones in
      let file = try clones.host.files.write("fc.conf", clones.text(1))
      expect(try clones.vnet("apply", file), exits: 0)
      let inside = Namespace(existing: clones.name(1))
      let index = { try inside.json("ip -j link show dev tap0")[0]["ifindex"] }
      let old = try index()
      try clones.host.space.ip("link delete clone-1-eth0")
      expect(try clones.vnet("apply", file), exits: 0)
      expect(try clones.vnet("plan", file), exits: 0)
      #expect(try index() == old)
      expect(try clones.vnet("remove", file), exits: 0)
      #expect(try clones.names == [])
    }
  }

  @Test("a namespace of somebody else is never touched: exit 65, and the host stays as it was")
  func foreign() throws {
    try Clones.with { clones in
      try must(["ip", "netns", "add", clones.name(2)])
      let file = try clones.host.files.write("fc.conf", clones.text(2))
      let before = try clones.host.space.dump()
      let refused = try clones.vnet("apply", file)
      expect(refused, exits: 65)
      #expect(refused.stderr.contains("'\(clones.name(2))' that is not ours"), "\(refused)")
      #expect(try clones.names == [clones.name(2)])
      expectEqual(before, try clones.host.space.dump())
      // Nor is one that takes the place of ours.
      try must(["ip", "netns", "delete", clones.name(2)])
      expect(try clones.vnet("apply", file), exits: 0)
      try must(["ip", "netns", "delete", clones.name(2)])
      try must(["ip", "netns", "add", clones.name(2)])
      expect(try clones.vnet("plan", file), exits: 65)
      expect(try clones.vnet("remove", file), exits: 0)
      #expect(try clones.names == [clones.name(2)])
    }
  }

  @Test("from within `ip netns exec` no name would be seen outside: the run says so, and leaves nothing")
  func unseen() throws {
    try Clones.with { clones in
      let before = try clones.host.space.dump()
      let file = try clones.host.files.write("fc.conf", clones.text(1))
      let outcome = try clones.host.vnet("apply", file)
      expect(outcome, exits: 1)
      #expect(outcome.stderr.contains("vnet-apply --netns NAME"), "\(outcome)")
      expectEqual(before, try clones.host.space.dump())
      #expect(try clones.names == [])
    }
  }

  @Test("a snapshot plans offline as the host does, and redacted it tells no hardware address")
  func snapshot() throws {
    try Clones.with { clones in
      let file = try clones.host.files.write("fc.conf", clones.text(1))
      expect(try clones.vnet("apply", file), exits: 0)
      let snapshot = try clones.host.files.write("host.json", clones.vnet("snapshot").stdout)
      expect(try run([Tools.vnetApply, "plan", "--against", snapshot, file]), exits: 0)
      let inside = try Namespace(existing: clones.name(1)).json("ip -j link").elements
      let redacted = try clones.vnet("snapshot", "--redact").stdout
      #expect(redacted.contains("\"object\": \"netns\"") && !inside.isEmpty)
      for link in inside where link["ifname"].text != "lo" {
        #expect(try !redacted.contains(#require(link["address"].text)))
      }
      let explained = try run([Tools.vnetApply, "explain", "clone-1/eth0", "-c", file]).stdout
      #expect(explained.contains("network namespace: \(clones.name(1))"), "\(explained)")
      #expect(
        explained.contains("inside it has: 172.16.0.2, fd00:16::2, translated one to one"), "\(explained)")
    }
  }

  @Test("a VM moves into a namespace, to another and back")
  func moves() throws {
    try Clones.with { clones in
      let before = try clones.host.space.dump()
      func text(_ keys: String) -> String {
        "name: fc\nvms: {web: {\(keys)nics: {eth0: {mode: tap, address: 10.9.0.1}}}}\n"
      }
      let file = try clones.host.files.write("fc.conf", text(""))
      for netns in [nil, clones.name(1), clones.name(2), nil] {
        try clones.host.files.write("fc.conf", text(netns.map { "netns: \($0), " } ?? ""))
        expect(try clones.vnet("apply", "--allow", "prune-many", file), exits: 0)
        expect(try clones.vnet("plan", file), exits: 0)
        #expect(try clones.names == [netns].compactMap(\.self))
        #expect(
          try clones.host.link("web-eth0")["linkinfo"]["info_kind"].text == (netns == nil ? "tun" : "veth"))
      }
      expect(try clones.vnet("remove", file), exits: 0)
      expectEqual(before, try clones.host.space.dump())
    }
  }

  @Test(
    "a macvtap of such a VM stays outside, and is opened from inside by its path",
    .enabled(if: Gate.macvtap, Gate.macvtapComment))
  func macvtap() throws {
    try Clones.with { clones in
      let host = clones.host
      let before = try host.space.dump()
      let file = try host.files.write(
        "fc.conf",
        """
        name: fc
        vms:
          web:
            netns: \(clones.name(1))
            nics:
              eth0: {mode: tap, address: 10.9.0.1}
              eth1: {mode: bridged, via: macvtap, hardware: eth1}

        """)
      expect(try clones.vnet("apply", file), exits: 0)
      expect(try clones.vnet("plan", file), exits: 0)
      #expect(try host.linkNames.contains("web-eth1"))
      let node = try Station.place("web-eth1", in: host.space)
      // TUNGETIFF of linux/if_tun.h
      let opened = try Namespace(existing: clones.name(1)).run([
        "python3", "-c",
        "import fcntl, os; f = os.open('\(node)', os.O_RDWR); print(fcntl.ioctl(f, 0x800454d2, bytes(40))[:8])",
      ])
      #expect(opened.stdout.contains("web-eth1"), "\(opened)")
      expect(try clones.vnet("remove", file), exits: 0)
      #expect(try clones.names == [])
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("two hundred clones from one stanza")
  func many() throws {
    try Clones.with { clones in
      let before = try clones.host.space.dump()
      let file = try clones.host.files.write("fc.conf", clones.text(200))
      let outcome = try clones.vnet("apply", file)
      expect(outcome, exits: 0)
      #expect(outcome.stdout.contains("(200)"), "\(outcome)")
      #expect(try clones.names.count == 200)
      expect(try clones.vnet("plan", file), exits: 0)
      expect(try clones.vnet("remove", file), exits: 0)
      #expect(try clones.names == [])
      expectEqual(before, try clones.host.space.dump())
    }
  }
}
