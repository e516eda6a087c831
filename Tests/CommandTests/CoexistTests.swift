import Testing
import Witness

@Suite(
  "beside the firewalls of others, by connections",
  .enabled(
    if: Gate.ready && Gate.nft && Gate.iptables,
    "needs root, /dev/net/tun, iproute2, nft, iptables-nft and the built vnet-apply"))
struct CoexistTests {
  private static let one = Inner.place(51)
  private static let two = Inner.place(52)

  private func text(_ coexist: String, _ keys: String = ", nat: true", _ nic: String = "") -> String {
    """
    \(coexist.isEmpty ? "" : "coexist: {\(coexist)}")
    networks: {net: {\(Inner.net)\(keys)}}
    vms:
    \(Inner.vm("one", "net", Self.one, nic))\(Inner.vm("two", "net", Self.two))
    """
  }

  /// On a host with br_netfilter off, unless a test wants it.
  private func beside(
    _ start: (Namespace) throws -> Void, bridgeNetfilter: Bool = false, _ text: String,
    _ body: (Inner) throws -> Void
  ) throws {
    try Host.with { host in
      let value = bridgeNetfilter ? 1 : 0
      try host.space.sysctl(
        "net.bridge.bridge-nf-call-iptables=\(value)", "net.bridge.bridge-nf-call-ip6tables=\(value)")
      try start(host.space)
      try Inner.with(text, ["one": Self.one, "two": Self.two], host: host, body)
    }
  }

  private func notices(_ inner: Inner) throws -> [String] {
    try inner.host.plan(inner.file).json["risks"].elements.filter { $0["name"].text == "firewall-drops" }
      .compactMap { $0["object"].text }
  }

  @Test(
    "a chain that drops what is forwarded is a notice for the guests that it cuts off",
    arguments: Firewall.allCases)
  func dropped(firewall: Firewall) throws {
    try beside(firewall.start, text("")) { inner in
      try #expect(inner.who("one", asks: "192.0.2.1") == nil)
      try #expect(inner.who("one", asks: "2001:db8::1") == nil)
      try #expect(Set(notices(inner)) == ["ip filter FORWARD", "ip6 filter FORWARD"])
      let plan = try inner.host.vnet("plan", inner.file)
      #expect(plan.output.contains("coexist: {\(firewall.rawValue): accept}"), "\(plan)")
    }
  }

  @Test("with its key guests pass, and forwards to them", arguments: Firewall.allCases)
  func accepted(firewall: Firewall) throws {
    let text = text("\(firewall.rawValue): accept", ", nat: true", #"forward: ["8080 -> 80"]"#)
    try beside(firewall.start, text) { inner in
      try #expect(inner.who("one", asks: "192.0.2.1") == "lan 192.0.2.10")
      try #expect(inner.who("one", asks: "2001:db8::1") == "lan 2001:db8::10")
      try #expect(inner.who("lan", asks: "192.0.2.10", port: 8080) == "one 192.0.2.1")
      try #expect(inner.who("lan", asks: "10.7.0.51") == nil)
      try #expect(notices(inner).isEmpty)
    }
  }

  @Test("rules of ours leave iptables its table: it lists, checks, adds and deletes")
  func iptables() throws {
    try beside(Firewall.docker.start, text("docker: accept")) { inner in
      let space = inner.host.space
      let listed = try space.run(["iptables-nft", "-S", "DOCKER-USER"])
      expect(listed, exits: 0)
      #expect(listed.stdout.contains("-A DOCKER-USER -i net -m comment --comment \"vnet:inner\" -j ACCEPT"))
      #expect(listed.stdout.trimmed.hasSuffix("-A DOCKER-USER -j RETURN"), "\(listed)")
      for verb in ["-A", "-C", "-D"] {
        expect(try space.run(["iptables-nft", verb, "DOCKER-USER", "-i", "x", "-j", "DROP"]), exits: 0)
      }
    }
  }

  @Test("rules of ours that somebody flushed are drift: `plan` names the chain, `apply` puts them back")
  func drift() throws {
    try beside(Firewall.docker.start, text("docker: accept")) { inner in
      let host = inner.host
      try must(host.space.command(["iptables-nft", "-F", "DOCKER-USER"]))
      try #expect(
        host.plan(inner.file).changes.map(\.description) == ["create passage/ip/filter/DOCKER-USER/inner"])
      expect(try host.vnet("apply", inner.file), exits: 0)
      try #expect(inner.who("one", asks: "192.0.2.1") == "lan 192.0.2.10")
      try must(host.space.command(["iptables-nft", "-A", "DOCKER-USER", "-j", "RETURN"]))
    }
  }

