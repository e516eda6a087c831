// What the file has somewhere among what the host reaches elsewhere. Asked when all is composed: what others have on
// hardware may go, move, or come back in the same run.

/// A subnet on which the host is to be, a guest, or a prefix behind one.
struct Claim {
  var prefix: IPPrefix
  var position: SourcePosition?
  var path: String
  var kind: Kind

  enum Kind {
    case subnet(IPInterface, network: String)
    /// `proxy`: hardware on whose LAN a guest is answered for.
    case guest(proxy: LinkName?)
  }
}

extension Composer {
  mutating func refuseOverlaps() {
    if claims.isEmpty { return }
    let others = surroundings()
    for claim in claims {
      switch claim.kind {
      case .subnet(let address, let name):
        guard let network = network(named: name) else { continue }
        check(address, network, claim, others)
      case .guest(let proxy):
        checkGateways(claim, others)
        checkSubnets(claim, proxy: proxy, others)
        checkRoutes(claim, proxy: proxy, others)
      }
    }
  }

  // MARK: Subnets on which the host is to be

  private mutating func check(
    _ address: IPInterface, _ network: Network, _ claim: Claim, _ others: Surroundings
  ) {
    for found in others.routes where !isHere(found, network) {
      let route = found.object
      guard route.id.destination.overlaps(address.prefix),
        !isOfAddress(route, on: route.links.first ?? .default),
        !isPart(of: route.id.destination, on: found.places, address.prefix, network, others)
      else { continue }
      if route.id.destination.length >= address.length {
        conflict(
          claim.position, claim.path,
          "\(address.prefix) overlaps with the host's route \(route.id)\(found.through)",
          hint: "choose another subnet")
      } else {
        target.risks.append(
          Risk(
            "overlap", object: "address/\(network.hostDevice)/\(address)",
            "\(address.prefix) lies inside the host's route \(route.id)\(found.through)"))
      }
    }
    for found in others.addresses where !isHere(found, network) {
      let other = found.object
      guard other.local.prefix.overlaps(address.prefix),
        !isPart(of: other.local.prefix, on: found.places, address.prefix, network, others)
      else { continue }
      conflict(
        claim.position, claim.path,
        "\(address.prefix) overlaps with the host's address \(other.local)\(found.on)",
        hint: "choose another subnet")
    }
  }

  private func isHere<Object>(_ found: Surroundings.Found<Object>, _ network: Network) -> Bool {
    found.places.contains { $0 == network.hostDevice || uplinks[$0] == network.device }
  }

  /// Some of the addresses of a LAN on which the host answers for whoever has them, its own and a router's not among
  /// them.
  private func isPart(
    of lan: IPPrefix, on links: [LinkName], _ subnet: IPPrefix, _ network: Network, _ others: Surroundings
  ) -> Bool {
    guard let hardware = networkProxies[network.name]?.name, 0 < lan.length, lan.length < subnet.length,
      lan.contains(subnet)
    else { return false }
    let places = [hardware, place(of: hardware), observed.link(hardware)?.master?.name]
    guard links.contains(where: places.contains) else { return false }
    return !others.addresses.contains {
      $0.places.contains(where: places.contains) && subnet.contains($0.object.local.address)
    } && !target.wanted.addresses.contains { places.contains($0.link) && subnet.contains($0.local.address) }
      && !others.gateways.keys.contains(where: subnet.contains)
  }

  // MARK: Guests

  /// The host would send what is for a gateway of its own to the guest.
  private mutating func checkGateways(_ claim: Claim, _ others: Surroundings) {
    let prefix = claim.prefix
    guard prefix.length == prefix.family.bits, let what = others.gateways[prefix.address] else { return }
    conflict(
      claim.position, claim.path, "\(prefix.address) is a gateway of the host's: \(what)",
      hint: "choose another address")
  }

  /// Inside a subnet that the host is on.
  private mutating func checkSubnets(_ claim: Claim, proxy: LinkName?, _ others: Surroundings) {
    let prefix = claim.prefix
    let isHost = prefix.length == prefix.family.bits
    for found in others.addresses where found.object.local.prefix.contains(prefix) {
      let local = found.object.local
      if local.address == prefix.address, isHost {
        conflict(
          claim.position, claim.path,
          "\(prefix.address) is the host's own address\(found.on)",
          hint: "choose another address")
        continue
      }
      if prefix.family == .ipv4, isHost, local.length < 31,
        [local.prefix.address, local.prefix.last].contains(prefix.address)
      {
        let what = prefix.address == local.prefix.last ? "broadcast address" : "name"
        conflict(
          claim.position, claim.path,
          "\(prefix.address) is no host's address: it is the \(what) of the subnet \(local.prefix)\(found.on)",
          hint: "choose another address")
        continue
      }
      if let proxy, found.places.contains(where: { $0 == proxy || $0 == place(of: proxy) }) { continue }
      if local.length == prefix.family.bits { continue }
      risk(prefix, "\(prefix) lies inside the host's subnet \(local.prefix)\(found.through)")
    }
  }

  /// A guest or prefix in the middle of what the host reaches elsewhere cuts it out of there; one that is answered for
  /// on that LAN belongs there.
  private mutating func checkRoutes(_ claim: Claim, proxy: LinkName?, _ others: Surroundings) {
    let prefix = claim.prefix
    for found in others.routes where found.object.id.destination.overlaps(prefix) && prefix.length > 0 {
      let route = found.object
      guard route.id.isInMain, route.kind == .unicast, !isGuestSide(route),
        !isOfAddress(route, on: route.links.first ?? .default)
      else { continue }
      if route.id.destination == prefix, route.id.metric == metric(prefix.family) { continue }
      if route.id.destination.length >= prefix.length {
        conflict(
          claim.position, claim.path,
          "\(prefix) overlaps with the host's route \(route.id)\(found.through)",
          hint: "choose other addresses, or remove that route first")
        continue
      }
      if let proxy, found.places.contains(where: { $0 == proxy || $0 == place(of: proxy) }) { continue }
      risk(prefix, "\(prefix) lies inside the host's route \(route.id)\(found.through)")
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
}
