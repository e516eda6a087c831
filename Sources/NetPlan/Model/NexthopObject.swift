/// A next hop that routes name by its number (`struct nexthop`, net/ipv4/nexthop.c), as `ip nexthop` shows it: one
/// way out, a group of such, or a blackhole.
///
/// It goes when its link goes down or loses its carrier (`nexthop_flush_dev`), and with it the routes that name it; it stays
/// when the addresses of its link go.
package struct NexthopObject: Described, Hashable {
  package var id: UInt32
  /// nil of a group.
  package var family: AddressFamily?
  package var gateway: IPAddress?
  package var link: LinkName?
  /// `RTNH_F_ONLINK`
  package var onlink: Bool?
  package var blackhole: Bool
  /// Empty but for a group.
  package var group: [Member]
  /// `nh_protocol`
  package var origin: UInt8?
  /// Attribute numbers of the kernel that this program does not carry (encapsulation, the buckets of a resilient
  /// group): such a one is left alone, and refused where it would have to move.
  package var foreign: [UInt16]?

  package init(
    id: UInt32, family: AddressFamily? = nil, gateway: IPAddress? = nil, link: LinkName? = nil,
    onlink: Bool? = nil, blackhole: Bool = false, group: [Member] = []
  ) {
    self.id = id
    self.family = family
    self.gateway = gateway
    self.link = link
    self.onlink = onlink
    self.blackhole = blackhole
    self.group = group
  }

  package static let fields: [Field<NexthopObject>] = [
    .always("id", \.id),
    .exact("family", \.family),
    .exact("via", \.gateway),
    .exact("dev", \.link),
    .exact("onlink", \.onlink),
    .always("blackhole", \.blackhole),
    .always("group", \.group),
    .open("protocol", \.origin),
    .exact("foreign", \.foreign),
  ]

  package static var blank: NexthopObject { NexthopObject(id: 0) }

  /// `struct nexthop_grp`, written as in ip-nexthop(8): `77` or `77,3`.
  package struct Member: Hashable, Sendable, TextRepresentable {
    package var id: UInt32
    /// 1 … 65536
    package var weight: Int

    package init(id: UInt32, weight: Int = 1) {
      self.id = id
      self.weight = weight
    }

    package init?(_ text: String) {
      let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      guard let id = UInt32(parts[0]), parts.count <= 2 else { return nil }
      guard parts.count == 2 else {
        self.init(id: id)
        return
      }
      guard let weight = Int(parts[1]) else { return nil }
      self.init(id: id, weight: weight)
    }

    package var description: String { weight == 1 ? "\(id)" : "\(id),\(weight)" }
  }

  /// As `ip nexthop` would say it.
  package var summary: String {
    var text = "id \(id)"
    if !group.isEmpty { text += " group \(group.map(\.description).joined(separator: "/"))" }
    if let gateway { text += " via \(gateway)" }
    if let link { text += " dev \(link)" }
    if blackhole { text += " blackhole" }
    return text
  }
}

extension State {
  package var nexthops: some Sequence<NexthopObject> { objects.values.lazy.compactMap(\.nexthop) }

  /// The links that an object hangs on, be it by the nexthop object that it names.
  package func links(of object: Object) -> [LinkName] {
    switch object {
    case .route(let route): links(of: route)
    case .nexthop(let nexthop): links(of: nexthop)
    default: object.links
    }
  }

  /// The links that a route goes out by.
  package func links(of route: Route) -> [LinkName] {
    guard let id = route.nexthopID else { return route.links }
    return objects[.nexthop(id)]?.nexthop.map(links) ?? []
  }

  private func links(of nexthop: NexthopObject) -> [LinkName] {
    nexthop.link.map { [$0] } ?? nexthop.group.compactMap { objects[.nexthop($0.id)]?.nexthop?.link }
  }
}
