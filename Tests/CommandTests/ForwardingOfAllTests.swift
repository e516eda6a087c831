import Testing
import Witness

/// Before Linux 6.17 IPv6 is forwarded by all interfaces or by none.
@Suite(
  "IPv6 for guests of a kernel that forwards for all interfaces or for none",
  .enabled(if: Gate.ready && Gate.nft, "needs root, /dev/net/tun, iproute2 and nft"),
  .enabled(if: !Gate.forceForwarding, "this kernel forwards IPv6 for single interfaces; the lab's do not"))
struct ForwardingOfAllTests {
  static func text(_ name: String, _ subnet: Int = 7, _ end: Int = 51) -> String {
    let place = Inner.place(end, of: subnet)
    return """
      name: \(name)
      networks:
        \(name)-net: {address: [10.\(subnet).0.1/24, "2001:db8:\(subnet)::1/64"], dhcp: false, dns: false, ra: false, route: true}
      vms:
      \(Inner.vm(name, "\(name)-net", place))
      """
  }

  /// What each interface says for itself, and what those to come begin with.
  private func own(_ host: Host) throws -> [String] {
    try must(host.space.command(["grep", "-r", ".", "/proc/sys/net/ipv6/conf", "--include=forwarding"])).lines
      .filter { !$0.contains("/conf/all/") }.sorted()
  }

  /// A LAN behind each of two NICs, which know the way to each other through the host.
  static func twoLANs(_ body: (Host, Namespace) throws -> Void) throws {
    try Host.with(secondUplink: true) { host in
      guard let lan2 = host.lan2 else { return }
      try host.lan.ip(
        "route add 2001:db8:2::/64 via 2001:db8::10\nroute add 2001:db8:7::/64 via 2001:db8::10")
      try lan2.ip("route add default via 2001:db8:2::10")
      try host.space.ip(
        """
        link add name br9 type bridge
        link add name port9 type veth peer name port9-vm
        link set port9 master br9 up
        """)
      // A host may say of one interface that it is a router's though nothing is forwarded.
      try host.space.sysctl("net.ipv6.conf.br9.forwarding=1")
      try body(host, lan2)
    }
  }

