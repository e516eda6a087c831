/// Where a route comes from that the kernel made by itself and lets expire: the link whose routers advertised it, and the
/// router that it leads to.
///
/// The kernel tells such routes apart by both (`rt6_get_dflt_router`, net/ipv6/route.c) and refreshes or removes none but
/// those it made (RTF_ADDRCONF): whoever makes one like it keeps the kernel from making its own, and whoever wants one on
/// another link has to wait for the next advertisement there.
package struct Advertisement: Hashable, Sendable, TextRepresentable {
  package var link: LinkName
  /// nil for a prefix that is on the link itself.
  package var router: IPAddress?

  package init(link: LinkName, router: IPAddress? = nil) {
    self.link = link
    self.router = router
  }

  /// `eth1`, `eth1 by fe80::1`
  package init?(_ text: String) {
    let words = text.split(separator: " ")
    guard let first = words.first, let link = LinkName(first) else { return nil }
    self.init(link: link)
    if words.count == 1 { return }
    guard words.count == 3, words[1] == "by", let router = IPAddress(words[2]) else { return nil }
    self.router = router
  }

  package var description: String { "\(link)" + (router.map { " by \($0)" } ?? "") }
}

extension Route {
  /// RTPROT_RA of linux/rtnetlink.h: the kernel's own, and those of whoever reads advertisements in its place.
  package static let advertised: UInt8 = 9

  /// In place of one that the kernel alone can make, until the next advertisement: with another metric, since beside a
  /// route of the same metric, link and gateway the kernel adds none (`fib6_add_rt2node`, net/ipv6/ip6_fib.c), and takes
  /// nothing else from that advertisement either (`ndisc_router_discovery`, net/ipv6/ndisc.c). It expires when the
  /// original would have.
  package func standIn(among others: some Sequence<Route>) -> Route {
    var copy = self
    copy.id.advertisement = nil
    copy.id.ordinal = 0
    copy.origin = Route.advertised
    let alike = others.filter { $0.id.destination == id.destination && $0.id.table == id.table }
    let taken = Set(alike.map(\.id.metric))
    repeat { copy.id.metric += 1 } while taken.contains(copy.id.metric)
    return copy
  }

  /// Whether it leads where `other` does, whatever its metric.
  package func stands(for other: Route) -> Bool {
    origin == Route.advertised && id.table == other.id.table
      && id.destination == other.id.destination && id.source == other.id.source
      && nexthops.map(\.link) == other.nexthops.map(\.link)
      && nexthops.map(\.gateway) == other.nexthops.map(\.gateway)
  }

  /// Advertised since `other` began to stand in for it.
  package func supersedes(_ other: Route) -> Bool {
    id.advertisement != nil && other.id.advertisement == nil && other.stands(for: self)
  }

  /// RFC 4191: high, medium, low.
  package var preferenceRank: Int { preference == 1 ? 0 : preference == 3 ? 2 : 1 }
}
