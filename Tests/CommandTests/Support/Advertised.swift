import Testing
import Witness

/// Hosts that live from router advertisements (SLAAC), and what they have of them.
enum Advertised {
  static let offer = "--prefix 2001:db8:1::/64,600,300 --on-link 2001:db8:2::/64,700"
  static let own = "2001:db8:1::5eff:fe00:101/64"

  /// A host with nothing but what it was advertised.
  static func withRouter(_ options: String = offer, _ body: (Host, Router) throws -> Void) throws {
    try Host.with { host in
      try host.space.ip(
        """
        route del default via 2001:db8::1 dev eth1
        addr del 2001:db8::10/64 dev eth1
        """)
      try host.lan.ip("addr add fe80::1/64 dev lan0 nodad")
      let router = try Router("lan0", in: host.lan, options)
      defer { router.leave() }
      try #require(try wait { try own(host, "eth1") != nil }, "the host takes the prefix")
      try body(host, router)
    }
  }

  static func wait(_ condition: () throws -> Bool) throws -> Bool { try Clock.wait(5, until: condition) }

  /// The address that the host has made of the first prefix.
  static func own(_ host: Host, _ link: String) throws -> JSON? {
    try host.space.json("ip -j -6 addr show dev \(link) scope global")[0]["addr_info"].elements
      .first { "\($0["local"].line)/\($0["prefixlen"].line)" == Self.own }
  }

  /// Metrics of the ways to a router.
  static func defaults(_ host: Host, _ link: String, _ router: String = "fe80::1") throws -> [Int] {
    try host.routes(6, "default dev \(link)").filter { $0["gateway"].text == router }
      .compactMap { $0["metric"].int }.sorted()
  }
}