  @Test("without the key rules of ours go, and the table is as it was")
  func withdrawn() throws {
    try Host.with { host in
      try Firewall.docker.start(in: host.space)
      let before = try host.space.run(["nft", "list", "ruleset"]).stdout
      let file = try host.files.write("inner.conf", "name: inner\n" + text("docker: accept"))
      expect(try host.vnet("apply", file), exits: 0)
      _ = try host.files.write("inner.conf", "name: inner\n" + text(""))
      expect(try host.vnet("apply", file), exits: 0)
      try #expect(!host.space.run(["nft", "list", "ruleset"]).stdout.contains("vnet:inner"))
      expect(try host.vnet("remove", file), exits: 0)
      try #expect(host.space.run(["nft", "list", "ruleset"]).stdout == before)
    }
  }

  @Test("two configurations have rules in one chain, each its own")
  func two() throws {
    try Host.with { host in
      try Firewall.docker.start(in: host.space)
      let before = try host.space.run(["nft", "list", "ruleset"]).stdout
      let files = try ["a", "b"].enumerated().map { number, name in
        try host.files.write(
          "\(name).conf",
          "name: \(name)\ncoexist: {docker: accept}\nnetworks: {net\(name): {address: 10.\(20 + number).0.1/24, nat: true, dhcp: false, dns: false}}\n"
        )
      }
      for file in files { expect(try host.vnet("apply", file), exits: 0) }
      for file in files { expect(try host.vnet("plan", file), exits: 0) }
      expect(try host.vnet("remove", files[0]), exits: 0)
      let rules = try host.space.run(["nft", "list", "ruleset"]).stdout
      #expect(!rules.contains("vnet:a") && rules.contains("vnet:b"))
      expect(try host.vnet("remove", files[1]), exits: 0)
      try #expect(host.space.run(["nft", "list", "ruleset"]).stdout == before)
    }
  }

  // MARK: br_netfilter

  @Test("with br_netfilter a chain that drops keeps guests of one bridge apart; `exempt` joins them")
  func bridged() throws {
    let bare = ", nat: false"
    try beside(Firewall.docker.start, bridgeNetfilter: true, text("", bare)) { inner in
      try #expect(inner.who("one", asks: "10.7.0.52") == nil)
      try #expect(inner.who("one", asks: "2001:db8:7::52") == nil)
      try #expect(Set(notices(inner)) == ["ip filter FORWARD", "ip6 filter FORWARD"])
    }
    try beside(Firewall.docker.start, bridgeNetfilter: true, text("br-netfilter: exempt", bare)) { inner in
      try #expect(inner.who("one", asks: "10.7.0.52") == "two 10.7.0.51")
      try #expect(inner.who("one", asks: "2001:db8:7::52") == "two 2001:db8:7::51")
      try #expect(notices(inner).isEmpty)
    }
  }

  @Test("with br_netfilter guests on an uplink's bridge reach the LAN by `exempt`, in any chain that drops")
  func uplink() throws {
    for key in ["", "coexist: {br-netfilter: exempt}\n"] {
      try Host.with { host in
        try must(
          host.space.command(["nft", "-f", "-"]),
          input: "table inet guard { chain pass { type filter hook forward priority 10; policy drop; }; }\n")
        try host.space.sysctl("net.bridge.bridge-nf-call-iptables=1")
        let text =
          "name: u\n\(key)networks: {office: {uplink: eth1}}\nvms: {one: {nics: {eth0: {network: office, mac: \"\(Self.one.mac)\"}}}}\n"
        let file = try host.files.write("u.conf", text)
        let before = try host.space.dump()
        expect(try host.vnet("apply", file), exits: 0)
        expect(try host.vnet("plan", file), exits: 0)
        #expect(try host.plan(file).risks.contains("firewall-drops") == key.isEmpty)
        let guest = try SpaceGuest("one-eth0", mac: Self.one.mac, on: host)
        try guest.space.ip("addr add 192.0.2.51/24 dev eth0")
        let ping = try guest.space.run(["ping", "-c", "1", "-W", "1", "192.0.2.1"])
        #expect((ping.code == 0) == !key.isEmpty, "\(ping)")
        guest.leave()
        expect(try host.vnet("remove", file), exits: 0)
        expectEqual(before, try host.space.dump())
      }
    }
  }

  // MARK: Input

