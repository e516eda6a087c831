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
    from link: LinkName, of uplink: LinkName, _ network: Network, _ path: String
  ) {
    var losesDefault: [RouteID] = []
    for object in observed.objects.values {
      switch object {
      case .address(let address) where address.link == link && address.origin != Ownership.origin:
        if link != uplink, isOwnLinkLocal(address), !makes(uplink, address) { continue }
      case .route(let route)
      where observed.links(of: route).contains(link) && route.origin != Ownership.origin:
        if route.id.destination.length == 0, route.id.table == 254 { losesDefault.append(route.id) }
        if isOfAddress(route, on: link) || observed.routes.contains(where: { $0.supersedes(route) }) {
          target.drop(object.id, because: path)
          continue
        }
      default: continue
      }
      target.drop(object.id, because: path)
      let former = object.renamed([link: uplink])
      held[FormerID(object: former.id.description, attribute: "object")] = Holding(
        object: .link(uplink), set: uplink.text, otherwise: former.described.json.text())
    }
    losesDefault.removeAll { id in network.gateways.contains { $0.value.family == id.family } }
    if let lost = losesDefault.min() {
      target.risks.append(
        Risk(
          "default-route", object: (link == uplink ? ObjectID.link(link) : .route(lost)).description,
          "'\(link)' carries the host's default route, and \(path) leaves the host without one",
          remedy: "'host: keep' moves it onto the bridge"))
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
}
