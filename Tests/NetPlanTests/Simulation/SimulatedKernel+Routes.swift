import Glibc
import NetPlan

extension SimulatedKernel {
  mutating func addRoute(_ wanted: Route, replacing: Bool) throws(Refusal) {
    let new = try checked(wanted)
    let alike = routes.indices.filter { isAlike(routes[$0].id, new.id) }
    // The same way out once more (`fib_table_insert`, `rt6_duplicate_nexthop`).
    let twin = alike.first { routes[$0].nexthops == new.nexthops && routes[$0].kind == new.kind }
    if replacing, let first = alike.first {
      if let twin, twin != first { throw Refusal(EEXIST) }
      routes[first] = new
    } else if alike.isEmpty || wanted.id.ordinal > 0 && twin == nil {
      routes.append(new)
    } else {
      throw Refusal(EEXIST)
    }
  }

  private func isAlike(_ a: RouteID, _ b: RouteID) -> Bool {
    a.destination == b.destination && a.table == b.table && a.metric == b.metric && a.tos == b.tos
      && a.source == b.source
  }

  /// As the kernel would keep it, or why not.
  private func checked(_ wanted: Route) throws(Refusal) -> Route {
    var new = wanted
    new.id.ordinal = 0
    new.origin = wanted.origin ?? 0
    new.lifetime = wanted.lifetime ?? .forever
    if wanted.id.family == .ipv6 {
      new.scope = .global
      new.preference = wanted.preference ?? 0
      if wanted.id.metric == 0 { new.id.metric = 1024 }
    } else {
      new.scope = wanted.scope ?? .global
      // A gateway is nearer than what lies behind it (`fib_check_nh`).
      if new.nexthops.contains(where: { $0.gateway != nil }), new.scope!.rawValue >= RouteScope.link.rawValue
      {
        throw Refusal(EINVAL)
      }
    }
    // First the gateway, then the link (`fib_check_nh`, `fib6_nh_init`).
    for nexthop in new.nexthops {
      if let id = nexthop.id, nexthops[id] == nil { throw Refusal(EINVAL) }
      let link = try nexthop.link.map { name throws(Refusal) in try require(name) }
      if let gateway = nexthop.gateway, !isReachable(gateway, by: nexthop) {
        throw Refusal(wanted.id.family == .ipv4 ? ENETUNREACH : EHOSTUNREACH)
      }
      if let link, link.up != true { throw Refusal(ENETDOWN) }
    }
    if let source = wanted.preferredSource, !isLocal(source) { throw Refusal(EINVAL) }
    return new
  }

  func isReachable(_ gateway: IPAddress, by nexthop: Nexthop) -> Bool {
    if nexthop.onlink == true { return nexthop.link != nil }
    if gateway.family == .ipv6, gateway.isLinkLocal { return nexthop.link != nil }
    let isOnLink = addresses.contains { name, list in
      (nexthop.link == nil || nexthop.link == name) && links[name]?.up == true
        && list.contains { $0.prefix.contains(gateway) && $0.flags?.contains(.noPrefixRoute) != true }
    }
    if isOnLink { return true }
    return routes.contains { route in
      route.id.destination.contains(gateway) && route.id.destination.length > 0
        && route.nexthops.contains {
          $0.gateway == nil && $0.link != nil && (nexthop.link == nil || $0.link == nexthop.link)
        }
    }
  }

  /// Whether some route or nexthop object could not be added any more: it may outlive the address through which its
  /// gateway was reached.
  var hasStrandedRoutes: Bool {
    routes.contains { route in (try? checked(route)) == nil }
      || nexthops.values.contains { nexthop in
        let way = Nexthop(gateway: nexthop.gateway, link: nexthop.link, onlink: nexthop.onlink)
        return nexthop.gateway.map { !isReachable($0, by: way) } ?? false
      }
  }

  mutating func deleteRoute(_ gone: Route) throws(Refusal) {
    for name in gone.nexthops.compactMap(\.link) { _ = try require(name) }
    let place = routes.firstIndex {
      isAlike($0.id, gone.id) && $0.kind == gone.kind && $0.origin == gone.origin ?? $0.origin
        && $0.nexthops == gone.nexthops
        // IPv4 alone looks at the source (`fib_table_delete`, `ip6_route_del`).
        && (gone.id.family == .ipv6 || gone.preferredSource == nil
          || $0.preferredSource == gone.preferredSource)
    }
    guard let place else { throw Refusal(ESRCH) }
    routes.remove(at: place)
  }

  /// A route with one dead leg of several stays; where the link is gone altogether IPv4 lets go of the whole route and
  /// IPv6 of the leg (`fib_sync_down_dev`, `fib6_ifdown`).
  mutating func dropRoutes(by link: LinkName, families: Set<AddressFamily>, isGone: Bool) {
    routes = routes.compactMap { route in
      guard families.contains(route.id.family), route.links.contains(link) else { return route }
      let others = route.nexthops.filter { $0.link != link }
      if others.isEmpty { return nil }
      guard isGone else { return route }
      if route.id.family == .ipv4 { return nil }
      var rest = route
      rest.nexthops = others
      if others.count == 1 { rest.nexthops[0].weight = nil }
      return rest
    }
  }

  // MARK: Rules, proxies, settings

  mutating func addRule(_ rule: Rule) throws(Refusal) {
    guard !rules.contains(where: { $0.id == rule.id }) else { throw Refusal(EEXIST) }
    var new = rule
    new.origin = rule.origin ?? 0
    rules.append(new)
  }

  mutating func deleteRule(_ rule: Rule) throws(Refusal) {
    guard let place = rules.firstIndex(where: { $0.id == rule.id }) else { throw Refusal(ENOENT) }
    rules.remove(at: place)
  }

  mutating func addProxy(_ proxy: Neighbour) throws(Refusal) {
    _ = try require(proxy.link)
    let origin = proxy.origin ?? 0
    if let place = proxies.firstIndex(where: { $0.link == proxy.link && $0.address == proxy.address }) {
      // One that is there keeps its maker, unless another one is named (`neigh_add`, net/core/neighbour.c).
      if origin != 0 { proxies[place].origin = origin }
      return
    }
    var new = proxy
    new.origin = origin
    proxies.append(new)
  }

  mutating func deleteProxy(_ proxy: Neighbour) throws(Refusal) {
    _ = try require(proxy.link)
    guard let place = proxies.firstIndex(where: { $0.link == proxy.link && $0.address == proxy.address })
    else {
      throw Refusal(ENOENT)
    }
    proxies.remove(at: place)
  }

  mutating func write(_ sysctl: Sysctl) throws(Refusal) {
    guard settings[sysctl.key] != nil else { throw Refusal(ENOENT) }
    if sysctl.key.name == "force_forwarding", !["0", "1"].contains(sysctl.value) { throw Refusal(EINVAL) }
    settings[sysctl.key] = sysctl.value
    // `addrconf_forward_change`
    guard sysctl.key == .ipv6ForwardingOfAll else { return }
    for key in settings.keys where key.followsAll { settings[key] = sysctl.value }
  }
}
