// What of the host follows an uplink: onto the bridge, and back.

/// IPv4 and IPv6 settings of an interface that follow the host's addresses onto the bridge.
private let followingSettings: [(AddressFamily, String)] = [
  (.ipv4, "rp_filter"), (.ipv4, "arp_filter"), (.ipv4, "arp_announce"), (.ipv4, "arp_ignore"),
  (.ipv4, "arp_accept"), (.ipv4, "arp_notify"), (.ipv4, "forwarding"), (.ipv4, "src_valid_mark"),
  (.ipv6, "disable_ipv6"), (.ipv6, "forwarding"), (.ipv6, "force_forwarding"),
  (.ipv6, "accept_ra"), (.ipv6, "accept_ra_defrtr"), (.ipv6, "accept_ra_pinfo"),
  (.ipv6, "accept_ra_rtr_pref"), (.ipv6, "accept_ra_rt_info_min_plen"),
  (.ipv6, "accept_ra_rt_info_max_plen"), (.ipv6, "accept_ra_mtu"), (.ipv6, "accept_ra_min_hop_limit"),
  (.ipv6, "accept_ra_min_lft"), (.ipv6, "accept_ra_from_local"), (.ipv6, "ra_defrtr_metric"),
  (.ipv6, "autoconf"), (.ipv6, "stable_secret"), (.ipv6, "use_tempaddr"), (.ipv6, "temp_valid_lft"),
  (.ipv6, "temp_prefered_lft"), (.ipv6, "max_desync_factor"), (.ipv6, "regen_max_retry"),
  (.ipv6, "max_addresses"), (.ipv6, "dad_transmits"), (.ipv6, "accept_dad"), (.ipv6, "optimistic_dad"),
  (.ipv6, "use_optimistic"),
]

extension Composer {
  /// Addresses, nexthop objects, routes, rules and proxies go from one link to the other.
  mutating func move(
    from old: LinkName, to new: LinkName, because reason: String, _ isMoved: (Object) -> Bool = { _ in true }
  ) {
    let there = Set(observed.addresses.filter { $0.link == new }.map { Object.address($0).id })
    for address in observed.addresses where address.link == old && address.origin != Ownership.origin {
      // What the uplink itself would make goes with it, by whatever bridges.
      if isOwnLinkLocal(address), !makes(new, address),
        !uplinks.contains(where: { $0.value == new && makes($0.key, address) })
      {
        continue
      }
      guard isMoved(.address(address)) else { continue }
      target.drop(.address(old, address.local, to: address.peerNetwork), because: reason)
      guard !there.contains(.address(new, address.local, to: address.peerNetwork)) else { continue }
      var moved = address
      moved.link = new
      if address.label == old.text { moved.label = new.text }
      target.want(.address(moved), because: reason)
    }
    moveNexthops(from: old, to: new, because: reason, isMoved)
    for route in observed.routes where route.links.contains(old) && route.origin != Ownership.origin {
      guard isMoved(.route(route)) else { continue }
      if route.id.advertisement != nil || observed.routes.contains(where: { $0.supersedes(route) }) {
        continue
      }
      var moved = route
      for index in moved.nexthops.indices where moved.nexthops[index].link == old {
        moved.nexthops[index].link = new
      }
      target.want(.route(moved), because: reason)
    }
    moveAdvertised(from: old, to: new, because: reason, isMoved)
    moveNames(from: old, to: new, because: reason)
  }

  /// Routes that name one follow it: one NLM_F_REPLACE changes its link under them (`replace_nexthop_single`).
  mutating func moveNexthops(
    from old: LinkName, to new: LinkName, because reason: String, _ isMoved: (Object) -> Bool = { _ in true }
  ) {
    destinations[old] = new
    for nexthop in observed.nexthops where nexthop.link == old {
      guard isMoved(.nexthop(nexthop)) else { continue }
      var moved = nexthop
      moved.link = new
      target.want(.nexthop(moved), because: reason)
    }
  }

  /// What others have that only names a link.
  mutating func moveNames(from old: LinkName, to new: LinkName, because reason: String) {
    moveRules(from: old, to: new, because: reason)
    moveNeighbours(from: old, to: new, because: reason)
  }

  private mutating func moveNeighbours(from old: LinkName, to new: LinkName, because reason: String) {
    for case .neighbour(let entry) in observed.objects.values where entry.link == old {
      if entry.origin == Ownership.origin { continue }
      var moved = entry
      moved.link = new
      target.drop(.neighbour(old, entry.address), because: reason)
      target.want(.neighbour(moved), because: reason)
    }
  }

  /// Rules of others that name the one name the other.
  private mutating func moveRules(from old: LinkName, to new: LinkName, because reason: String) {
    for rule in observed.rules where rule.id.iif == old || rule.id.oif == old {
      if rule.origin == Ownership.origin { continue }
      var moved = rule
      if rule.id.iif == old { moved.id.iif = new }
      if rule.id.oif == old { moved.id.oif = new }
      target.drop(.rule(rule.id), because: reason)
      target.want(.rule(moved), because: reason)
    }
  }

  /// What the kernel made of advertisements it makes anew on the other link, of the next ones there. Until then stands in
  /// for each way to a router, the preferred first, and for a prefix that comes with no address.
  private mutating func moveAdvertised(
    from old: LinkName, to new: LinkName, because reason: String, _ isMoved: (Object) -> Bool
  ) {
    let routes = observed.routes.filter {
      $0.id.advertisement?.link == old && isMoved(.route($0))
    }.sorted { ($0.preferenceRank, $0.id) < ($1.preferenceRank, $1.id) }
    for route in routes {
      target.drop(.route(route.id), because: reason)
      if isOfAddress(route, on: old) { continue }
      var copy = observed.routes.first { route.supersedes($0) } ?? standIn(for: route)
      copy.lifetime = route.lifetime
      for index in copy.nexthops.indices { copy.nexthops[index].link = new }
      target.want(.route(copy), because: reason)
    }
  }

