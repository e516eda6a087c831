import Testing
import Witness

/// Frames by name, from a guest whose frames are checked; what a sibling, the host's bridge and the LAN hear of them.
@Suite(
  "anti-spoof, by frames",
  .enabled(if: Gate.ready && Gate.nft, "needs root, /dev/net/tun, iproute2, nft and the built vnet-apply"))
struct SpoofTests {
  private static let one = Identity(mac: "02:00:00:00:17:51", ipv4: "10.7.0.51", ipv6: "2001:db8:7::51")
  private static let two = Identity(mac: "02:00:00:00:17:52", ipv4: "10.7.0.52", ipv6: "2001:db8:7::52")
  private static let gateway = Identity(mac: "02:00:00:00:17:01", ipv4: "10.7.0.1", ipv6: "2001:db8:7::1")

  /// The check that each hostile frame falls to.
  static let checks: [String: String] = [
    "source-mac": "mac", "arp-reply-other-mac": "mac", "vrrp": "mac",
    "neighbour-advertisement-other-mac": "mac", "neighbour-advertisement-hidden-mac": "mac",
    "neighbour-solicitation-other-mac": "mac", "neighbour-solicitation-hidden-mac": "mac",
    "router-solicitation-other-mac": "mac",
    "arp-reply-other-address": "ip4", "arp-request-other-address": "ip4",
    "arp-announcement-other-address": "ip4", "ipv4-other-source": "ip4",
    "ipv6-other-source": "ip6", "ipv6-other-link-local": "ip6",
    "neighbour-solicitation-other-source": "ip6", "neighbour-advertisement-other-target": "ip6",
    "neighbour-advertisement-other-source": "ip6",
    "dhcp-offer": "dhcp", "dhcp6-advertise": "dhcp", "dhcp-offer-other-port": "dhcp",
    "dhcp6-advertise-other-port": "dhcp",
    "router-advertisement": "router", "router-advertisement-options": "router",
    "router-advertisement-fragment": "router", "redirect": "router",
    "bpdu": "link", "lacp": "link", "eapol": "link", "lldp": "link",
    "lldp-broadcast": "type", "cdp": "type", "ipx": "type", "pppoe": "type", "loopback": "type",
    "vlan": "tag", "vlan-priority": "tag", "vlan-service": "tag",
  ]

  private static func text(_ keys: String = "", network: String = "") -> String {
    """
    name: f
    networks: {net: {\(Inner.net), mac: "\(gateway.mac)"\(network)}}
    vms:
    \(Inner.vm("one", "net", Inner.place(51), keys))\(Inner.vm("two", "net", Inner.place(52)))
    """
  }

  /// A frame and who heard it, on a host with this file.
  private func frames(
    _ text: String, other: Identity = Self.gateway,
    _ body: (Host, (String) throws -> [Bool]) throws -> Void
  ) throws {
    try Host.with { host in
      // Connection tracking of the host takes fragments apart, also those that a bridge hands to it (br_netfilter).
      try host.space.run(["sysctl", "-q", "-w", "net.bridge.bridge-nf-call-ip6tables=0"])
      let file = try host.files.write("f.conf", text)
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      let sender = try Wire("one-eth0", in: host.space, own: Self.one, other: other, to: Self.two)
      let peer = try Wire("two-eth0", in: host.space, own: Self.two, other: other, to: Self.one)
      let bridge = try Wire(device: "net", in: host.space)
      defer { for each in [sender, peer, bridge] { each.leave() } }
      try body(host) { try sends($0, from: sender, heardBy: [peer, bridge], patience: 0.06) }
    }
  }

  private func drops(_ host: Host, _ device: String = "one-eth0") throws -> [String: Int] {
    let rows = try JSON(parsing: host.vnet("status", "--json").stdout)
    func find(_ json: JSON) -> JSON? {
      if json["device"].text == device { return json }
      return (json.elements + Array(json.members.values)).lazy.compactMap(find).first
    }
    return (find(rows) ?? .null)["dropped"].members.compactMapValues(\.int)
  }

  @Test("every frame of the table is honest or falls to one check")
  func table() {
    let hostile = Set(Frame.all.filter { $0.nature == .hostile }.map(\.name))
    #expect(hostile == Set(Self.checks.keys))
  }

  @Test("nobody hears a hostile frame, and each counts under the check that it falls to")
  func hostile() throws {
    try frames(Self.text()) { host, heard in
      // The kernel keeps LLDP's group from other ports, and past every hook of the bridge (`br_handle_frame`).
      for frame in Frame.all where Self.checks[frame.name] != nil && frame.name != "lldp" {
        let before = try drops(host)
        try #expect(heard(frame.name) == [false, false], "\(frame.name)")
        var expected = before
        expected[Self.checks[frame.name]!, default: 0] += 1
        let counted = try drops(host)
        #expect(counted == expected, "\(frame.name)")
      }
    }
  }

