import Testing
import Witness

@Suite(
  "what guests reach on the host and of each other, by connections",
  .enabled(if: Gate.ready && Gate.nft, "needs root, /dev/net/tun, iproute2, nft and the built vnet-apply"))
struct HostReachTests {
  private static let one = Inner.place(51)
  private static let two = Inner.place(52)

  private func running(_ network: String, _ nic: String = "", _ body: (Inner) throws -> Void) throws {
    let text = """
      networks: {net: {\(Inner.net), nat: true\(network)}}
      vms:
      \(Inner.vm("one", "net", Self.one, nic))\(Inner.vm("two", "net", Self.two))
      """
    try Host.with { host in
      try Inner.with(text, ["one": Self.one, "two": Self.two], host: host, body)
    }
  }

  private func pings(_ inner: Inner, _ name: String, _ address: String) throws -> Bool {
    try inner.space(name).run(["ping", "-c", "1", "-W", "1", address]).code == 0
  }

  @Test(
    "`to-host` of a network: `basic` leaves ping, `none` nothing; both leave the way out",
    arguments: ["basic", "none"])
  func network(word: String) throws {
    try running(", to-host: \(word)") { inner in
      for address in ["10.7.0.1", "2001:db8:7::1", "192.0.2.10"] {
        try #expect(inner.who("one", asks: address) == nil, "\(address)")
        try #expect(pings(inner, "one", address) == (word == "basic"), "\(address)")
      }
      try #expect(inner.who("one", asks: "192.0.2.1") == "lan 192.0.2.10")
      try #expect(inner.who("one", asks: "2001:db8::1") == "lan 2001:db8::10")
      try #expect(inner.who("host", asks: "10.7.0.51") == "one 10.7.0.1")
    }
  }

  @Test("`to-host` of a NIC is that NIC's alone")
  func nic() throws {
    try running("", "to-host: none") { inner in
      try #expect(inner.who("one", asks: "10.7.0.1") == nil)
      try #expect(inner.who("one", asks: "2001:db8:7::1") == nil)
      try #expect(inner.who("two", asks: "10.7.0.1") == "host 10.7.0.52")
    }
  }

  @Test("`to-host: all` of a NIC counts in place of its network's", arguments: ["basic", "none"])
  func wider(word: String) throws {
    try running(", to-host: \(word)", "to-host: all") { inner in
      try #expect(inner.who("one", asks: "10.7.0.1") == "host 10.7.0.51")
      try #expect(inner.who("one", asks: "2001:db8:7::1") == "host 2001:db8:7::51")
      try #expect(inner.who("two", asks: "10.7.0.1") == nil)
    }
  }

  @Test("what a NIC may not, it may not by the other MACs that it speaks for either")
  func alsoMAC() throws {
    let mac = "02:00:00:00:17:99"
    try running("", "to-host: none, also: [\"\(mac)\"]") { inner in
      try inner.space("one").ip("link set eth0 address \(mac)")
      try #expect(inner.who("one", asks: "10.7.0.52") == "two 10.7.0.51")
      try #expect(inner.who("one", asks: "10.7.0.1") == nil)
    }
  }

  @Test("nor do they reach prefixes behind each other by way of the router")
  func isolatedPrefix() throws {
    for isIsolated in [false, true] {
      try running(", isolated: \(isIsolated)", "routes: 10.77.0.0/24") { inner in
        try inner.space("one").ip("addr add 10.77.0.1/24 dev lo\nlink set lo up")
        // Not as a redirect would have it.
        try inner.space("two").sysctl(
          "net.ipv4.conf.all.accept_redirects=0", "net.ipv4.conf.eth0.accept_redirects=0")
        try inner.space("two").ip("route add 10.77.0.0/24 via 10.7.0.1")
        try #expect((inner.who("two", asks: "10.77.0.1") != nil) == !isIsolated)
      }
    }
  }

  @Test("`block` of a NIC keeps it from these prefixes, and only it")
  func block() throws {
    try running("", #"block: [192.0.2.0/24, "2001:db8::/64"]"#) { inner in
      try #expect(inner.who("one", asks: "192.0.2.1") == nil)
      try #expect(inner.who("one", asks: "2001:db8::1") == nil)
      try #expect(inner.who("one", asks: "10.7.0.52") == "two 10.7.0.51")
      try #expect(inner.who("two", asks: "192.0.2.1") == "lan 192.0.2.10")
    }
  }

  @Test("isolated guests do not reach each other across the bridge, nor by way of the host's router")
  func isolated() throws {
    try running(", isolated: true") { inner in
      try #expect(inner.who("one", asks: "10.7.0.52") == nil)
      for (name, other) in [("one", Self.two), ("two", Self.one)] {
        try inner.space(name).ip(
          "route add \(other.ipv4) via 10.7.0.1\nroute add \(other.ipv6) via 2001:db8:7::1 dev eth0")
      }
      try #expect(inner.who("one", asks: "10.7.0.52") == nil)
      try #expect(inner.who("one", asks: "2001:db8:7::52") == nil)
      try #expect(inner.who("one", asks: "192.0.2.1") == "lan 192.0.2.10")
    }
  }

  @Test(
    "what somebody does to a table is in the plan, and `apply` mends it; a table of somebody else stays",
    arguments: [
      "flush chain inet vnet-inner leave", "delete element bridge vnet-inner guests { \"one-eth0\" }",
      "delete table bridge vnet-inner", "delete table inet vnet-inner",
      "add rule inet vnet-inner forward accept",
    ])
  func drift(command: String) throws {
    try running("") { inner in
      let host = inner.host
      try host.space.run(["nft", "add table inet foreign"])
      let before = try host.space.dump().mentioning("nft ")
      let done = try host.space.run(["nft", "-f", "-"], input: command + "\n")
      expect(done, exits: 0)
      let plan = try host.vnet("plan", inner.file)
      expect(plan, exits: 2)
      #expect(plan.stdout.contains(command.contains("bridge") ? "bridge" : "inet"), "\(plan)")
      expect(try host.vnet("apply", inner.file), exits: 0)
      expect(try host.vnet("plan", inner.file), exits: 0)
      let (old, new) = (Set(before.facts), Set(try host.space.dump().mentioning("nft ").facts))
      #expect(old == new, "\(old.symmetricDifference(new).sorted())")
      try host.space.run(["nft", "delete table inet foreign"])
    }
  }
}