  @Test("an input chain that drops is a notice where guests would ask for DHCP; ufw's key lets them ask")
  func input() throws {
    let net =
      "networks: {net: {address: 10.7.0.1/24}}\nvms: {one: {nics: {eth0: {network: net, mac: \"\(Self.one.mac)\"}}}}\n"
    for key in ["", "coexist: {ufw: accept}\n"] {
      try Host.with { host in
        try Firewall.ufw.start(in: host.space)
        try host.space.sysctl("net.bridge.bridge-nf-call-iptables=0", "net.bridge.bridge-nf-call-ip6tables=0")
        let file = try host.files.write("i.conf", "name: i\n\(key)\(net)")
        let before = try host.space.dump()
        expect(try host.vnet("apply", file), exits: 0)
        expect(try host.vnet("plan", file), exits: 0)
        let objects = try host.plan(file).json["risks"].elements.compactMap { $0["object"].text }
        #expect(objects == (key.isEmpty ? ["ip filter INPUT"] : []))
        let guest = try SpaceGuest("one-eth0", mac: Self.one.mac, on: host)
        // A server that has an address of a guest asks first, by ICMP.
        let asked = try guest.space.run([
          "timeout", "8", "busybox", "udhcpc", "-n", "-q", "-t", "3", "-T", "1", "-i", "eth0", "-s",
          "/bin/true",
        ])
        #expect((asked.code == 0) == !key.isEmpty, "\(asked)")
        guest.leave()
        expect(try host.vnet("remove", file), exits: 0)
        expectEqual(before, try host.space.dump())
      }
    }
  }

  @Test(
    "what concerns no guest is no notice",
    arguments: [
      // It drops by default, and the guests' interface it names.
      "table inet guard { chain pass { type filter hook forward priority 0; policy drop; iifname \"net\" accept; oifname \"net\" ct state new accept; }; }",
      // Other traffic.
      "table inet guard { chain pass { type filter hook forward priority 0; iifname \"wlan0\" drop; tcp dport 25 drop; ct state invalid drop; }; }",
      "table inet guard { chain out { type filter hook output priority 0; policy drop; }; }",
      "table ip6 guard { chain in { type filter hook input priority 0; policy drop; udp dport { 53, 67 } accept; }; }",
    ])
  func silent(rules: String) throws {
    try Host.with { host in
      try must(host.space.command(["nft", "-f", "-"]), input: rules + "\n")
      let file = try host.files.write(
        "s.conf",
        "name: s\nnetworks: {net: {address: 10.7.0.1/24, nat: true}}\nvms: {one: {nics: {eth0: {network: net}}}}\n"
      )
      try host.space.sysctl("net.bridge.bridge-nf-call-iptables=0", "net.bridge.bridge-nf-call-ip6tables=0")
      let plan = try host.plan(file)
      #expect(!plan.risks.contains("firewall-drops"), "\(plan.json.line)")
    }
  }

  @Test("a port that is let in is that of its transport", arguments: ["tcp", "udp"])
  func transport(name: String) throws {
    try Host.with { host in
      try must(
        host.space.command(["nft", "-f", "-"]),
        input:
          "table ip guard { chain in { type filter hook input priority 0; policy drop; tcp dport 53 accept; \(name) dport { 53, 67 } accept; }; }\n"
      )
      let file = try host.files.write("s.conf", "name: s\nnetworks: {net: {address: 10.7.0.1/24}}\n")
      try #expect(host.plan(file).risks.contains("firewall-drops") == (name == "tcp"))
    }
  }

  @Test("a chain of somebody's own that drops is a notice with a command that helps")
  func remedy() throws {
    try beside(
      { space in
        try must(
          space.command(["nft", "-f", "-"]),
          input:
            "table inet guard { chain rest { ct state established accept; reject; }; chain pass { type filter hook forward priority 10; jump rest; }; }\n"
        )
      }, text("")
    ) { inner in
      try #expect(inner.who("one", asks: "192.0.2.1") == nil)
      let risk = try inner.host.plan(inner.file).json["risks"].elements.first {
        $0["name"].text == "firewall-drops"
      }
      let command = risk?["remedy"].text ?? "false"
      #expect(command == "nft insert rule inet guard pass iifname '\"net\"' accept")
      try must(inner.host.space.command(["sh", "-c", command]))
      try #expect(inner.who("one", asks: "192.0.2.1") == "lan 192.0.2.10")
      try #expect(notices(inner).isEmpty)
      let handle = try inner.host.space.run([
        "sh", "-c", "nft -a list chain inet guard pass | sed -n 's/.*accept # handle //p'",
      ])
      try must(
        inner.host.space.command([
          "nft", "delete", "rule", "inet", "guard", "pass", "handle", handle.stdout.trimmed,
        ]))
    }
  }
}