  @Test("guests are reached, others are kept apart, and every interface stays what it was")
  func apart() throws {
    try Self.twoLANs { host, lan2 in
      let (before, hosts) = (try host.space.dump(), try own(host))
      let file = try host.files.write("a.conf", Self.text("a"))
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      #expect(try host.space.setting("ipv6/conf/all/forwarding") == "1")
      #expect(try own(host).filter { !$0.contains("/a-") } == hosts)
      let guest = try SpaceGuest("a-eth0", mac: Inner.place(51).mac, on: host)
      try guest.space.ip(
        "addr add 2001:db8:7::51/64 dev eth0 nodad\nroute add default via 2001:db8:7::1 dev eth0")
      #expect(try lost(from: guest.space, to: "2001:db8::1") == 0, "guest → LAN")
      #expect(try lost(from: host.lan, to: "2001:db8:7::51") == 0, "LAN → guest")
      #expect(try lost(from: host.lan, to: "2001:db8:2::1", count: 2) == 2, "LAN 1 → LAN 2")
      #expect(try lost(from: lan2, to: "2001:db8::1", count: 2) == 2, "LAN 2 → LAN 1")
      #expect(try lost(from: host.space, to: "2001:db8::1") == 0, "host → LAN")
      guest.leave()
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a bridge that takes the host over in the same run goes on listening to routers")
  func follower() throws {
    try Self.twoLANs { host, _ in
      let before = try host.space.dump()
      let text = Self.text("a").replacing("networks:\n", with: "networks:\n  lan: {uplink: eth1}\n")
      let file = try host.files.write("a.conf", text)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.space.setting("ipv6/conf/all/forwarding") == "1")
      #expect(try host.space.setting("ipv6/conf/lan/forwarding") == "0")
      #expect(try host.space.setting("ipv6/conf/default/forwarding") == "0")
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test(
    "a TAP that was made anew when forwarding of all went off is a router's again when the change is undone")
  func remade() throws {
    try Self.twoLANs { host, _ in
      func text(_ keys: String, _ networks: String = "") -> String {
        "name: a\n\(networks)vms: {web: {nics: {eth0: {device: web0, \(keys)}}}}\n"
      }
      let routed = try host.files.write("a.conf", text("mode: tap, address: \"2001:db8:77::7\""))
      expect(try host.vnet("apply", routed), exits: 0)
      let before = try host.space.dump()
      #expect(try host.space.setting("ipv6/conf/web0/forwarding") == "1")
      let bridged = try host.files.write("b.conf", text("network: lab, queues: 4", "networks: {lab: {}}\n"))
      expect(try host.vnet("apply", "--confirm-within", "60s", bridged), exits: 0)
      #expect(try host.space.setting("ipv6/conf/all/forwarding") == "0")
      expect(try host.vnet("rollback"), exits: 0)
      #expect(try host.space.setting("ipv6/conf/web0/forwarding") == "1")
      expectEqual(before, try host.space.dump())
      expect(try host.vnet("plan", routed), exits: 0)
    }
  }

  @Test("of two configurations each lets the other's guests pass, and the last one turns it off")
  func two() throws {
    try Self.twoLANs { host, _ in
      let before = try host.space.dump()
      let files = try [("a", 7), ("b", 8)].map { name, subnet in
        try host.files.write("\(name).conf", Self.text(name, subnet))
      }
      for file in files { expect(try host.vnet("apply", file), exits: 0) }
      for file in files { expect(try host.vnet("plan", file), exits: 0) }
      #expect(try lost(from: host.lan, to: "2001:db8:7::1") == 0, "the host at its guests' address")
      for (name, subnet) in [("a", 7), ("b", 8)] {
        let guest = try SpaceGuest("\(name)-eth0", mac: Inner.place(51, of: subnet).mac, on: host)
        defer { guest.leave() }
        try host.lan.ip("route replace 2001:db8:\(subnet)::/64 via 2001:db8::10")
        try guest.space.ip(
          "addr add 2001:db8:\(subnet)::51/64 dev eth0 nodad\nroute add default via 2001:db8:\(subnet)::1 dev eth0"
        )
        #expect(try lost(from: guest.space, to: "2001:db8::1") == 0, "guest of \(name)")
      }
      expect(try host.vnet("remove", files[0]), exits: 0)
      #expect(try host.space.setting("ipv6/conf/all/forwarding") == "1")
      expect(try host.vnet("plan", files[1]), exits: 0)
      expect(try host.vnet("remove", files[1]), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a host that somebody makes a router since is let go, and stays one")
  func router() throws {
    try Self.twoLANs { host, lan2 in
      let file = try host.files.write("a.conf", Self.text("a"))
      expect(try host.vnet("apply", file), exits: 0)
      try host.space.sysctl("net.ipv6.conf.all.forwarding=1")
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      #expect(try lost(from: lan2, to: "2001:db8::1") == 0, "LAN 2 → LAN 1")
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try host.space.setting("ipv6/conf/all/forwarding") == "1")
      #expect(try host.space.setting("ipv6/conf/eth1/forwarding") == "1")
    }
  }

  @Test("with the ledger lost nothing is opened, and the last one turns it off")
  func lostLedger() throws {
    for again in [false, true] {
      try Self.twoLANs { host, lan2 in
        let file = try host.files.write("a.conf", Self.text("a"))
        expect(try host.vnet("apply", file), exits: 0)
        let elsewhere = ["--state-dir", host.files.path + "/elsewhere"]
        if again { expect(try host.vnet(["apply", file] + elsewhere), exits: 0) }
        #expect(try lost(from: lan2, to: "2001:db8::1", count: 2) == 2, "LAN 2 → LAN 1")
        expect(try host.vnet(["remove", file] + elsewhere), exits: 0)
        #expect(try host.space.setting("ipv6/conf/all/forwarding") == "0")
        #expect(try host.space.setting("ipv6/conf/eth1/forwarding") == "0")
      }
    }
  }

  @Test("a part that goes leaves it on for the others, the last one turns it off")
  func parts() throws {
    try Self.twoLANs { host, _ in
      let before = try host.space.dump()
      let file = try host.files.write(
        "p.conf",
        """
        name: p
        vms:
          one: {nics: {eth0: {mode: tap, address: "2001:db8:77::1"}}}
          two: {nics: {eth0: {mode: tap, address: "2001:db8:77::2"}}}
        """)
      expect(try host.vnet("apply", "--only", "one", file), exits: 0)
      #expect(try host.space.setting("ipv6/conf/all/forwarding") == "1")
      #expect(try host.space.setting("ipv6/conf/eth1/forwarding") == "0")
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", "--name", "p", "one"), exits: 0)
      #expect(try host.space.setting("ipv6/conf/all/forwarding") == "1")
      expect(try host.vnet("remove", "--name", "p", "two"), exits: 0)
      #expect(try host.space.setting("ipv6/conf/br9/forwarding") == "1")
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }
}
