import Testing
import Witness

/// A network whose subnet is part of a LAN: whoever is there is answered for.
@Suite(
  "`proxy` of a network, by connections",
  .enabled(if: Gate.ready && Gate.nft, "needs root, /dev/net/tun, iproute2, nft and the built vnet-apply"))
struct NetworkProxyTests {
  private static func place(_ end: Int) -> Inner.Place {
    Inner.Place(
      mac: "02:00:00:00:17:\(end)", ipv4: "192.0.2.\(end)", ipv6: "2001:db8::\(end)", gateway4: "192.0.2.49",
      gateway6: "fe80::ff:fe00:1701", isRouted: true)
  }

  private static let one = place(51)
  private static let two = place(52)

  private static func text(_ other: String, withTwo: Bool = true) -> String {
    """
    networks:
      net: {address: [192.0.2.49/28, "2001:db8::49/122"], mac: "02:00:00:00:17:01", dhcp: false, dns: false, ra: false, proxy: eth1}
    \(other)
    vms:
    \(Inner.vm("one", "net", one))\(withTwo ? Inner.vm("two", "net", two) : "")
    """
  }

  private func proxies(_ host: Host) throws -> Set<String> {
    Set(
      try host.space.json("ip -j neigh show proxy").elements.map { "\($0["dst"].line) \($0["dev"].line)" })
  }

  @Test(
    "LAN and guests reach each other by their own addresses, the uplink bridged or not",
    arguments: ["", "  office: {uplink: eth1}"])
  func reached(other: String) throws {
    try Host.with { host in
      let places = ["one": Self.one, "two": Self.two]
      try Inner.with(Self.text(other), places, host: host) { inner in
        let lan = other.isEmpty ? "eth1" : "office"
        let expected = places.values.flatMap { ["\($0.ipv4) \(lan)", "\($0.ipv6) \(lan)"] }
        try #expect(proxies(host) == Set(expected))
        for (name, place) in places {
          try #expect(inner.who("lan", asks: place.ipv4) == "\(name) 192.0.2.1")
          try #expect(inner.who("lan", asks: place.ipv6) == "\(name) 2001:db8::1")
          try #expect(inner.who(name, asks: "192.0.2.1") == "lan \(place.ipv4)")
          try #expect(inner.who(name, asks: "2001:db8::1") == "lan \(place.ipv6)")
        }
      }
    }
  }

  @Test("nobody answers on the LAN for an address that no guest has, nor for one of a guest that went")
  func others() throws {
    try Host.with { host in
      try Inner.with(Self.text(""), ["one": Self.one], host: host) { inner in
        try #expect(inner.who("lan", asks: "192.0.2.53") == nil)
        try #expect(
          host.lan.json("ip -j neigh show to 192.0.2.53").elements.allSatisfy { $0["lladdr"].text == nil })
        try host.files.write("inner.conf", "name: inner\n" + Self.text("", withTwo: false))
        expect(try host.vnet("apply", inner.file, "--allow", "prune-many"), exits: 0)
        try #expect(proxies(host) == ["\(Self.one.ipv4) eth1", "\(Self.one.ipv6) eth1"])
        try #expect(inner.who("lan", asks: Self.one.ipv4) == "one 192.0.2.1")
      }
    }
  }

  @Test(
    "a part of the LAN that holds the host's own address there, or its router's, is refused",
    arguments: ["192.0.2.9/28", "2001:db8::2/124"])
  func own(address: String) throws {
    try Host.with { host in
      let file = try host.files.write(
        "inner.conf", #"networks: {net: {address: "\#(address)", proxy: eth1}}"# + "\n")
      let outcome = try host.vnet("plan", file)
      expect(outcome, exits: 65)
      #expect(outcome.output.contains("overlaps with the host's"), "\(outcome)")
    }
  }
}
