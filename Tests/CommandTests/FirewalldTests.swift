import Testing
import Witness

@Suite("beside firewalld, by connections", .enabled(if: Gate.firewalld, "\(Gate.firewalldComment)"))
struct FirewalldTests {
  private static let one = Inner.place(51)
  private static let two = Inner.place(52)

  private func text(_ zone: String?, _ keys: String = ", nat: true", _ nic: String = "") -> String {
    """
    \(zone.map { "coexist: {firewalld: \($0)}" } ?? "")
    networks: {net: {\(Inner.net)\(keys)}}
    vms:
    \(Inner.vm("one", "net", Self.one, nic))\(Inner.vm("two", "net", Self.two))
    """
  }

  /// On a host that firewalld keeps, whose zone `trusted` has been used before: it takes no chains away again.
  static func beside(_ body: (Host, Firewalld) throws -> Void) throws {
    try Host.with { plain in
      var host = plain
      try host.space.sysctl("net.bridge.bridge-nf-call-iptables=0", "net.bridge.bridge-nf-call-ip6tables=0")
      let firewalld = try Firewalld(in: plain.space)
      defer { firewalld.leave() }
      host.space.variables = [firewalld.address]
      try firewalld.use("trusted", "internal")
      try body(host, firewalld)
    }
  }

  private func inner(_ text: String, _ body: (Inner, Firewalld) throws -> Void) throws {
    try Self.beside { host, firewalld in
      let before = try firewalld.activeZones
      try Inner.with(text, ["one": Self.one, "two": Self.two], host: host) { try body($0, firewalld) }
      try #expect(firewalld.activeZones == before)
    }
  }

  private func notices(_ inner: Inner) throws -> [String: String] {
    let risks = try inner.host.plan(inner.file).json["risks"].elements
    return Dictionary(
      risks.filter { $0["name"].text == "firewall-drops" }.map {
        ($0["object"].text ?? "", $0["remedy"].text ?? "")
      }, uniquingKeysWith: { $0 + "; " + $1 })
  }

  // MARK: Packets

  @Test("without the key guests get no further, and the plan says what would help")
  func dropped() throws {
    try inner(text(nil)) { inner, _ in
      try #expect(inner.who("one", asks: "192.0.2.1") == nil)
      try #expect(inner.who("one", asks: "2001:db8::1") == nil)
      try #expect(notices(inner) == ["inet firewalld filter_FORWARD": "coexist: {firewalld: trusted}"])
    }
  }

