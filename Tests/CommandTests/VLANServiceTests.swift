import Testing
import Witness

@Suite(
  "port groups as networks of guests", .enabled(if: Gate.services, Comment(rawValue: Gate.servicesComment)),
  .enabled(if: Gate.vlanFiltering, "kernel lacks bridge VLAN filtering"),
  .enabled(if: Gate.vlanLinks, "kernel lacks 802.1Q"))
struct VLANServiceTests {
  private static let one = Inner.place(51)
  private static let two = Inner.place(52)
  private static let far = Inner.place(51, of: 8)

  private static func text(_ keys: String = "", _ nic: String = "") -> String {
    """
    networks:
      office: {uplink: eth1}
      net: {network: office, vlan: 10, \(Inner.net)\(keys)}
      other: {network: office, vlan: 20, \(Inner.other)}
    vms:
    \(Inner.vm("one", "net", one, nic))\(Inner.vm("two", "net", two, nic))\(Inner.vm("far", "other", far))
    """
  }

  /// On a host that forwards everything, so that only the filters hold anything back.
  private func running(_ text: String, _ body: (Inner) throws -> Void) throws {
    try Host.with { host in
      try host.space.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
      try Inner.with(text, ["one": Self.one, "two": Self.two, "far": Self.far], host: host, body)
    }
  }

  @Test("port groups of one bridge do not reach each other by the router unless `reach` says so")
  func reach() throws {
    try running(Self.text()) { inner in
      try #expect(inner.who("one", asks: "10.7.0.1") == "host 10.7.0.51")
      try #expect(inner.who("one", asks: "10.7.0.52") == "two 10.7.0.51")
      try #expect(inner.who("one", asks: "10.8.0.51") == nil)
      try #expect(inner.who("far", asks: "10.7.0.51") == nil)
      try #expect(inner.who("one", asks: "192.0.2.1") == nil)
    }
    try running(Self.text(", reach: [other]")) { inner in
      try #expect(inner.who("one", asks: "10.8.0.51") == "far 10.7.0.51")
      try #expect(inner.who("far", asks: "10.7.0.51") == nil)
    }
  }

  @Test("isolated NICs of a port group reach each other neither by the bridge nor by the router")
  func isolated() throws {
    try running(Self.text("", "isolated: true")) { inner in
      try inner.space("one").ip("route add 10.7.0.52/32 via 10.7.0.1")
      try #expect(inner.who("one", asks: "10.7.0.52") == nil)
      try #expect(inner.who("one", asks: "10.7.0.1") == "host 10.7.0.51")
    }
  }

  @Test("with `nat` and `forward` the guests leave as the host, and are found at a port of it")
  func nat() throws {
    let forwarded = Self.text(", nat: true").replacing(
      "mac: \"\(Self.one.mac)\"", with: "forward: [\"8080 -> 80\"], mac: \"\(Self.one.mac)\"")
    try running(forwarded) { inner in
      try #expect(inner.who("one", asks: "192.0.2.1") == "lan 192.0.2.10")
      try #expect(inner.who("lan", asks: "192.0.2.10", port: 8080) == "one 192.0.2.1")
      try #expect(inner.who("far", asks: "192.0.2.1") == nil)
    }
  }

  @Test("what a network lets its NICs reach holds also in the VLAN of a port group")
  func direct() throws {
    let direct = Self.text().replacing("{uplink: eth1}", with: "{uplink: eth1, to-host: none}").replacing(
      "network: net, mac: \"\(Self.two.mac)\", address: [\(Self.two.ipv4), \"\(Self.two.ipv6)\"]",
      with: "network: office, vlan: 10, mac: \"\(Self.two.mac)\"")
    try running(direct) { inner in
      try #expect(inner.who("one", asks: "10.7.0.1") == "host 10.7.0.51")
      try #expect(inner.who("two", asks: "10.7.0.51") == "one 10.7.0.52")
      try #expect(inner.who("two", asks: "10.7.0.1") == nil)
    }
  }

  @Test(
    "a guest's lease comes by the VLAN interface, and the LAN is served only where the host is the router")
  func served() throws {
    try Host.with { host in
      let file = try host.serve(
        """
        name: served
        networks:
          office: {uplink: eth1}
          lab: {network: office, vlan: 40, address: 10.40.0.1/24, nat: true}
          present: {network: office, vlan: 41, address: 10.41.0.1/24}
        vms:
          web: {nics: {eth0: {network: lab}}}
          lan: {nics: {eth0: {network: present}}}

        """)
      let web = try host.reservation("vms.web.nics.eth0")
      let guest = try SpaceGuest("web-eth0", mac: web.mac, on: host)
      defer { guest.leave() }
      let lease = try guest.lease()
      #expect(lease["new_ip_address"] == web.addresses[0], "\(lease)")
      #expect(lease["new_routers"] == "10.40.0.1")
      #expect(host.servers.count == 1)
      #expect(throws: CommandFailure.self) { try host.reservation("vms.lan.nics.eth0") }
      let sockets = try host.space.run(["ss", "-Hlnptu"]).stdout.lines.filter { $0.contains("dnsmasq") }
      #expect(sockets.contains { $0.contains("%lab:67") }, "\(sockets)")
      expect(try host.vnet("plan", file), exits: 0)
    }
  }
}
