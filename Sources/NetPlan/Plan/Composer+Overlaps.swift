// Guests and prefixes behind routed TAPs among what the host reaches elsewhere.

extension Composer {
  /// A guest or prefix in the middle of what the host reaches elsewhere cuts it out of there; one that is answered for
  /// on that LAN belongs there.
  mutating func checkOverlap(
    _ prefix: IPPrefix, at position: SourcePosition?, _ path: String, proxy: Link?
  ) {
    checkGateways(prefix, at: position, path)
    checkSubnets(prefix, at: position, path, proxy: proxy)
    for route in observed.routes
    where route.id.isInMain && route.kind == .unicast && route.id.destination.length > 0
      && route.id.destination.family == prefix.family && route.id.destination.overlaps(prefix)
      && prefix.length > 0 && whose(.route(route)) != .mine && !isGuestSide(route)
      && !isOfAddress(route, on: route.links.first ?? .default)
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
    guard let what = knownGateways[prefix.address] else { return }
    conflict(
      position, path, "\(prefix.address) is a gateway of the host's: \(what)", hint: "choose another address")
  }

  /// Routers that the host's routes name, each with such a route in words.
  var knownGateways: [IPAddress: String] {
    mutating get {
      let found = gateways ?? findGateways()
      gateways = found
      return found
    }
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
    route.links.contains { observed.link($0).map { isOurs($0) && $0.isForVM } ?? false }
  }
}