  @Test("no sibling hears LLDP, though only the kernel sees to that")
  func discovery() throws {
    try frames(Self.text()) { _, heard in try #expect(heard("lldp") == [false, false]) }
  }

  @Test("a sibling hears every honest frame, and none counts")
  func honest() throws {
    try frames(Self.text()) { host, heard in
      for frame in Frame.all where frame.nature == .honest {
        try #expect(heard(frame.name)[0], "\(frame.name)")
      }
      try #expect(drops(host) == [:])
    }
  }

  @Test("who claims to be a sibling is not heard")
  func sibling() throws {
    try frames(Self.text(), other: Self.two) { _, heard in
      for frame in Self.checks.keys.sorted() where frame.contains("-other-") && !frame.contains("link-local")
      {
        try #expect(heard(frame) == [false, false], "\(frame)")
      }
    }
  }

  /// Checks that hold whatever `anti-spoof` says.
  private static let always: Set = ["link", "tag", "type"]

  @Test("`anti-spoof: false` lets through everything but link-local groups, tags and other protocols")
  func off() throws {
    try frames(Self.text("anti-spoof: false")) { _, heard in
      for frame in Frame.all where frame.keptByBridge == nil {
        let isDropped = Self.checks[frame.name].map(Self.always.contains) ?? false
        try #expect(heard(frame.name)[0] == !isDropped, "\(frame.name)")
      }
    }
  }

  @Test(
    "a check alone does what it is for, and what is always done",
    arguments: ["mac", "address", "dhcp", "router"])
  func single(check: String) throws {
    let names = check == "address" ? ["ip4", "ip6"] : [check]
    try frames(Self.text("anti-spoof: [\(check)]")) { _, heard in
      for frame in Frame.all where frame.keptByBridge == nil {
        let isDropped =
          Self.checks[frame.name].map { Self.always.contains($0) || names.contains($0) } ?? false
        try #expect(heard(frame.name)[0] == !isDropped, "\(frame.name)")
      }
    }
  }

  @Test("`also` makes a further MAC and further addresses the guest's own")
  func also() throws {
    try frames(Self.text(#"also: ["00:00:5e:00:01:05", 10.7.0.0/25, "2001:db8:7::/120"]"#)) { _, heard in
      try #expect(heard("vrrp")[0])
      try #expect(heard("ipv4-other-source")[0])
      try #expect(heard("source-mac") == [false, false])
    }
  }

  @Test("on a LAN, where no address is known, MAC, DHCP, router and type are checked")
  func uplink() throws {
    try Host.with { host in
      let text = """
        name: f
        networks: {net: {uplink: eth1}}
        vms:
          one: {nics: {eth0: {network: net, mac: "\(Self.one.mac)"}}}
          two: {nics: {eth0: {network: net, mac: "\(Self.two.mac)"}}}

        """
      let file = try host.files.write("f.conf", text)
      expect(try host.vnet("apply", file), exits: 0)
      let sender = try Wire("one-eth0", in: host.space, own: Self.one, other: Self.two, to: Self.two)
      let peer = try Wire("two-eth0", in: host.space, own: Self.two, other: Self.one, to: Self.one)
      let lan = try Wire(device: "lan0", in: host.lan)
      defer { for each in [sender, peer, lan] { each.leave() } }
      for frame in Frame.all where frame.keptByBridge == nil {
        let check = Self.checks[frame.name]
        let passes = check.map { ["ip4", "ip6"].contains($0) } ?? true
        let heard = try sends(frame.name, from: sender, heardBy: [peer, lan], patience: passes ? 2 : 0.06)
        #expect(heard == (passes ? [true, true] : [false, false]), "\(frame.name)")
      }
    }
  }

  @Test("a routed TAP's packets count under the check that they fall to")
  func routed() throws {
    try Host.with { host in
      let text = """
        name: f
        vms: {one: {nics: {eth0: {mode: tap, mac: "\(Self.one.mac)", address: [10.7.0.51, "2001:db8:7::51"]}}}}

        """
      let file = try host.files.write("f.conf", text)
      expect(try host.vnet("apply", file), exits: 0)
      let mac = try host.link("one-eth0")["address"].text ?? ""
      let to = Identity(mac: mac, ipv4: "192.0.2.10", ipv6: "2001:db8::10")
      let sender = try Wire("one-eth0", in: host.space, own: Self.one, other: Self.two, to: to)
      defer { sender.leave() }
      for frame in [
        "source-mac", "ipv4-other-source", "ipv6-other-source", "dhcp-offer", "router-advertisement",
      ] {
        let before = try drops(host)
        try sender.send(frame)
        var expected = before
        expected[Self.checks[frame]!, default: 0] += 1
        try #expect(drops(host) == expected, "\(frame)")
      }
    }
  }
}
