import Testing
import Witness

@Suite(
  "the host in VLANs of bridges", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)),
  .enabled(if: Gate.vlanFiltering, "kernel lacks bridge VLAN filtering"),
  .enabled(if: Gate.vlanLinks, "kernel lacks 802.1Q"))
struct VLANInterfaceTests {
  private static let plain = "dhcp: false, dns: false, ra: false"
  static let text = """
    name: v
    networks:
      office: {uplink: eth1}
      red: {network: office, vlan: 10, address: 10.10.0.1/24, \(plain)}
      blue: {network: office, vlan: 20, address: 10.20.0.1/24, \(plain)}
      quiet: {network: office, vlan: 30}
    vms:
      a: {nics: {eth0: {network: red, mac: "02:00:00:00:10:0a", address: 10.10.0.2}}}
      b: {nics: {eth0: {network: blue, mac: "02:00:00:00:10:0b", anti-spoof: false}}}
      q: {nics: {eth0: {network: quiet, mac: "02:00:00:00:10:0c"}}}

    """

  /// A host with a file applied after which nothing is left to do, and given back afterwards.
  private func applied(_ text: String, _ body: (Host, _ file: String) throws -> Void) throws {
    try Host.with { host in
      let file = try host.files.write("v.conf", text)
      let before = try host.space.dump()
      try apply(file, on: host)
      try body(host, file)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  private func apply(_ file: String, on host: Host) throws {
    expect(try host.vnet("apply", file), exits: 0)
    let plan = try host.vnet("plan", file)
    expect(plan, exits: 0)
  }

  @Test("a port group with an address is a VLAN interface of the bridge, one without is only a VLAN of ports")
  func links() throws {
    try applied(Self.text) { host, _ in
      let red = try host.link("red")
      #expect(red["link"].text == "office")
      #expect(red["linkinfo"]["info_kind"].text == "vlan")
      #expect(red["linkinfo"]["info_data"]["id"].int == 10)
      #expect(red["linkinfo"]["info_data"]["protocol"].text == "802.1Q")
      #expect(red["ifalias"].text == "vnet:v/networks.red")
      #expect(red["address"] == (try host.link("office")["address"]))
      #expect(try host.addresses("red") == ["10.10.0.1/24"])
      #expect(try !host.linkNames.contains("quiet"))
      #expect(try host.filters("office"))
      #expect(try host.vlans("office") == [1: Host.native, 10: [], 20: []])
      #expect(try host.vlans("eth1") == [1: Host.native, 10: [], 20: [], 30: []])
      #expect(try host.vlans("a-eth0") == [10: Host.native])
      #expect(try host.vlans("q-eth0") == [30: Host.native])
      #expect(try host.addresses("office") == ["192.0.2.10/24", "2001:db8::10/64"])
    }
  }

  @Test("by packets: a guest, the host and the LAN's VLAN are one Ethernet; other VLANs are others")
  func packets() throws {
    try applied(Self.text) { host, _ in
      for vlan in [10, 20] { try host.tag(vlan, "10.\(vlan).0.7/24") }
      let a = try Station("a-eth0", in: host.space, mac: "02:00:00:00:10:0a", "--address 10.10.0.2/24")
      let b = try Station("b-eth0", in: host.space, mac: "02:00:00:00:10:0b", "--address 10.10.0.9/24")
      defer {
        a.leave()
        b.leave()
      }
      #expect(try a.lost(to: "10.10.0.1") == 0, "the host")
      #expect(try a.lost(to: "10.10.0.7") == 0, "VLAN 10 of the LAN, which hears tagged frames only")
      #expect(try lost(from: host.space, to: "10.10.0.2") == 0, "from the host")
      #expect(try lost(from: host.space, to: "10.20.0.7") == 0, "VLAN 20 of the LAN, from the host")
      #expect(try b.lost(to: "10.10.0.2") == 3, "from VLAN 20 to VLAN 10")
      #expect(try lost(from: host.space, to: "192.0.2.1") == 0, "the untagged LAN, from the host")
    }
  }

  @Test("frames of the host and of guests in a VLAN are tagged on the uplink, and nowhere else")
  func tagged() throws {
    try applied(Self.text) { host, _ in
      try host.tag(10, "10.10.0.7/24")
      for (device, expected) in [("lan0", true), ("a-eth0", false)] {
        let space = device == "lan0" ? host.lan : host.space
        let a = try Station("a-eth0", in: host.space, mac: "02:00:00:00:10:0a", "--address 10.10.0.2/24")
        defer { a.leave() }
        let wire = try space.start(["tcpdump", "-lnei", device, "icmp or (vlan and icmp)"])
        var line: String?
        for _ in 0..<30 where line == nil {
          #expect(try a.lost(to: "10.10.0.7", count: 1) == 0)
          line = wire.line(timeout: 1)
        }
        #expect(line?.contains("vlan 10, p 0") == expected, "\(device): \(line ?? "nothing")")
        _ = wire.finish(timeout: 1)
      }
    }
  }

  @Test("a NIC that goes to another port group of the bridge changes its VLAN in place")
  func moved() throws {
    try applied(Self.text) { host, file in
      let index = try host.link("q-eth0")["ifindex"]
      try host.files.write("v.conf", Self.text.replacing("{network: quiet,", with: "{network: blue,"))
      let changes = try host.plan(file).changes
      let links = changes.filter { $0.id.hasPrefix("link/") }.map(\.description)
      #expect(links == ["change link/q-eth0"], "\(changes)")
      try apply(file, on: host)
      #expect(try host.vlans("q-eth0") == [20: Host.native])
      #expect(try host.link("q-eth0")["ifindex"] == index)
    }
  }

  @Test(
    "another VLAN, another holder of a VLAN, two that change places: the host follows, and packets with it")
  func edited() throws {
    try applied(Self.text) { host, file in
      try host.tag(11, "10.10.0.7/24")
      let moved = Self.text.replacing("vlan: 10", with: "vlan: 11")
      try host.files.write("v.conf", moved)
      try apply(file, on: host)
      #expect(try lost(from: host.space, to: "10.10.0.7") == 0, "VLAN 11")
      #expect(try host.vlans("office") == [1: Host.native, 11: [], 20: []])

      let taken = moved.replacing("red: {", with: "pink: {").replacing("network: red", with: "network: pink")
      try host.files.write("v.conf", taken)
      try apply(file, on: host)
      #expect(try !host.linkNames.contains("red"))
      #expect(try lost(from: host.space, to: "10.10.0.7") == 0, "as pink")

      let swapped = taken.replacing("vlan: 11", with: "vlan: 99").replacing("vlan: 20", with: "vlan: 11")
        .replacing("vlan: 99", with: "vlan: 20")
      try host.files.write("v.conf", swapped)
      try apply(file, on: host)
      #expect(try host.link("blue")["linkinfo"]["info_data"]["id"].int == 11)
      #expect(try host.link("pink")["linkinfo"]["info_data"]["id"].int == 20)
    }
  }

  @Test(
    "`was` renames the interface in place",
    .enabled(if: Gate.renamesLive, "kernel renames only interfaces that are down"))
  func renamed() throws {
    try applied(Self.text) { host, file in
      try host.tag(10, "10.10.0.7/24")
      let index = try host.link("red")["ifindex"]
      try host.files.write(
        "v.conf",
        Self.text.replacing("red: {", with: "rot: {was: red, ").replacing(
          "network: red", with: "network: rot"))
      try apply(file, on: host)
      #expect(try host.link("rot")["ifindex"] == index)
      #expect(try host.link("rot")["ifalias"].text == "vnet:v/networks.rot")
      #expect(try lost(from: host.space, to: "10.10.0.7") == 0)
    }
  }

  @Test("a bridge of our own becomes a port group of another network, and that one a bridge again")
  func kinds() throws {
    let own = Self.text.replacing("red: {network: office, vlan: 10, ", with: "red: {")
    try applied(own) { host, file in
      #expect(try host.link("red")["linkinfo"]["info_kind"].text == "bridge")
      for text in [Self.text, own] {
        try host.files.write("v.conf", text)
        try apply(file, on: host)
        #expect(
          try host.link("red")["linkinfo"]["info_kind"].text == (text == own ? "bridge" : "vlan"))
        #expect(try host.addresses("red") == ["10.10.0.1/24"])
        let a = try Station("a-eth0", in: host.space, mac: "02:00:00:00:10:0a", "--address 10.10.0.2/24")
        #expect(try a.lost(to: "10.10.0.1") == 0)
        a.leave()
      }
    }
  }

  @Test("a VLAN interface has the MTU that its network is given, and grows and shrinks with its bridge")
  func mtu() throws {
    let text = """
      name: v
      networks:
        lab: {mtu: 1500}
        red: {network: lab, vlan: 10, address: 10.10.0.1/24, \(Self.plain)}
        blue: {network: lab, vlan: 20, mtu: 1400, address: 10.20.0.1/24, \(Self.plain)}
      vms: {a: {nics: {eth0: {network: blue}}}}

      """
    try applied(text) { host, file in
      for mtu in [1500, 9000, 1450] {
        try host.files.write("v.conf", text.replacing("1500", with: "\(mtu)"))
        try apply(file, on: host)
        #expect(try host.link("red")["mtu"].int == mtu)
        #expect(try host.link("blue")["mtu"].int == 1400)
        #expect(try host.link("a-eth0")["mtu"].int == 1400)
      }
    }
  }

  @Test("an interface of somebody else in that VLAN of our bridge is in the way: exit 65, and it stays")
  func foreign() throws {
    try Host.with { host in
      let none = "name: v\nnetworks: {office: {uplink: eth1}}\n"
      let file = try host.files.write("v.conf", none)
      expect(try host.vnet("apply", file), exits: 0)
      try host.space.ip("link add link office name theirs type vlan id 10")
      try host.files.write("v.conf", Self.text)
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 65)
      #expect(outcome.stderr.contains("'theirs'"), "\(outcome)")
      #expect(try host.linkNames.contains("theirs"))
    }
  }
}

extension Host {
  /// The LAN's station in a VLAN of it.
  func tag(_ vlan: Int, _ address: String) throws {
    try lan.ip(
      """
      link add link lan0 name lan0.\(vlan) type vlan id \(vlan)
      link set lan0.\(vlan) addrgenmode none
      link set lan0.\(vlan) up
      addr add \(address) dev lan0.\(vlan)
      """)
  }
}
