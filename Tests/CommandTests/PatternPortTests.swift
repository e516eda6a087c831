import Testing
import Witness

/// Frames at ports of which only the beginning of the name is known, on kernels that can tell the bridge of a port.
@Suite(
  "bridged via vmm, at ports by a pattern",
  .enabled(
    if: Gate.bridgePorts, "needs root, nft, and a kernel with CONFIG_NFT_BRIDGE_META (lab/run has such)"))
struct PatternPortTests {
  private static let one = Identity(mac: "02:00:00:00:17:51", ipv4: "10.7.0.51", ipv6: "2001:db8:7::51")
  private static let two = Identity(mac: "02:00:00:00:17:52", ipv4: "10.7.0.52", ipv6: "2001:db8:7::52")
  private static let gateway = Identity(mac: "02:00:00:00:17:01", ipv4: "10.7.0.1", ipv6: "2001:db8:7::1")

  private static func text(_ keys: String = "") -> String {
    """
    name: f
    networks: {net: {\(Inner.net), mac: "\(gateway.mac)"}}
    defaults: {vmm: libvirt, via: vmm}
    vms:
    \(Inner.vm("one", "net", Inner.place(51), keys))\(Inner.vm("two", "net", Inner.place(52)))
    """
  }

  private func applied(
    _ text: String = text(), other: Identity = gateway, _ body: (Host, String, Wire, [Wire]) throws -> Void
  ) throws {
    try Host.with { host in
      try? host.space.sysctl("net.bridge.bridge-nf-call-ip6tables=0")
      let file = try host.files.write("f.conf", text)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      let ports = try ["vnet4", "vnet7"].map { try SoftwarePort($0, on: "net", of: host) }
      let sender = try Wire("vnet4", in: host.space, own: Self.one, other: other, to: Self.two)
      let peer = try Wire("vnet7", in: host.space, own: Self.two, other: other, to: Self.one)
      let bridge = try Wire(device: "net", in: host.space)
      try body(host, file, sender, [peer, bridge])
      for each in [sender, peer, bridge] { each.leave() }
      expect(try host.vnet("plan", file), exits: 0)
      for port in ports { try port.leave() }
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("nobody hears a hostile frame, everybody an honest one, as at a TAP")
  func frames() throws {
    try applied { host, file, sender, listeners in
      var expected: [String: Int] = [:]
      for frame in Frame.all where SpoofTests.checks[frame.name] != nil && frame.name != "lldp" {
        try #expect(
          sends(frame.name, from: sender, heardBy: listeners, patience: 0.1) == [false, false],
          "\(frame.name)")
        expected[SpoofTests.checks[frame.name]!, default: 0] += 1
      }
      for frame in Frame.all where frame.nature == .honest {
        try #expect(sends(frame.name, from: sender, heardBy: listeners)[0], "\(frame.name)")
      }
      // A stranger's MAC counts at the port, whoever's it is.
      let own = try host.statusRow(file, nic: "one/eth0")["dropped"].members.compactMapValues(\.int)
      let rows = try JSON(parsing: host.vnet("status", "--json", file).stdout)["nics"].elements
      let port = rows.first { $0["device"].text == "vnet4" } ?? .null
      let all = own.merging(port["dropped"].members.compactMapValues(\.int), uniquingKeysWith: +)
      #expect(all == expected, "\(rows)")
    }
  }

  @Test("ports of another bridge that have such a name are nobody's business here")
  func elsewhere() throws {
    try applied { host, _, _, _ in
      try host.space.ip("link add name other type bridge\nlink set other addrgenmode none\nlink set other up")
      let ports = try ["vnet8", "vnet9"].map { try SoftwarePort($0, on: "other", of: host) }
      let sender = try Wire("vnet8", in: host.space, own: Self.one, other: Self.gateway, to: Self.two)
      let peer = try Wire("vnet9", in: host.space, own: Self.two, other: Self.gateway, to: Self.one)
      for frame in ["source-mac", "ipv4-other-source", "dhcp-offer"] {
        try #expect(sends(frame, from: sender, heardBy: [peer]) == [true], "\(frame)")
      }
      sender.leave()
      peer.leave()
      for port in ports { try port.leave() }
      try host.space.ip("link del other")
    }
  }

  @Test("`also` makes a further MAC the guest's own, held to its addresses")
  func also() throws {
    try applied(Self.text(#"also: ["00:00:5e:00:01:05"]"#)) { _, _, sender, listeners in
      try #expect(sends("vrrp", from: sender, heardBy: listeners)[0])
      try #expect(sends("source-mac", from: sender, heardBy: listeners) == [false, false])
    }
  }

  @Test("`anti-spoof: false` for all lets through everything but link-local groups, tags and other protocols")
  func off() throws {
    let text = Self.text("anti-spoof: false").replacing(
      "defaults: {", with: "defaults: {anti-spoof: false, ")
    try applied(text) { _, _, sender, listeners in
      for frame in Frame.all where frame.keptByBridge == nil {
        let isDropped = SpoofTests.checks[frame.name].map { ["link", "tag", "type"].contains($0) } ?? false
        try #expect(sends(frame.name, from: sender, heardBy: listeners)[0] == !isDropped, "\(frame.name)")
      }
    }
  }

  @Test("a limit is the guest's by its MAC, both ways")
  func limits() throws {
    try applied(Self.text("limit: {in: 8kbit, out: 8kbit}")) { host, file, sender, listeners in
      // A second's worth passes at once: a thousand bytes.
      for _ in 0..<60 { try sender.send("ipv4") }
      let dropped = try host.statusRow(file, nic: "one/eth0")["dropped"]["rate"].int ?? 0
      #expect(dropped > 0)
      let rules = try host.space.run(["nft", "list", "table", "bridge", "vnet-f"]).stdout
      #expect(rules.contains("rate-in-net-020000001751-1000"), "\(rules)")
      _ = listeners
    }
  }

  @Test("a port that is there and would be cut off, and one that is no TAP, are named")
  func strangers() throws {
    try Host.with { host in
      try host.space.ip("link add name br9 type bridge\nlink set br9 addrgenmode none\nlink set br9 up")
      let port = try SoftwarePort("vnet3", on: "br9", of: host)
      let text =
        "name: f\nnetworks: {net: {existing: br9}}\nvms: {one: {vmm: libvirt, nics: {eth0: {network: net, via: vmm}}}}\n"
      let file = try host.files.write("f.conf", text)
      let plan = try host.vnet("plan", file)
      #expect(plan.stdout.contains("! foreign-object link/vnet3: 'vnet3' is on 'br9'"), "\(plan)")
      expect(try host.vnet("apply", file), exits: 0)
      let second = try host.vnet("plan", file)
      expect(second, exits: 0)
      #expect(second.stdout == "No changes.\n", "\(second)")
      // Nobody else's pattern on that bridge can be alike.
      let other = try host.files.write("g.conf", text.replacing("name: f", with: "name: g"))
      let refused = try host.vnet("plan", other)
      expect(refused, exits: 65)
      #expect(
        refused.stderr.contains("the configuration 'f' has guests at ports with such names"), "\(refused)")
      expect(try host.vnet("remove", file), exits: 0)
      try port.leave()
    }
  }
}

/// `examples/` that take such a kernel, with an /etc of their own.
@Suite(
  "examples whose ports VM software makes",
  .enabled(if: Gate.bridgePorts && Gate.bridgeHelper && Gate.services, Gate.bridgeHelperComment))
struct PatternExampleTests {
  @Test("applied, nothing is left to do; removed, the host is as it was")
  func example() throws {
    try HelperHost.with { own in
      let file = Tools.repository + "/examples/vm-software.conf"
      let (before, folder) = (try own.host.space.dump(), try own.folder)
      expect(try own.vnet("apply", file), exits: 0)
      let second = try own.vnet("plan", file)
      expect(second, exits: 0)
      #expect(second.stdout == "No changes.\n", "\(second)")
      expect(try own.vnet("remove", file), exits: 0)
      try #expect(own.folder == folder)
      expectEqual(before, try own.host.space.dump())
    }
  }
}