  @Test("bound to a zone that accepts, guests pass, and forwards to them; `firewall-cmd` shows the interface")
  func accepted() throws {
    try inner(text("trusted", ", nat: true", #"forward: ["8080 -> 80"]"#)) { inner, firewalld in
      try #expect(inner.who("one", asks: "192.0.2.1") == "lan 192.0.2.10")
      try #expect(inner.who("one", asks: "2001:db8::1") == "lan 2001:db8::10")
      try #expect(inner.who("lan", asks: "192.0.2.10", port: 8080) == "one 192.0.2.1")
      try #expect(inner.who("lan", asks: "10.7.0.51") == nil)
      try #expect(firewalld.command("--get-zone-of-interface=net") == "trusted")
      try #expect(firewalld.activeZones == ["trusted": ["net"]])
      try #expect(notices(inner).isEmpty)
    }
  }

  @Test("a port that is forwarded passes firewalld without the key, which is no notice")
  func forwarded() throws {
    try inner(text(nil, ", nat: true", #"forward: ["8080 -> 80"]"#)) { inner, _ in
      try #expect(inner.who("lan", asks: "192.0.2.10", port: 8080) == "one 192.0.2.1")
      let drops = try inner.host.plan(inner.file).json["risks"].elements.filter {
        $0["name"].text == "firewall-drops"
      }
      #expect(drops.count == 1 && drops[0]["detail"].text?.contains("open to elsewhere") == true, "\(drops)")
    }
  }

  @Test("DHCP and DNS of a network reach the host by its zone, and without one neither; the plan says so")
  func served() throws {
    let net = """
      networks: {net: {address: 10.7.0.1/24, dns: {domain: lab.example, upstream: []}}}
      vms: {one: {nics: {eth0: {network: net, address: 10.7.0.51, mac: "\(Self.one.mac)"}}}}

      """
    for zone in [nil, "trusted"] {
      try Self.beside { host, firewalld in
        let key = zone.map { "coexist: {firewalld: \($0)}\n" } ?? ""
        let file = try host.files.write("s.conf", "name: s\n\(key)\(net)")
        let before = try host.space.dump()
        expect(try host.vnet("apply", file), exits: 0)
        expect(try host.vnet("plan", file), exits: 0)
        let objects = try host.plan(file).json["risks"].elements.compactMap { $0["object"].text }
        #expect(objects == (zone == nil ? ["inet firewalld filter_INPUT"] : []))
        let guest = try SpaceGuest("one-eth0", mac: Self.one.mac, on: host)
        let asked = try guest.space.run([
          "timeout", "8", "busybox", "udhcpc", "-n", "-q", "-t", "3", "-T", "1", "-i", "eth0", "-s",
          "/bin/true",
        ])
        #expect((asked.code == 0) == (zone != nil), "\(asked)")
        try guest.space.ip("addr add 10.7.0.51/24 dev eth0")
        let answer = try guest.dig("@10.7.0.1 one.lab.example")
        #expect(answer.contains("10.7.0.51") == (zone != nil), "\(answer)")
        guest.leave()
        expect(try host.vnet("remove", file), exits: 0)
        try #expect(firewalld.activeZones.isEmpty)
        expectEqual(before, try host.space.dump())
      }
    }
  }

  @Test(
    "a zone is held to what it accepts: the plan names what it drops, and the command that it prints helps")
  func narrow() throws {
    let net = """
      coexist: {firewalld: internal}
      networks: {net: {address: 10.7.0.1/24}}
      vms: {one: {nics: {eth0: {network: net, mac: "\(Self.one.mac)"}}}}

      """
    try Self.beside { host, firewalld in
      let file = try host.files.write("s.conf", "name: s\n\(net)")
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      func drops() throws -> [JSON] {
        try host.plan(file).json["risks"].elements.filter { $0["name"].text == "firewall-drops" }
      }
      try #expect(drops().compactMap { $0["object"].text } == ["inet firewalld filter_INPUT"])
      let remedy = try drops().first?["remedy"].text ?? "false"
      #expect(remedy.hasPrefix("firewall-cmd --zone=internal "))
      try firewalld.command(words: Array(remedy.words.dropFirst()))
      try #expect(drops().isEmpty)
      let guest = try SpaceGuest("one-eth0", mac: Self.one.mac, on: host)
      let asked = try guest.space.run([
        "timeout", "8", "busybox", "udhcpc", "-n", "-q", "-t", "3", "-T", "1", "-i", "eth0", "-s",
        "/bin/true",
      ])
      #expect(asked.code == 0, "\(asked)")
      guest.leave()
      try firewalld.command(
        words: remedy.words.dropFirst().map { $0.replacing("--add", with: "--remove") })
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a network that is routed is entered by a policy of firewalld's; the plan names it, and it helps")
  func entered() throws {
    try inner(text("trusted", ", route: true")) { inner, firewalld in
      try inner.host.lan.ip("route add 10.7.0.0/24 via 192.0.2.10")
      try #expect(inner.who("one", asks: "192.0.2.1") == "lan 10.7.0.51")
      try #expect(inner.who("lan", asks: "10.7.0.51") == nil)
      let remedy = try notices(inner)["inet firewalld filter_FORWARD"] ?? ""
      let commands = remedy.split(separator: "; ").filter { $0.hasPrefix("firewall-cmd ") }
      #expect(commands.count == 5)
      for command in commands { try firewalld.command(words: Array(String(command).words.dropFirst())) }
      // What is said at runtime a reload forgets.
      try #expect(
        inner.host.plan(inner.file).changes.map(\.description) == ["create zone/net"])
      expect(try inner.host.vnet("apply", inner.file), exits: 0)
      try #expect(inner.who("lan", asks: "10.7.0.51") == "one 192.0.2.1")
      try #expect(notices(inner).isEmpty)
      // The policy goes; the zones get the chains back that a reload takes away.
      try firewalld.command("--permanent", "--delete-policy=to-guests")
      try firewalld.command("--reload")
      try firewalld.use("trusted", "internal")
    }
  }

  // MARK: Drift

  @Test("a reload forgets the binding: `plan` names it, `apply` mends it, guests pass again")
  func reload() throws {
    try inner(text("trusted")) { inner, firewalld in
      try firewalld.command("--reload")
      try #expect(firewalld.activeZones.isEmpty)
      try #expect(inner.who("one", asks: "192.0.2.1") == nil)
      let plan = try inner.host.vnet("plan", inner.file)
      expect(plan, exits: 2)
      #expect(plan.stdout.contains("+ firewalld zone of net  trusted"), "\(plan)")
      expect(try inner.host.vnet("apply", inner.file), exits: 0)
      expect(try inner.host.vnet("plan", inner.file), exits: 0)
      try #expect(inner.who("one", asks: "192.0.2.1") == "lan 192.0.2.10")
      try firewalld.use("internal")
    }
  }
}
