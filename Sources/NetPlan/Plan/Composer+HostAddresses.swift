// What the host has on a network because the file says so.

extension Composer {
  mutating func addHostAddress(_ address: Sourced<IPInterface>, _ network: Network, _ path: String) {
    let written = "\(path).\(network.host == .keep ? "address" : "host.address")"
    claims.append(
      Claim(
        prefix: address.value.prefix, position: address.position, path: written,
        kind: .subnet(address.value, network: network.name)))
    var wanted = Address(link: network.hostDevice, local: address.value)
    wanted.origin = Ownership.origin
    wanted.scope = .global
    wanted.lifetime = .forever
    wanted.flags = []
    if address.value.family == .ipv4 {
      wanted.label = network.hostDevice.text
      if address.value.length < 31 { wanted.broadcast = address.value.prefix.last }
    }
    target.want(.address(wanted), because: path)
  }

  private func movesToBridge(_ route: Route, _ network: Network) -> Bool {
    observed.links(of: route).contains { uplinks[$0] == network.device }
  }

  mutating func addGateway(_ gateway: Sourced<IPAddress>, _ network: Network, _ path: String) {
    let family = gateway.value.family
    var route = Route(
      id: RouteID(destination: .all(family), metric: metric(family)),
      nexthops: [Nexthop(gateway: gateway.value, link: network.hostDevice)])
    route.origin = Ownership.origin
    route.scope = .global
    let alike =
      observed[.route(route.id)]?.route
      ?? observed.routes.first {
        $0.id.advertisement != nil && $0.id.first == route.id && !target.unwanted.contains(.route($0.id))
      }
    if let there = alike, whose(.route(there)) != .mine,
      !movesToBridge(there, network), !target.unwanted.contains(.route(route.id)),
      !observed.links(of: there).contains(network.hostDevice)
    {
      return refuse(gateway, path, because: there)
    }
    target.want(.route(route), because: path)
  }

  private mutating func refuse(_ gateway: Sourced<IPAddress>, _ path: String, because there: Route) {
    conflict(
      gateway.position, "\(path).host.gateway", "the host has a default route of its own: \(there.summary)",
      hint: "leave out 'gateway', or remove that route first")
  }

  /// Such a route may come back with an uplink in the same run.
  mutating func refuseGatewaysBesideReturning() {
    let routes = returning().compactMap(\.route)
    for network in topology.networks where !routes.isEmpty {
      for gateway in network.gateways {
        let id = RouteID(destination: .all(gateway.value.family), metric: metric(gateway.value.family))
        guard target.wanted[.route(id)]?.origin == Ownership.origin,
          let there = routes.first(where: { $0.id.first == id })
        else { continue }
        refuse(gateway, "networks.\(network.name)", because: there)
      }
    }
  }
}

extension Route {
  /// As `ip route` would say it.
  package var summary: String {
    var text = id.destination.length == 0 ? "default" : id.destination.description
    for nexthop in nexthops {
      if let id = nexthop.id { text += " nhid \(id)" }
      if let gateway = nexthop.gateway { text += " via \(gateway)" }
      if let link = nexthop.link { text += " dev \(link)" }
    }
    if !id.isInMain { text += " table \(id.table)" }
    if id.metric != 0 { text += " metric \(id.metric)" }
    return text
  }
}
