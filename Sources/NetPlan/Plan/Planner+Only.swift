/// Settings that serve all routed guests by an interface together.
private let sharedSettings: Set<String> = ["forwarding", "force_forwarding", "accept_ra", "proxy_ndp"]

extension Planner {
  /// The changes of the chosen VMs and NICs, and of what their being routed or not needs besides.
  func selected(_ changes: [Change], _ target: Target, _ obstacles: inout [Obstacle]) -> [Change] {
    let own = changes.filter { isSelected(target.reasons[$0.id] ?? "") }
    let new = Set(own.filter { $0.action == .create }.compactMap { $0.after?.guestFamily })
    obstacles.removeAll { !isSelected($0.path) && !($0.path == "vms" && new.contains(.ipv6)) }
    let ids = Set(own.map(\.id))
    let shared = changes.compactMap { change -> Change? in
      guard !ids.contains(change.id), let (family, isRelease) = forwarding(change, target) else { return nil }
      guard isRelease else { return new.contains(family) ? change : nil }
      return isUnneeded(family, after: own, target) ? restoring(change, own) : nil
    }
    let tables = changes.compactMap { change in
      switch change.id {
      case .table: selectedTable(change, target)
      case .passage: selectedPassage(change, target)
      case .dropIn: selectedDropIn(change, target)
      case .bridgeAccess: isSelectedAccess(change, target) ? change : nil
      case .zone, .former: isSelectedZone(change, target) ? change : nil
      default: nil
      }
    }
    let chosen =
      own + shared + services(changes, for: own) + tables + putBack(changes, with: shared)
      + divisions(changes, for: own)
    refuseMissingBridges(changes, chosen, target, &obstacles)
    refuseMissingNetns(changes, chosen, target, &obstacles)
    return chosen.sorted { $0.id < $1.id }
  }

  /// Hardware gets its virtual functions with the first of them, whoever's that is.
  private func divisions(_ changes: [Change], for own: [Change]) -> [Change] {
    let ids = Set(own.map(\.id))
    let functions = own.compactMap { $0.after?.function?.id }
    let hardware = Set(functions.map(\.link))
    let ledger = Set(
      hardware.map { ObjectID.link($0).description } + functions.map { ObjectID.function($0).description })
    return changes.filter { change in
      guard !ids.contains(change.id) else { return false }
      if case .former(let id) = change.id { return ledger.contains(id.object) }
      guard let link = change.after?.link, hardware.contains(link.name) else { return false }
      return link.functions != change.before?.link?.functions
    }
  }

  /// What serves a network is told of a NIC that comes or goes; it starts and ends with its network.
  private func services(_ changes: [Change], for own: [Change]) -> [Change] {
    let networks = Set(own.compactMap { ($0.after ?? $0.before)?.reservation?.network })
    let gone = own.compactMap { $0.after == nil ? $0.before?.reservation : nil }
    return changes.compactMap { change in
      guard let before = change.before?.service, before.id.program == .dnsmasq,
        networks.contains(before.id.subject)
      else { return nil }
      if change.after != nil { return change }
      // Without a file nothing is known of the network but what the service was told.
      let after = before.without(gone.filter { $0.network == before.id.subject })
      return after == before ? nil : Change(before: change.before, after: .service(after))
    }
  }

  func isSelected(_ path: String) -> Bool {
    only.contains { wish in
      let parts = wish.split(separator: "/", maxSplits: 1)
      let prefix = "vms.\(parts[0])" + (parts.count > 1 ? ".nics.\(parts[1])" : "")
      return path == prefix || path.hasPrefix(prefix + ".")
    }
  }

  private func refuseMissingBridges(
    _ changes: [Change], _ chosen: [Change], _ target: Target, _ obstacles: inout [Obstacle]
  ) {
    let pending = Set(changes.compactMap { $0.action == .create ? $0.after?.link?.name : nil })
      .subtracting(chosen.compactMap { $0.after?.link?.name })
    for change in chosen {
      let needed: LinkName?
      if case .sysctl(let key) = change.id {
        needed = key.link
      } else {
        needed = change.after?.link?.master?.name
      }
      guard let needed, pending.contains(needed) else { continue }
      obstacles.append(
        Obstacle(
          .lacking, at: nil, path: target.reasons[change.id] ?? "",
          "the bridge '\(needed)' does not exist yet, and --only leaves it out",
          hint: "apply without --only first"))
    }
  }

