extension Composer {
  /// A routed TAP: the host's side, and the ways to the guest.
  mutating func route(_ tap: inout Link, _ nic: NIC, _ path: String) {
    let hasIPv6 = host.facts.ipv6 != false
    let usable = { (family: AddressFamily) in family == .ipv4 || hasIPv6 }
    for host in hostSide(of: nic) where usable(host.family) {
      target.want(.address(ownAddress(host, on: tap.name)), because: path)
    }
    let guests = nic.addresses.map(\.value.address).filter { usable($0.family) }
    let hardware = nic.proxy.flatMap { find($0, "\(path).proxy") }
    for guest in guests {
      // Also where the kernel has a route by the host's address there: other guests may be in that subnet, each behind
      // a TAP of its own.
      addRoute(to: IPPrefix(host: guest), nexthop: Nexthop(link: tap.name), path)
    }
    for guest in nic.addresses where usable(guest.value.family) {
      claims.append(
        Claim(
          prefix: IPPrefix(host: guest.value.address), position: guest.position, path: "\(path).address",
          kind: .guest(proxy: hardware?.name)))
    }
    for prefix in nic.routes where usable(prefix.value.family) {
      claims.append(
        Claim(
          prefix: prefix.value, position: prefix.position, path: "\(path).routes", kind: .guest(proxy: nil)))
      checkDefault(prefix.value, path)
      let gateway = guests.first { $0.family == prefix.value.family }
      addRoute(
        to: prefix.value,
        nexthop: Nexthop(gateway: gateway, link: tap.name, onlink: gateway == nil ? nil : true), path)
    }
    let families = Set(guests.map(\.family) + nic.routes.map(\.value.family))
    tap.forwarding = true
    tap.linkGroup = group(of: tap.name, forwardsIPv6: families.contains(.ipv6))
    if nic.mode == .shared {
      addOutside(NAT(), path)
      let isLocal = nic.forwards.contains { $0.listen?.isLoopback ?? true }
      setting(.ipv4, tap.name, "route_localnet", isLocal ? "1" : "0", path)
    }
    if usable(.ipv6) {
      // A guest must not become the host's router: as a router itself the host ignores advertisements.
      setting(.ipv6, tap.name, "accept_ra", "0", path)
      if families.contains(.ipv6) {
        setting(.ipv6, tap.name, "forwarding", "1", path)
        if host.facts.forceForwarding == true { setting(.ipv6, tap.name, "force_forwarding", "1", path) }
      }
    }
    if let hardware { answer(for: guests, on: hardware, path) }
  }

  /// An address of ours at a guest.
  func ownAddress(_ local: IPInterface, on link: LinkName) -> Address {
    var address = Address(link: link, local: local)
    address.origin = Ownership.origin
    address.scope = local.address.isLinkLocal ? .link : .global
    address.flags = []
    address.lifetime = .forever
    if local.family == .ipv4 {
      address.label = link.text
      if local.length < 31 { address.broadcast = local.prefix.last }
    }
    return address
  }

  mutating func addRoute(to prefix: IPPrefix, nexthop: Nexthop, _ path: String, isForwarded: Bool = true) {
    var route = Route(id: RouteID(destination: prefix, metric: metric(prefix.family)), nexthops: [nexthop])
    route.origin = Ownership.origin
    route.scope = prefix.family == .ipv4 && nexthop.gateway == nil ? .link : .global
    if refusesToReplace(route, path) { return }
    target.want(.route(route), because: path)
    if isForwarded { guestRoutes.append(route) }
  }

  /// A route like the one to be there is somebody else's, and would be changed by it.
  mutating func refusesToReplace(_ route: Route, _ path: String) -> Bool {
    guard let there = observed[.route(route.id)]?.route else { return false }
    let prefix = route.id.destination
    switch whose(.route(there)) {
    case .mine: return false
    case .another(let name):
      conflict(
        nil, path, "the configuration '\(name)' has a route to \(prefix) already: \(there.summary)",
        hint: "remove it there, or choose another address")
    case .foreign:
      conflict(
        nil, path, "the host has a route to \(prefix) already: \(there.summary)",
        hint: "remove it, or choose another address")
    }
    return true
  }

  /// ARP and ND on the hardware's LAN are answered for exactly these addresses: not `proxy_arp`, which answers for
  /// everything the host can reach.
  mutating func answer(for guests: [IPAddress], on hardware: Link, _ path: String) {
    let link = place(of: hardware.name)
    for guest in guests {
      var proxy = Neighbour(link: link, address: guest)
      proxy.origin = Ownership.origin
      target.want(.neighbour(proxy), because: path)
    }
    if guests.contains(where: { $0.family == .ipv6 }) {
      hold(SysctlKey(family: .ipv6, link: link, name: "proxy_ndp"), "1", because: path)
    }
    proxies.append(link)
  }

  mutating func setting(
    _ family: AddressFamily, _ link: LinkName, _ name: String, _ value: String, _ path: String
  ) {
    target.want(
      .sysctl(Sysctl(key: SysctlKey(family: family, link: link, name: name), value: value)), because: path)
  }

  func metric(_ family: AddressFamily) -> UInt32 { family == .ipv6 ? 1024 : 0 }
}
