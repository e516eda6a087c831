/// Routes that forwarded packets may take, for hosts that did not forward before: see `routeGuests`.
private let guestTable: UInt32 = 214

extension Composer {
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
        keepAdvertisements()
        if separatesIPv6 { forwardTogether() }
        if host.facts.forceForwarding != true || forwardsAll(.ipv6) { continue }
      }
      var guarded = false
      for link in peers(of: family) {
        let key = SysctlKey(family: family, link: link, name: name)
        guard needsHold(key) else { continue }
        addGuard(link, family)
        if !isGuarded(link, family) { noticeShadowed(by: link, family) }
        noticeForwarding(key)
        hold(key, "1", because: "forwarding for routed guests")
        // Only what did not forward was ever guarded.
        let former = forwardingFormer(link, family)
        if observed[.former(former)] == nil, isGuarded(link, family) { held[former]?.otherwise = "0" }
        // ND proxying wants the interface to be a router's.
        if family == .ipv6, proxies.contains(link) {
          hold(
            SysctlKey(family: .ipv6, link: link, name: "forwarding"), "1",
            because: "forwarding for routed guests")
        }
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
    let hosts = Set(uplinks.values.map(hostSide) + stations.values)
    let returning = returning()
    // By where they go with the host.
    let routes =
      observed.routes.filter { [target] in !target.unwanted.contains(.route($0.id)) }.map { [target] in
        target.wanted[.route($0.id)]?.route ?? $0
      } + target.wanted.routes + returning.compactMap(\.route)
    for route in routes where route.id.table == 254 && route.kind == .unicast {
      let isWayOut = route.id.family == family && route.id.destination.length == 0
      guard isWayOut || isOutsideAnywhere && route.origin != Ownership.origin else { continue }
      // One of ours that nobody asks for any more goes (`prune`); so it is with addresses.
      if target.wanted[.route(route.id)] == nil, whose(.route(route)) == .mine { continue }
      // A route by a nexthop object names no link, and goes with that.
      let follows = route.nexthopID != nil
      links.formUnion(observed.links(of: route).map { place(of: follows ? destinations[$0] ?? $0 : $0) })
    }
    let addresses =
      observed.addresses.filter { [target] in !target.unwanted.contains(Object.address($0).id) }
      + target.wanted.addresses + returning.compactMap(\.address)
    for address in addresses
    where address.local.family == family && address.scope == .global {
      if target.wanted[Object.address(address).id] == nil, whose(.address(address)) == .mine { continue }
      if let heir = heir(of: address.link) { links.insert(heir) }
      if hosts.contains(address.link) { links.insert(address.link) }
    }
    // Not by a guest itself, nor by a bridge of this file without hardware.
    return links.filter { name in
      guard let link = observed.link(name) else { return true }
      if link.facts?.loopback == true { return false }
      return switch whose(link) {
      case .mine: hosts.contains(name)
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
    if family == .ipv6 { return ipv6ForwardsAll }
    return host.facts.ipv4ForwardsAll == true && observed[.former(allForwarding)]?.former?.value == "0"
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

  /// What arrives at a guarded interface and is neither for an address of the host's nor for a guest ends at the guard's
  /// last rule. A later rule that would have made it the host's own, as transparent proxies have it (`local default dev
  /// lo` in a table of their own), is no longer asked: no rule can tell what a later one would deliver from what it
  /// would forward.
  private mutating func noticeShadowed(by link: LinkName, _ family: AddressFamily) {
    let last = guardIDs(link, family)[2].priority
    for rule in observed.rules.sorted(by: { $0.id.priority < $1.id.priority })
    where rule.id.family == family && rule.origin != Ownership.origin && rule.id.priority > last
      && rule.id.action == .lookup && rule.id.iif ?? link == link
    {
      let delivers = observed.routes.contains {
        $0.id.family == family && $0.id.table == rule.id.table && $0.kind == .local
      }
      guard delivers else { continue }
      target.risks.append(
        Risk(
          "foreign-object", object: ObjectID.rule(rule.id).description,
          "what comes in by '\(link)' is no longer the host's by table \(rule.id.table) (a transparent proxy's), since our rules \(last - 2) to \(last) stand before it",
          refusable: false, remedy: "give that rule a preference below \(last - 2)"))
    }
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

  private mutating func addGuestTable(_ family: AddressFamily) {
    for route in guestRoutes where route.id.family == family {
      var own = route
      own.id.table = guestTable
      if refusesToReplace(own, target.reasons[.route(route.id)] ?? "vms") { continue }
      target.want(.route(own), because: target.reasons[.route(route.id)] ?? "")
    }
  }
}
