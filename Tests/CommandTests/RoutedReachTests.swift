import Testing
import Witness

/// Guests that are namespaces behind routed TAPs, `one` and `two`, and `far` on a network of the host's.
@Suite(
  "what guests without a bridge reach, by connections",
  .enabled(if: Gate.ready && Gate.nft, "needs root, /dev/net/tun, iproute2, nft and the built vnet-apply"))
struct RoutedReachTests {
  private static let one = routed(61)
  private static let two = routed(62)
  private static let far = Inner.place(51)

  private static func routed(_ end: Int) -> Inner.Place {
    Inner.Place(
      mac: "02:00:00:00:19:\(end)", ipv4: "10.9.0.\(end)", ipv6: "2001:db8:9::\(end)",
      gateway4: "169.254.0.1", gateway6: "fe80::1", isRouted: true)
  }

  private static func vm(_ name: String, _ place: Inner.Place, _ keys: String) -> String {
    "  \(name): {nics: {eth0: {mac: \"\(place.mac)\", address: [\(place.ipv4), \"\(place.ipv6)\"], \(keys)}}}\n"
  }

  private static func text(_ keys: String, network: String = "") -> String {
    """
    networks: {net: {\(Inner.net)\(network)}}
    vms:
    \(vm("one", one, keys))\(vm("two", two, "mode: tap"))\(Inner.vm("far", "net", far))
    """
  }

  /// `keys` are those of `one`. The LAN has routes to every guest.
  private func running(_ keys: String, network: String = "", _ body: (Inner) throws -> Void) throws {
    try Host.with { host in
      try host.lan.ip(
        """
        route add 10.0.0.0/8 via 192.0.2.10
        route add 2001:db8:7::/64 via 2001:db8::10
        route add 2001:db8:9::/64 via 2001:db8::10
        """)
      let places = ["one": Self.one, "two": Self.two, "far": Self.far]
      try Inner.with(Self.text(keys, network: network), places, host: host, body)
    }
  }

  private func pings(_ space: Namespace, _ address: String, from source: String? = nil) throws -> Bool {
    let from = source.map { ["-I", $0] } ?? []
    return try space.run(["ping", "-c", "1", "-W", "1"] + from + [address]).code == 0
  }

  @Test(
    "`to-host` of a routed TAP: `basic` leaves ping, `none` nothing; both leave the way out and in",
    arguments: ["basic", "none"])
  func toHost(word: String) throws {
    try running("mode: tap, to-host: \(word)") { inner in
      for address in ["192.0.2.10", "169.254.0.1", "2001:db8::10"] {
        try #expect(inner.who("one", asks: address) == nil, "\(address)")
        try #expect(pings(inner.space("one"), address) == (word == "basic"), "\(address)")
      }
      try #expect(pings(inner.space("one"), "fe80::1%eth0") == (word == "basic"))
      try #expect((inner.host.drops("one-eth0")["host"] ?? 0) > 0)
      try #expect(inner.who("one", asks: "192.0.2.1") == "lan 10.9.0.61")
      try #expect(inner.who("one", asks: "2001:db8::1") == "lan 2001:db8:9::61")
      for address in [Self.one.ipv4, Self.one.ipv6] {
        try #expect(inner.who("host", asks: address)?.hasPrefix("one ") == true, "\(address)")
        try #expect(inner.who("lan", asks: address)?.hasPrefix("one ") == true, "\(address)")
      }
      try #expect(inner.who("two", asks: "192.0.2.10") == "host 10.9.0.62")
      try #expect(inner.who("two", asks: "2001:db8::10") == "host 2001:db8:9::62")
    }
  }

  @Test("`to-host: all` is what is without it: every service of the host that listens")
  func everything() throws {
    try running("mode: tap") { inner in
      for address in ["192.0.2.10", "169.254.0.1"] {
        try #expect(inner.who("one", asks: address) == "host 10.9.0.61", "\(address)")
      }
      try #expect(inner.who("one", asks: "2001:db8::10") == "host 2001:db8:9::61")
      try #expect(inner.host.drops("one-eth0") == [:])
    }
  }

  @Test("`block` of a routed TAP keeps it from these prefixes, answers to them too, and only it")
  func block() throws {
    try running(#"mode: tap, block: [192.0.2.0/24, "2001:db8::/64"]"#) { inner in
      for address in ["192.0.2.1", "192.0.2.10", "2001:db8::1", "2001:db8::10"] {
        try #expect(inner.who("one", asks: address) == nil, "\(address)")
      }
      try #expect((inner.host.drops("one-eth0")["block"] ?? 0) > 0)
      try #expect(inner.who("lan", asks: Self.one.ipv4) == nil)
      try #expect(inner.who("lan", asks: Self.one.ipv6) == nil)
      try #expect(inner.who("one", asks: "169.254.0.1") == "host 10.9.0.61")
      try #expect(inner.who("two", asks: "192.0.2.1") == "lan 10.9.0.62")
      try #expect(inner.who("two", asks: "2001:db8::1") == "lan 2001:db8:9::62")
    }
  }

