/// An entry of a routing table, as `ip route` shows it.
package struct Route: Described {
  package var id: RouteID
  package var kind: Kind
  package var origin: UInt8?
  package var scope: RouteScope?
  package var preferredSource: IPAddress?
  /// The ways out; one for an ordinary route or one by a nexthop object, several for a multipath one, none for
  /// `blackhole` and its like.
  package var nexthops: [Nexthop]
  /// `RTAX_*` by number, as the kernel keeps them (linux/rtnetlink.h).
  package var metrics: [Metric]?
  /// `RTAX_CC_ALGO`
  package var congestionControl: String?
  /// IPv6 router preference (RFC 4191): 0 medium, 1 high, 3 low.
  package var preference: UInt8?
  package var lifetime: Lifetime?
  /// Of one that was taken off an uplink: how many like it stayed, so that it comes back among those.
  package var companions: Int?
  /// Attribute numbers of the kernel that this program does not carry (encapsulation, realms):
  /// such a route is left alone, and refused where it would have to move.
  package var foreign: [UInt16]?

  package init(id: RouteID, kind: Kind = .unicast, nexthops: [Nexthop]) {
    self.id = id
    self.kind = kind
    self.nexthops = nexthops
  }

  package static let fields: [Field<Route>] = [
    .always("destination", \.id.destination),
    .always("table", \.id.table),
    .always("metric", \.id.metric),
    .always("tos", \.id.tos),
    .fact("source", \.id.source),
    .always("ordinal", \.id.ordinal),
    .fact("advertised", \.id.advertisement),
    .always("type", \.kind),
    .open("protocol", \.origin),
    .open("scope", \.scope),
    .open("src", \.preferredSource),
    .always("nexthops", \.nexthops),
    .open("metrics", \.metrics),
    .open("congctl", \.congestionControl),
    .open("pref", \.preference),
    .open("lifetime", \.lifetime),
    .fact("companions", \.companions),
    .open("foreign", \.foreign),
  ]

  package static var blank: Route {
    Route(id: RouteID(destination: .all(.ipv4)), nexthops: [])
  }

  /// The links that the route goes out by.
  ///
  /// Those of a nexthop object are not among them: `State.links(of:)` knows those too.
  package var links: [LinkName] { nexthops.compactMap(\.link) }

  /// `RTA_NH_ID`: the nexthop object that it goes out by.
  package var nexthopID: UInt32? { nexthops.first?.id }

  package struct Metric: Hashable, Sendable, JSONRepresentable {
    package var number: UInt16
    package var value: UInt32

    package init(number: UInt16, value: UInt32) {
      self.number = number
      self.value = value
    }

    package var json: JSON { .array([.int(Int64(number)), .int(Int64(value))]) }

    package init?(json: JSON) {
      guard let pair = json.array, pair.count == 2, let number = UInt16(json: pair[0]),
        let value = UInt32(json: pair[1])
      else { return nil }
      self.init(number: number, value: value)
    }
  }

  /// `rtm_type`
  package enum Kind: UInt8, Hashable, Sendable, JSONRepresentable {
    case unspecified, unicast, local, broadcast, anycast, multicast, blackhole, unreachable, prohibit
    case `throw`, nat, external

    package var json: JSON { .string("\(self)") }

    package init?(json: JSON) {
      guard let text = json.string,
        let kind = (0...11).compactMap(Kind.init(rawValue:)).first(where: { "\($0)" == text })
      else { return nil }
      self = kind
    }
  }
}

/// What makes two routes the same to the kernel: not the link, which one `NLM_F_REPLACE` may change.
package struct RouteID: Hashable, Sendable {
  package var destination: IPPrefix
  /// 254 is `main`; see `isInMain`.
  package var table: UInt32
  /// `RTA_PRIORITY`; the lower one wins.
  package var metric: UInt32
  package var tos: UInt8
  /// IPv6 source prefix (`ip -6 route … from`).
  package var source: IPPrefix?
  /// Counts routes that are alike to the kernel (`ip route append`), in dump order.
  package var ordinal: Int
  /// Of a route that the kernel has made of a router's advertisement, or of an address that expires.
  package var advertisement: Advertisement?

  package init(
    destination: IPPrefix, table: UInt32 = 254, metric: UInt32 = 0, tos: UInt8 = 0, source: IPPrefix? = nil,
    ordinal: Int = 0
  ) {
    self.destination = destination
    self.table = table
    self.metric = metric
    self.tos = tos
    self.source = source
    self.ordinal = ordinal
  }

  package var family: AddressFamily { destination.family }

  /// RT_TABLE_MAIN of linux/rtnetlink.h
  package var isInMain: Bool { table == 254 }

  /// That of the first among the routes that are alike to the kernel.
  package var first: RouteID {
    var first = self
    first.ordinal = 0
    first.advertisement = nil
    return first
  }
}

extension RouteID: Comparable, CustomStringConvertible {
  package static func < (a: RouteID, b: RouteID) -> Bool {
    if (a.table, a.destination, a.metric, a.tos) != (b.table, b.destination, b.metric, b.tos) {
      return (a.table, a.destination, a.metric, a.tos) < (b.table, b.destination, b.metric, b.tos)
    }
    if a.ordinal != b.ordinal { return a.ordinal < b.ordinal }
    return a.advertisement?.description ?? "" < b.advertisement?.description ?? ""
  }

  package var description: String {
    var text = destination.length == 0 ? (family == .ipv4 ? "default" : "default6") : destination.description
    if !isInMain { text += " table \(table)" }
    if metric != 0 { text += " metric \(metric)" }
    if tos != 0 { text += " tos \(tos)" }
    if let source { text += " from \(source)" }
    if let advertisement { text += " advertised on \(advertisement)" }
    if ordinal != 0 { text += " #\(ordinal + 1)" }
    return text
  }
}

/// One way out of a route, written out in it or kept as a `NexthopObject` that it names.
package struct Nexthop: Described, Hashable, JSONRepresentable {
  /// Of a nexthop object, which has the rest.
  package var id: UInt32?
  package var gateway: IPAddress?
  package var link: LinkName?
  /// 1 … 256, of multipath routes.
  package var weight: Int?
  /// `RTNH_F_ONLINK`: the gateway is taken to be on the link even where no address says so.
  package var onlink: Bool?

  package init(
    id: UInt32? = nil, gateway: IPAddress? = nil, link: LinkName? = nil, weight: Int? = nil,
    onlink: Bool? = nil
  ) {
    self.id = id
    self.gateway = gateway
    self.link = link
    self.weight = weight
    self.onlink = onlink
  }

  package static let fields: [Field<Nexthop>] = [
    .open("nhid", \.id),
    .open("via", \.gateway),
    .open("dev", \.link),
    .open("weight", \.weight),
    .open("onlink", \.onlink),
  ]

  package static var blank: Nexthop { Nexthop() }
}