  /// All NICs of a namespace come together.
  private func refuseMissingNetns(
    _ changes: [Change], _ chosen: [Change], _ target: Target, _ obstacles: inout [Obstacle]
  ) {
    let ids = Set(chosen.map(\.id))
    let pending = Set(
      changes.compactMap { change in
        if case .netns(let name) = change.id, !ids.contains(change.id) { name } else { nil }
      })
    for change in chosen {
      guard let netns = (change.after ?? change.before)?.link?.veth.netns, pending.contains(netns) else {
        continue
      }
      obstacles.append(
        Obstacle(
          .lacking, at: nil, path: target.reasons[change.id] ?? "",
          "the network namespace '\(netns)' would change, and --only leaves it out",
          hint: "name each VM that is in it, and all of the VM"))
    }
  }

  // MARK: Forwarding

  /// Whether a change is about forwarding for routed guests, of which family, and whether it gives something back.
  private func forwarding(_ change: Change, _ target: Target) -> (AddressFamily, isRelease: Bool)? {
    switch change.id {
    case .rule(let id):
      guard (change.after ?? change.before)?.origin == Ownership.origin else { return nil }
      return (id.family, change.after == nil)
    case .sysctl(let key):
      guard sharedSettings.contains(key.name) else { return nil }
      let id = FormerID(object: change.id.description, attribute: "value")
      // What the ledger does not know of is a guest's own.
      guard target.unwanted.contains(.former(id)) || target.wanted[.former(id)] != nil else { return nil }
      return (key.family, target.unwanted.contains(.former(id)))
    case .former(let id):
      guard id.object.hasPrefix("sysctl/"), let key = SysctlKey(String(id.object.dropFirst("sysctl/".count))),
        sharedSettings.contains(key.name)
      else { return nil }
      let users = (
        before: change.before?.former?.users.count ?? 0, after: change.after?.former?.users.count ?? 0
      )
      return (key.family, users.after < users.before)
    default: return nil
    }
  }

  /// What the kernel changes along with forwarding of all.
  private func putBack(_ changes: [Change], with chosen: [Change]) -> [Change] {
    guard chosen.contains(where: { $0.id == .sysctl(.ipv6ForwardingOfAll) }) else { return [] }
    let ids = Set(chosen.map(\.id))
    return changes.filter { change in
      guard case .sysctl(let key) = change.id, key.followsAll else { return false }
      return change.before == change.after && !ids.contains(change.id)
    }
  }

  /// A setting that would go with its interface is put back where only the guests go.
  private func restoring(_ change: Change, _ chosen: [Change]) -> Change? {
    guard case .sysctl(let sysctl)? = change.before, change.after == nil else { return change }
    let id = FormerID(object: change.id.description, attribute: "value")
    let isLinkGone = chosen.contains { $0.after == nil && $0.before?.link?.name == sysctl.key.link }
    guard !isLinkGone, let former = host.state[.former(id)]?.former, former.set == sysctl.value else {
      return nil
    }
    return Change(before: change.before, after: .sysctl(Sysctl(key: sysctl.key, value: former.value)))
  }

  /// Whether no guest is left, once the chosen changes are made, of whom the target knows nothing.
  private func isUnneeded(_ family: AddressFamily, after chosen: [Change], _ target: Target) -> Bool {
    let gone = Set(chosen.filter { $0.action == .delete }.map(\.id))
    return host.state.routes.allSatisfy { route in
      guard Object.route(route).guestFamily == family, isOurs(route) else { return true }
      let id = ObjectID.route(route.id)
      return gone.contains(id) || target.wanted[id] != nil
    }
  }

  private func isOurs(_ route: Route) -> Bool {
    route.links.contains { host.state.link($0)?.owner.map { $0 == topology.name } ?? false }
  }
}

extension Object {
  /// The family of a route of ours to a guest.
  fileprivate var guestFamily: AddressFamily? {
    guard let route, route.origin == Ownership.origin, route.id.destination.length > 0 else { return nil }
    return route.id.family
  }
}

extension Service {
  /// Told nothing of those guests.
  fileprivate func without(_ guests: [Reservation]) -> Service {
    var service = self
    let macs = guests.compactMap { $0.mac.map { "\($0)," } }
    let addresses = guests.flatMap(\.addresses).map { "\($0.address) " }
    service.hosts.removeAll { line in macs.contains(where: line.hasPrefix) }
    service.names.removeAll { line in addresses.contains(where: line.hasPrefix) }
    if service != self, state == .stale { service.state = .running }
    return service
  }
}