  /// Who answers whom, of the guests, by both families.
  private func meetings(_ inner: Inner) throws -> Set<String> {
    var met: Set<String> = []
    let places = ["one": Self.one, "two": Self.two, "far": Self.far]
    for (asker, from) in places {
      for (asked, to) in places where asked != asker {
        let answers = try [
          inner.who(asker, asks: to.ipv4) == "\(asked) \(from.ipv4)",
          inner.who(asker, asks: to.ipv6) == "\(asked) \(from.ipv6)",
        ]
        #expect(answers[0] == answers[1], "\(asker) → \(asked): \(answers)")
        if answers.contains(true) { met.insert("\(asker) → \(asked)") }
      }
    }
    return met
  }

  @Test("routed TAPs reach neither each other nor a network, and a network none of them")
  func apart() throws {
    try running("mode: tap") { inner in
      try #expect(meetings(inner) == [])
      try #expect((inner.host.drops("one-eth0")["reach"] ?? 0) > 0)
    }
  }

  @Test("`reach` of a routed TAP opens the way to a network, one way only")
  func network() throws {
    try running("mode: tap, reach: [net]") { try #expect(meetings($0) == ["one → far"]) }
  }

  @Test("`reach: all` of a routed TAP opens the way to networks and other TAPs, one way only")
  func all() throws {
    try running("mode: tap, reach: all") { try #expect(meetings($0) == ["one → far", "one → two"]) }
  }

  @Test("`reach: all` of a network opens the way to routed TAPs, one way only")
  func fromNetwork() throws {
    try running("mode: tap", network: ", reach: all") { inner in
      try #expect(meetings(inner) == ["far → one", "far → two"])
    }
  }

  /// No hook of IP sees ARP. The host's neighbours are those of a device, and the way to a guest is by its own.
  @Test("a guest that claims another's address by ARP at its own TAP gets nothing of what is for the other")
  func claims() throws {
    try running("mode: tap") { inner in
      let one = inner.space("one")
      try one.ip("addr add \(Self.two.ipv4)/32 dev eth0")
      for options in [["-U"], ["-A"], ["-s", Self.two.ipv4]] {
        let target = options.count > 1 ? "169.254.0.1" : Self.two.ipv4
        try one.run(["busybox", "arping", "-c", "2", "-w", "2", "-I", "eth0"] + options + [target])
      }
      try #expect(inner.who("host", asks: Self.two.ipv4)?.hasPrefix("two ") == true)
      try #expect(inner.who("lan", asks: Self.two.ipv4) == "two 192.0.2.1")
      try #expect(inner.who("two", asks: "192.0.2.1") == "lan 10.9.0.62")
    }
  }

  // MARK: Shared without a network

  @Test("`shared` without a network leaves with the host's addresses, and the LAN opens nothing to it")
  func shared() throws {
    try running("mode: shared, via: nat") { inner in
      try #expect(inner.who("one", asks: "192.0.2.1") == "lan 192.0.2.10")
      try #expect(inner.who("one", asks: "2001:db8::1") == "lan 2001:db8::10")
      try #expect(inner.who("one", asks: "192.0.2.10") == "host 10.9.0.61")
      try #expect(inner.who("lan", asks: Self.one.ipv4) == nil)
      try #expect(inner.who("lan", asks: Self.one.ipv6) == nil)
      try #expect(inner.who("host", asks: Self.one.ipv4)?.hasPrefix("one ") == true)
      try #expect(inner.who("host", asks: Self.one.ipv6)?.hasPrefix("one ") == true)
      try #expect(meetings(inner) == [])
      try #expect(inner.who("lan", asks: Self.two.ipv4) == "two 192.0.2.1", "a routed one beside it")
    }
  }

  @Test(
    "`shared` without a network, with `to-host`, `block` and `reach`: each holds as for a routed TAP",
    arguments: ["basic", "none"])
  func sharedLimits(word: String) throws {
    let keys = #"mode: shared, via: nat, to-host: \#(word), block: ["2001:db8::/64"], reach: [net]"#
    try running(keys) { inner in
      for address in ["192.0.2.10", "169.254.0.1"] {
        try #expect(inner.who("one", asks: address) == nil, "\(address)")
        try #expect(pings(inner.space("one"), address) == (word == "basic"), "\(address)")
      }
      try #expect(inner.who("one", asks: "192.0.2.1") == "lan 192.0.2.10")
      try #expect(inner.who("one", asks: "2001:db8::1") == nil)
      try #expect(meetings(inner) == ["one → far"])
    }
  }
}
