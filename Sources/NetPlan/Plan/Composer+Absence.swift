// An uplink whose bridge the host is not on as it was on the uplink.

extension Composer {
  /// The ledger's entry that says that the host is not on the bridge of an uplink as it was on the uplink.
  func absence(on uplink: LinkName) -> FormerID {
    FormerID(object: ObjectID.link(uplink).description, attribute: "host")
  }

  mutating func mark(_ uplink: Link, _ network: Network) {
    held[absence(on: uplink.name)] = Holding(
      object: .link(uplink.name), set: "\"stated\"", otherwise: "\"keep\"")
  }

  func isAbsent(_ uplink: LinkName) -> Bool {
    observed[.former(absence(on: uplink))]?.former?.users.contains(topology.name) ?? false
  }

  /// Takes the host's addresses and routes off an uplink that is no longer the host's, or off its bridge; they come
  /// back on release.
  mutating func suspend(
    from link: LinkName, of uplink: LinkName, gateways: [IPAddress], _ path: String
  ) {
    var losesDefault: [RouteID] = []
    let away = observed.formers.filter { $0.set != uplink.text }
      .compactMap { suspended($0)?.route }.filter { $0.id.advertisement == nil }
      .sorted { $0.id.ordinal < $1.id.ordinal }
    let sources = leavingSources(link)
    for object in observed.objects.values {
      switch object {
      case .address(let address) where address.link == link && address.origin != Ownership.origin:
        if link != uplink, isOwnLinkLocal(address), !makes(uplink, address) { continue }
        // An uplink that was down had none of the kernel's making.
        if link != uplink, address.origin == 3, goesDown(uplink) {
          if !isOwnLinkLocal(address) { target.drop(object.id, because: path) }
          continue
        }
      case .route(let route)
      where observed.links(of: route).contains(link) && route.origin != Ownership.origin:
        if route.id.destination.length == 0, route.id.table == 254 { losesDefault.append(route.id) }
        if isOfAddress(route, on: link) || observed.routes.contains(where: { $0.supersedes(route) }) {
          target.drop(object.id, because: path)
          continue
        }
      // The kernel drops it with its source (`fib_sync_down_addr`), by whatever link it leads.
      case .route(let route)
      where route.id.isInMain && route.origin != Ownership.origin
        && route.preferredSource.map(sources.contains) ?? false:
        break
      default: continue
      }
      target.drop(object.id, because: path)
      let former = withCompanions(object, link, away).renamed([link: uplink])
      held[FormerID(object: former.id.description, attribute: "object")] = Holding(
        object: .link(uplink), set: uplink.text, otherwise: former.described.json.text())
    }
    losesDefault.removeAll { id in gateways.contains { $0.family == id.family } }
    if let lost = losesDefault.min() {
      let isUplink = link == uplink && given[link] == nil
      target.risks.append(
        Risk(
          "default-route", object: (isUplink ? ObjectID.link(link) : .route(lost)).description,
          "'\(link)' carries the host's default route, and \(path) leaves the host without one",
          remedy: given[link] == nil ? "'host: keep' moves it onto the bridge" : nil))
    }
  }

  /// IPv4 addresses of others that the host has on this link alone.
  private func leavingSources(_ link: LinkName) -> Set<IPAddress> {
    func those(_ isHere: Bool) -> [IPAddress] {
      observed.addresses.filter {
        $0.local.family == .ipv4 && ($0.link == link && $0.origin != Ownership.origin) == isHere
      }.map(\.local.address)
    }
    return Set(those(true)).subtracting(those(false))
  }

  /// `away`: what has been taken off other uplinks.
  private func withCompanions(_ object: Object, _ link: LinkName, _ away: [Route]) -> Object {
    guard case .route(var route) = object, route.id.advertisement == nil else { return object }
    let staying = observed.routes.count {
      $0.id.first == route.id.first && $0.id != route.id && $0.id.advertisement == nil
        && !observed.links(of: $0).contains(link)
    }
    let alike = away.filter { $0.id.first == route.id.first }
    if staying + alike.count > 0 { route.companions = staying + alike.count }
    for other in alike where other.id.ordinal <= route.id.ordinal { route.id.ordinal += 1 }
    return .route(route)
  }

  /// A route takes its place again among those that are alike and have stayed.
  mutating func bringBack(_ route: Route, because reason: String) {
    var list = (Array(observed.routes) + target.wanted.routes.filter { observed[.route($0.id)] == nil })
      .filter {
        $0.id.first == route.id.first && $0.id.advertisement == nil
          && !target.unwanted.contains(.route($0.id))
      }.map { target.wanted[.route($0.id)]?.route ?? $0 }.sorted { $0.id.ordinal < $1.id.ordinal }
    var route = route
    route.companions = nil
    if list.contains(where: { $0.unnumbered == route.unnumbered }) { return }
    // Its place was among those that leave in this run, too.
    let before = observed.routes.count {
      $0.id.first == route.id.first && $0.id.ordinal < route.id.ordinal && $0.id.advertisement == nil
        && target.unwanted.contains(.route($0.id))
    }
    list.insert(route, at: min(route.id.ordinal - before, list.count))
    for (place, var route) in list.enumerated() {
      route.id.ordinal = place
      target.want(.route(route), because: reason)
    }
  }

  /// What was taken off an uplink stays in the ledger.
  mutating func keepSuspended(_ uplink: LinkName) {
    for former in observed.formers
    where former.users.contains(topology.name) && former.id.attribute == "object" && former.set == uplink.text
    {
      held[former.id] = Holding(object: .link(uplink), set: former.set, otherwise: former.value)
    }
  }

  /// What was taken off uplinks and comes back (`settleLedger`).
  func returning() -> [Object] {
    observed.formers.filter { [topology, held] in
      $0.id.attribute == "object" && $0.users == [topology.name] && held[$0.id] == nil
    }.compactMap(suspended).filter(canReturn)
  }
}