  func standIn(for route: Route) -> Route {
    route.standIn(among: Array(observed.routes) + target.wanted.routes)
  }

  /// The prefix of an address that makes it wherever that goes.
  func isOfAddress(_ route: Route, on link: LinkName) -> Bool {
    route.id.advertisement?.router == nil
      && observed.addresses.contains {
        $0.link == link && $0.local.prefix == route.id.destination
          && $0.flags?.contains(.noPrefixRoute) != true
      }
  }

  /// Made by the kernel of the MAC of a bridge of ours, and of no use to a link that would not have made it.
  func isOwnLinkLocal(_ address: Address) -> Bool {
    // IFAPROT_KERNEL_LL of linux/if_addr.h
    guard address.origin == 3, let link = observed.link(address.link), link.owner != nil else { return false }
    return address.local.address.value & UInt128(UInt64.max) == link.mac?.interfaceIdentifier
  }

  func makes(_ name: LinkName, _ address: Address) -> Bool {
    guard let link = observed.link(name) else { return false }
    if isOurs(link) {
      // A bridge that is there makes none when it gets the MAC of another uplink.
      return link.addressGeneration == .eui64
        && address.local.address.value & UInt128(UInt64.max)
          == target.wanted.link(name)?.mac?.interfaceIdentifier
    }
    let id = FormerID(object: ObjectID.link(name).description, attribute: "addrgenmode")
    let mode = observed[.former(id)]?.former?.value ?? link.addressGeneration?.json.text()
    return mode == Link.AddressGeneration.eui64.json.text()
      && address.local.address.value & UInt128(UInt64.max) == link.mac?.interfaceIdentifier
  }

  /// What a bridge of this file has of the hardware among its ports, though the host is elsewhere by now, is as on an
  /// interface that is new.
  mutating func unfollow(_ setting: Sysctl, on ports: [LinkName: [LinkName]]) {
    let key = setting.key
    guard let name = key.link, let hardware = ports[name], !followers.contains(name),
      target.wanted[.sysctl(key)] == nil, target.wanted.link(name) != nil,
      key.name != "forwarding" || isOfInterface(key.family),
      key.name != "forwarding" || key.family != .ipv4 || target.wanted.link(name)?.forwarding == nil,
      !isHeld(key),
      followingSettings.contains(where: { $0 == key.family && $1 == key.name }),
      let bridge = observed.link(name), isOurs(bridge), let path = bridge.path
    else { return }
    var usual = key
    usual.link = .default
    guard let begun = observed[.sysctl(usual)]?.sysctl?.value, begun != setting.value,
      hardware.contains(where: {
        original(SysctlKey(family: key.family, link: $0, name: key.name)) == setting.value
      })
    else { return }
    target.want(.sysctl(Sysctl(key: key, value: begun)), because: String(path))
  }

  /// What is not ours and has a master, by that.
  func hardwarePorts() -> [LinkName: [LinkName]] {
    var ports: [LinkName: [LinkName]] = [:]
    for port in observed.links where !isOurs(port) {
      if let bridge = port.master?.name { ports[bridge, default: []].append(port.name) }
    }
    return ports
  }

  /// Before it is asked what forwards for guests by itself.
  mutating func unfollowForwarding() {
    let ports = hardwarePorts()
    for bridge in ports.keys.sorted() {
      for (family, name) in followingSettings where ["forwarding", "force_forwarding"].contains(name) {
        let key = SysctlKey(family: family, link: bridge, name: name)
        if let setting = observed[.sysctl(key)]?.sysctl { unfollow(setting, on: ports) }
      }
    }
  }

  /// For guests, by this file or another.
  func isHeld(_ key: SysctlKey) -> Bool {
    let former = FormerID(object: ObjectID.sysctl(key).description, attribute: "value")
    return held[former] != nil || observed[.former(former)] != nil
  }

  mutating func copySettings(from uplink: Link, to bridge: Link, because reason: String) {
    if var wanted = target.wanted.link(bridge.name) {
      let id = FormerID(object: ObjectID.link(uplink.name).description, attribute: "addrgenmode")
      let former = observed[.former(id)]?.former.flatMap { try? JSON(parsing: Array($0.value.utf8)) }
      wanted.addressGeneration =
        former.flatMap(Link.AddressGeneration.init(json:)) ?? uplink.addressGeneration
      // The kernel takes one only where it listens to advertisements (`inet6_set_iftoken`, net/ipv6/addrconf.c).
      wanted.token = uplink.token
      target.want(.link(wanted), because: reason)
    }
    for (family, name) in followingSettings {
      let key = SysctlKey(family: family, link: uplink.name, name: name)
      guard let value = original(key) else { continue }
      var copy = key
      copy.link = bridge.name
      // A new interface begins with what `default` says.
      var usual = key
      usual.link = .default
      let there = observed[.sysctl(copy)] ?? observed[.sysctl(usual)]
      // What the kernel was built without it tells of as 0, and has no file for.
      if there == nil, name != "stable_secret" { continue }
      if there?.sysctl?.value == value { continue }
      target.want(.sysctl(Sysctl(key: copy, value: value)), because: reason)
    }
  }
}
