/// What others have on the host once the file is applied.
struct Surroundings {
  /// To somewhere: default routes are none of them.
  fileprivate(set) var routes: [Found<Route>] = []
  /// But link-local ones, which are on every link.
  fileprivate(set) var addresses: [Found<Address>] = []
  /// Routers that the host's routes name, each with such a route in words.
  fileprivate(set) var gateways: [IPAddress: String] = [:]

  struct Found<Object> {
    var object: Object
    /// The links that it will be on.
    var places: [LinkName]
    /// By which people know it: where it is now, or, on what is ours, where it goes.
    var name: LinkName?

    var through: String { name.map { " (dev \($0))" } ?? "" }
    var on: String { name.map { " on '\($0)'" } ?? "" }
  }
}

extension Composer {
  func surroundings() -> Surroundings {
    var found = Surroundings()
    let returning = returning()
    add(routesAfterwards(returning), to: &found)
    addAddresses(returning, to: &found)
    return found
  }

  // MARK: Routes

  private func add(_ routes: [Route], to found: inout Surroundings) {
    for nexthop in observed.nexthops {
      if let gateway = nexthop.gateway { found.gateways[gateway] = nexthop.summary }
    }
    for route in routes where route.origin != Ownership.origin {
      for gateway in route.nexthops.compactMap(\.gateway) { found.gateways[gateway] = route.summary }
    }
    for network in topology.networks {
      for gateway in network.gateways {
        found.gateways[gateway.value] = "default via \(gateway.value) dev \(network.hostDevice)"
      }
    }
    for route in routes where route.id.destination.length > 0 {
      let links = observed.links(of: route)
      // A route by a nexthop object goes with that.
      let places =
        route.nexthopID == nil
        ? target.wanted[.route(route.id)]?.links ?? links : links.map { destinations[$0] ?? $0 }
      found.routes.append(Surroundings.Found(object: route, places: places, name: name(links, places)))
    }
  }

  /// As they are, or as they come.
  private func routesAfterwards(_ returning: [Object]) -> [Route] {
    let staying = observed.routes.filter {
      (!target.unwanted.contains(.route($0.id)) || target.wanted[.route($0.id)] != nil)
        && whose(.route($0)) != .mine
    }
    let coming = target.wanted.routes.filter {
      $0.origin != Ownership.origin && observed[.route($0.id)] == nil
    }
    return staying + coming + returning.compactMap(\.route).filter { target.wanted[.route($0.id)] == nil }
  }

  private func name(_ links: [LinkName], _ places: [LinkName]) -> LinkName? {
    guard let link = links.first else { return places.first }
    return observed.link(link).map(isOurs) ?? false ? places.first ?? link : link
  }

  // MARK: Addresses

  private func addAddresses(_ returning: [Object], to found: inout Surroundings) {
    func add(_ address: Address, at place: LinkName) {
      guard address.local.length > 0, !address.local.address.isLinkLocal else { return }
      found.addresses.append(
        Surroundings.Found(object: address, places: [place], name: name([address.link], [place])))
    }
    var moved: Set<ObjectID> = []
    for address in observed.addresses where whose(.address(address)) != .mine {
      if let place = destinations[address.link],
        case let id = ObjectID.address(place, address.local, to: address.peerNetwork),
        target.wanted[id] != nil
      {
        moved.insert(id)
        add(address, at: place)
      } else if !target.unwanted.contains(Object.address(address).id) {
        add(address, at: address.link)
      }
    }
    for address in target.wanted.addresses {
      let id = Object.address(address).id
      guard address.origin != Ownership.origin, observed[id] == nil, !moved.contains(id) else { continue }
      add(address, at: address.link)
    }
    for address in returning.compactMap(\.address) where target.wanted[Object.address(address).id] == nil {
      add(address, at: address.link)
    }
  }
}
