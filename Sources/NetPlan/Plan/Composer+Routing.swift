/// Routes that forwarded packets may take, for hosts that did not forward before: see `routeGuests`.
private let guestTable: UInt32 = 214

extension Composer {
  /// A routed TAP: the host's side, and the ways to the guest.
  mutating func route(_ tap: inout Link, _ nic: NIC, _ path: String) {
    let hasIPv6 = host.facts.ipv6 != false
    let usable = { (family: AddressFamily) in family == .ipv4 || hasIPv6 }
    let hosts = nic.hostAddresses.filter { usable($0.family) }
    for host in hosts {
      var address = Address(link: tap.name, local: host)
      address.origin = Ownership.origin
      address.scope = host.address.isLinkLocal ? .link : .global
      address.flags = []
      address.lifetime = .forever
      if host.family == .ipv4 {
        address.label = tap.name.text
        if host.length < 31 { address.broadcast = host.prefix.last }
      }
      target.want(.address(address), because: path)
    }
    let guests = nic.addresses.map(\.value.address).filter { usable($0.family) }
    let hardware = nic.proxy.flatMap { find($0, "\(path).proxy") }
    for guest in guests {
      // Also where the kernel has a route by the host's address there: other guests may be in that subnet, each behind
      // a TAP of its own.
      addRoute(to: IPPrefix(host: guest), nexthop: Nexthop(link: tap.name), path)
    }
    for guest in nic.addresses where usable(guest.value.family) {
      checkOverlap(
        IPPrefix(host: guest.value.address), at: guest.position, "\(path).address", proxy: hardware)
    }
    for prefix in nic.routes where usable(prefix.value.family) {
      checkOverlap(prefix.value, at: prefix.position, "\(path).routes", proxy: nil)
      checkDefault(prefix.value, path)
      let gateway = guests.first { $0.family == prefix.value.family }
      addRoute(
        to: prefix.value,
        nexthop: Nexthop(gateway: gateway, link: tap.name, onlink: gateway == nil ? nil : true), path)
    }
    let families = Set(guests.map(\.family) + nic.routes.map(\.value.family))
    tap.forwarding = true
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

  /// A guest or prefix in the middle of what the host reaches elsewhere cuts it out of there; one that is answered for
  /// on that LAN belongs there.
  mutating func checkOverlap(
    _ prefix: IPPrefix, at position: SourcePosition?, _ path: String, proxy: Link?
  ) {
    checkGateways(prefix, at: position, path)
    checkSubnets(prefix, at: position, path, proxy: proxy)
    for route in observed.routes
    where route.id.table == 254 && route.kind == .unicast && route.id.destination.length > 0
      && route.id.destination.family == prefix.family && route.id.destination.overlaps(prefix)
      && prefix.length > 0 && whose(.route(route)) != .mine && !isGuestSide(route)
      && !target.unwanted.contains(.route(route.id))
    {
      let through = route.links.first.map { " (dev \($0))" } ?? ""
      if route.id.destination == prefix, route.id.metric == (prefix.family == .ipv6 ? 1024 : 0) { continue }
      if route.id.destination.length >= prefix.length {
        conflict(
          position, path, "\(prefix) overlaps with the host's route \(route.id)\(through)",
          hint: "choose other addresses, or remove that route first")
        continue
      }
      if let proxy, route.links.contains(where: { $0 == proxy.name || $0 == place(of: proxy.name) }) {
        continue
      }
      risk(prefix, "\(prefix) lies inside the host's route \(route.id)\(through)")
    }
  }

  /// The host would send what is for a gateway of its own to the guest.
  private mutating func checkGateways(_ prefix: IPPrefix, at position: SourcePosition?, _ path: String) {
    guard prefix.length == prefix.family.bits else { return }
    if gateways == nil { gateways = findGateways() }
    guard let what = gateways?[prefix.address] else { return }
    conflict(
      position, path, "\(prefix.address) is a gateway of the host's: \(what)", hint: "choose another address")
  }

  /// Found once, since every guest asks.
  private func findGateways() -> [IPAddress: String] {
    var found: [IPAddress: String] = [:]
    for nexthop in observed.nexthops { if let gateway = nexthop.gateway { found[gateway] = nexthop.summary } }
    let foreign = observed.routes.filter { $0.origin != Ownership.origin }
    for route in Array(foreign) + target.wanted.routes.filter({ $0.id.destination.length == 0 }) {
      for gateway in route.nexthops.compactMap(\.gateway) { found[gateway] = route.summary }
    }
    return found
  }

  /// Shorter prefixes than anybody has for a site are meant to cover everything: `0.0.0.0/1`, `2000::/3`.
  mutating func checkDefault(_ prefix: IPPrefix, _ path: String) {
    guard prefix.length < (prefix.family == .ipv4 ? 8 : 4) else { return }
    let there = observed.routes.first { route in
      route.id.destination.length == 0 && route.id.table == 254 && route.id.family == prefix.family
        && whose(.route(route)) != .mine && !target.unwanted.contains(.route(route.id))
    }
    guard let there else { return }
    let id = RouteID(destination: prefix, metric: metric(prefix.family))
    target.risks.append(
      Risk(
        "default-route", object: ObjectID.route(id).description,
        "\(prefix) goes before the host's \(there.summary): the host's own traffic would go to the guest"))
  }

  /// Inside a subnet that the host is on.
  private mutating func checkSubnets(
    _ prefix: IPPrefix, at position: SourcePosition?, _ path: String, proxy: Link?
  ) {
    for address in observed.addresses
    where address.local.length > 0 && !address.local.address.isLinkLocal
      && address.local.family == prefix.family && address.local.prefix.contains(prefix)
      && whose(.address(address)) != .mine
    {
      if address.local.address == prefix.address, prefix.length == prefix.family.bits {
        conflict(
          position, path, "\(prefix.address) is the host's own address on '\(address.link)'",
          hint: "choose another address")
        continue
      }
      if prefix.family == .ipv4, prefix.length == 32, address.local.length < 31,
        [address.local.prefix.address, address.local.prefix.last].contains(prefix.address)
      {
        conflict(
          position, path,
          "\(prefix.address) is no host's address: it is the \(prefix.address == address.local.prefix.last ? "broadcast address" : "name") of the subnet \(address.local.prefix) on '\(address.link)'",
          hint: "choose another address")
        continue
      }
      if let proxy, address.link == proxy.name || address.link == place(of: proxy.name) { continue }
      if address.local.length == prefix.family.bits { continue }
      risk(prefix, "\(prefix) lies inside the host's subnet \(address.local.prefix) (dev \(address.link))")
    }
  }

  private mutating func risk(_ prefix: IPPrefix, _ detail: String) {
    let id = RouteID(destination: prefix, metric: metric(prefix.family))
    target.risks.append(
      Risk(
        "overlap", object: ObjectID.route(id).description, detail,
        remedy: "'proxy' answers for a guest on the LAN that its address belongs to"))
  }

  /// By a routed TAP of ours: the host's side of another guest.
  private func isGuestSide(_ route: Route) -> Bool {
    route.links.contains { observed.link($0).map { isOurs($0) && $0.kind == .tap } ?? false }
  }

  private func metric(_ family: AddressFamily) -> UInt32 { family == .ipv6 ? 1024 : 0 }

  mutating func setting(
    _ family: AddressFamily, _ link: LinkName, _ name: String, _ value: String, _ path: String
  ) {
    target.want(
      .sysctl(Sysctl(key: SysctlKey(family: family, link: link, name: name), value: value)), because: path)
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
  private mutating func refusesToReplace(_ route: Route, _ path: String) -> Bool {
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
  private mutating func answer(for guests: [IPAddress], on hardware: Link, _ path: String) {
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

  /// Forwarding for routed guests, and for nothing else.
  ///
  /// The kernel forwards what comes in by an interface whose own `forwarding` is on (`ip_route_input_slow`,
  /// net/ipv4/route.c). For guests to be reached it must be on where their peers are; but what those peers send to
  /// anybody else was not forwarded before and is not to be now. So an interface that we turn on gets three rules:
  /// what comes in there is the host's own (`local`), or a guest's (table 214), or dropped as before.
  mutating func routeGuests() {
    let families = Set(guestRoutes.map(\.id.family))
    for family in families.sorted() {
      let name = family == .ipv4 ? "forwarding" : "force_forwarding"
      if family == .ipv6 {
        if host.facts.ipv6ForwardsAll == true {
          holdAdvertisements()
          continue
        }
        if host.facts.forceForwarding != true {
          lacking(
            nil, "vms", "this kernel forwards IPv6 for all interfaces or for none, and it forwards for none",
            hint:
              "Linux 6.17 has net.ipv6.conf.IF.force_forwarding; or turn on net.ipv6.conf.all.forwarding yourself"
          )
          continue
        }
      }
      var guarded = false
      for link in peers(of: family) {
        let key = SysctlKey(family: family, link: link, name: name)
        guard needsHold(key) else { continue }
        addGuard(link, family)
        noticeForwarding(key)
        hold(key, "1", because: "forwarding for routed guests")
        // Only what did not forward was ever guarded.
        let former = forwardingFormer(link, family)
        if observed[.former(former)] == nil, isGuarded(link, family) { held[former]?.otherwise = "0" }
        if family == .ipv6 { keepAdvertisements(on: link) }
        if family == .ipv4, let all = host.facts.ipv4ForwardsAll {
          held[allForwarding] = Holding(
            object: .sysctl(SysctlKey(family: .ipv4, link: nil, name: "forwarding")), set: "seen",
            otherwise: all ? "1" : "0")
        }
        guarded = true
      }
      if guarded { addGuestTable(family) }
    }
  }

  /// Interfaces by which a guest's peers come in: the default route's, the bridges with an uplink of this file, and
  /// those on whose LAN guests are answered for. Whatever else the host has stays as it is.
  private func peers(of family: AddressFamily) -> [LinkName] {
    var links = Set(proxies).union(outside.map(place))
    let routes = observed.routes.filter { [target] in !target.unwanted.contains(.route($0.id)) }
    for route in Array(routes) + Array(target.wanted.routes)
    where route.id.family == family && route.id.destination.length == 0 && route.id.table == 254 {
      for link in observed.links(of: route) { links.insert(place(of: link)) }
    }
    let addresses = observed.addresses.filter { [target] in !target.unwanted.contains(Object.address($0).id) }
    for address in Array(addresses) + Array(target.wanted.addresses)
    where address.local.family == family && address.scope == .global {
      if let bridge = uplinks[address.link] { links.insert(bridge) }
      if uplinks.values.contains(address.link) { links.insert(address.link) }
    }
    // Not by a guest itself, nor by a bridge of this file without hardware.
    return links.filter { name in
      guard let link = observed.link(name) else { return true }
      if link.facts?.loopback == true { return false }
      return switch whose(link) {
      case .mine: uplinks.values.contains(name)
      case .another: link.kind == .bridge
      case .foreign: true
      }
    }.sorted()
  }

  /// Off now, or on because a configuration of ours turned it on.
  private func needsHold(_ key: SysctlKey) -> Bool {
    let id = FormerID(object: ObjectID.sysctl(key).description, attribute: "value")
    if forwardsAll(key.family) { return false }
    if observed[.former(id)] != nil || key.link.map({ isGuarded($0, key.family) }) == true { return true }
    return prospective(key) != "1"
  }

  /// The ledger's entry of what `conf/all` said when the first interface was guarded.
  private var allForwarding: FormerID {
    let key = SysctlKey(family: .ipv4, link: nil, name: "forwarding")
    return FormerID(object: ObjectID.sysctl(key).description, attribute: "seen")
  }

  /// Somebody has made the host a router since we guarded it, which set `forwarding` of every interface
  /// (`inet_forward_change`, net/ipv4/devinet.c): then it is not ours to hold back, nor to take away.
  func forwardsAll(_ family: AddressFamily) -> Bool {
    // With `conf/all` on IPv6 is never guarded.
    if family == .ipv6 { return host.facts.ipv6ForwardsAll == true }
    return host.facts.ipv4ForwardsAll == true && observed[.former(allForwarding)]?.former?.value == "0"
  }

  /// A router that we told to listen to advertisements goes on doing so.
  private mutating func holdAdvertisements() {
    for link in peers(of: .ipv6) {
      let key = SysctlKey(family: .ipv6, link: link, name: "accept_ra")
      let id = FormerID(object: ObjectID.sysctl(key).description, attribute: "value")
      if observed[.former(id)] != nil { hold(key, "2", because: "forwarding for routed guests") }
    }
  }

  /// By rules of ours that are there, whatever the ledger says.
  private func isGuarded(_ link: LinkName, _ family: AddressFamily) -> Bool {
    observed[.rule(guardIDs(link, family)[2])]?.origin == Ownership.origin
  }

  /// What a setting would be but for us.
  func original(_ key: SysctlKey) -> String? {
    let id = FormerID(object: ObjectID.sysctl(key).description, attribute: "value")
    let value = observed[.sysctl(key)]?.sysctl?.value
    if let former = observed[.former(id)]?.former, former.set == value { return former.value }
    return value
  }

  private mutating func noticeForwarding(_ key: SysctlKey) {
    guard let name = key.link, let link = observed.link(name), !isOurs(link), prospective(key) != "1" else {
      return
    }
    target.risks.append(
      Risk(
        "foreign-object", object: ObjectID.sysctl(key).description,
        "'\(name)' is not ours and forwards \(key.family == .ipv4 ? "IPv4" : "IPv6") from now on, to the guests of this file only",
        refusable: false))
  }

  private mutating func addGuard(_ link: LinkName, _ family: AddressFamily) {
    for id in guardIDs(link, family) {
      var rule = Rule(id: id)
      rule.origin = Ownership.origin
      target.want(.rule(rule), because: "forwarding for routed guests")
    }
  }

  private func guardIDs(_ link: LinkName, _ family: AddressFamily) -> [RuleID] {
    [
      RuleID(family: family, priority: 214, iif: link, action: .lookup, table: 255),
      RuleID(family: family, priority: 215, iif: link, action: .lookup, table: guestTable),
      RuleID(family: family, priority: 216, iif: link, action: .blackhole, table: 0),
    ]
  }

  /// ND proxying wants the interface to be a router's, and a router ignores advertisements unless told otherwise
  /// (`accept_ra` 2).
  private mutating func keepAdvertisements(on link: LinkName) {
    guard proxies.contains(link) else { return }
    let key = SysctlKey(family: .ipv6, link: link, name: "accept_ra")
    let value = prospective(key)
    let held =
      observed[.former(FormerID(object: ObjectID.sysctl(key).description, attribute: "value"))] != nil
    if value == "1" || held { hold(key, "2", because: "forwarding for routed guests") }
    hold(
      SysctlKey(family: .ipv6, link: link, name: "forwarding"), "1", because: "forwarding for routed guests")
  }

  private mutating func addGuestTable(_ family: AddressFamily) {
    for route in guestRoutes where route.id.family == family {
      var own = route
      own.id.table = guestTable
      if refusesToReplace(own, target.reasons[.route(route.id)] ?? "vms") { continue }
      target.want(.route(own), because: target.reasons[.route(route.id)] ?? "")
    }
  }
}
