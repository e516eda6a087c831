/// What others have on the host once the file is applied.
struct Surroundings {
  /// To somewhere: default routes are none of them.
  fileprivate(set) var routes: [Found<Route>] = []
  /// But link-local ones, which are on every link.
  fileprivate(set) var addresses: [Found<Address>] = []
  /// Routers that the host's routes name, each with such a route in words.
  fileprivate(set) var gateways: [IPAddress: String] = [:]

  /// An object as it is, by which people know it, on which links that is, and where it goes in this run.
  struct Found<Object> {
    var object: Object
    var links: [LinkName]
    var destinations: [LinkName]

    var through: String { links.first.map { " (dev \($0))" } ?? "" }

    func isOn(_ isPlace: (LinkName) -> Bool) -> Bool {
      links.contains(where: isPlace) || destinations.contains(where: isPlace)
    }
  }
}

extension Composer {
  func surroundings() -> Surroundings {
    var found = Surroundings()
    let returning = returning()
    add(routesAfterwards(returning), to: &found)
    add(addressesAfterwards(returning), to: &found)
    return found
  }

  private func add(_ routes: [Route], to found: inout Surroundings) {
    for nexthop in observed.nexthops {
      if let gateway = nexthop.gateway { found.gateways[gateway] = nexthop.summary }
    }
    let ofFile = target.wanted.routes.filter {
      $0.id.destination.length == 0 && $0.origin == Ownership.origin
    }
    for route in routes.filter({ $0.origin != Ownership.origin }) + ofFile {
      for gateway in route.nexthops.compactMap(\.gateway) { found.gateways[gateway] = route.summary }
    }
    for route in routes where route.id.destination.length > 0 {
      let links = observed.links(of: route)
      found.routes.append(
        .init(object: route, links: links, destinations: links.compactMap { destinations[$0] }))
    }
  }

  /// As they are, or as they come.
  private func routesAfterwards(_ returning: [Object]) -> [Route] {
    let staying = observed.routes.filter {
      !target.unwanted.contains(.route($0.id)) && whose(.route($0)) != .mine
    }
    let coming = target.wanted.routes.filter {
      $0.origin != Ownership.origin && observed[.route($0.id)] == nil
    }
    return staying + coming + returning.compactMap(\.route).filter { target.wanted[.route($0.id)] == nil }
  }

  private func add(_ addresses: [Address], to found: inout Surroundings) {
    for address in addresses where address.local.length > 0 && !address.local.address.isLinkLocal {
      let new = destinations[address.link].map { [$0] } ?? []
      found.addresses.append(.init(object: address, links: [address.link], destinations: new))
    }
  }

  private func addressesAfterwards(_ returning: [Object]) -> [Address] {
    func id(_ address: Address, on link: LinkName) -> ObjectID {
      .address(link, address.local, to: address.peerNetwork)
    }
    var moved: Set<ObjectID> = []
    var result: [Address] = []
    for address in observed.addresses where whose(.address(address)) != .mine {
      let goes = destinations[address.link].map { id(address, on: $0) }
      let isMoved = goes.map { target.wanted[$0] != nil } ?? false
      if let goes, isMoved { moved.insert(goes) }
      if isMoved || !target.unwanted.contains(Object.address(address).id) { result.append(address) }
    }
    result += target.wanted.addresses.filter {
      let id = Object.address($0).id
      return $0.origin != Ownership.origin && observed[id] == nil && !moved.contains(id)
    }
    return result + returning.compactMap(\.address).filter { target.wanted[Object.address($0).id] == nil }
  }
}
