// Whose an object is, in one place: the origin alone says that this program made it, not for which configuration.

extension Composer {
  func whose(_ link: Link) -> Whose {
    guard let owner = link.owner else { return .foreign }
    return owner == topology.name ? .mine : .another(String(owner))
  }

  /// An address or route of ours belongs to the name of the link that it is on, and a proxy to that of the guest for
  /// which it answers.
  func whose(_ object: Object) -> Whose {
    guard object.origin == Ownership.origin else { return .foreign }
    if case .neighbour(let proxy) = object { return whose(ways(to: proxy.address)) }
    return whose(object.links)
  }

  private func whose(_ names: [LinkName]) -> Whose {
    let all = names.compactMap { observed.link($0).map(whose) }
    return all.contains(.mine) ? .mine : all.first { $0 != .foreign } ?? .foreign
  }

  /// Links by which the host reaches a guest.
  func ways(to guest: IPAddress) -> [LinkName] {
    let route = observed.routes.first {
      $0.origin == Ownership.origin && $0.id.destination == IPPrefix(host: guest) && $0.id.table == 254
    }
    return route?.links
      ?? observed.addresses.filter { $0.local.prefix.contains(guest) }.map(\.link).sorted()
  }

  /// What of this file the host is on instead of some hardware.
  func heir(of link: LinkName) -> LinkName? { uplinks[link].map(hostSide) ?? stations[link] }

  /// Where the host is on the LAN of some hardware: what comes in by a port comes in by its bridge, be that one of this
  /// file, of another configuration, or foreign.
  func place(of link: LinkName) -> LinkName {
    if let heir = heir(of: link) { return heir }
    if let station = station(on: link) { return station.name }
    guard let master = observed.link(link)?.master?.name, let bridge = observed.link(master),
      bridge.kind == .bridge, whose(bridge) != .mine
    else { return link }
    return master
  }

  // MARK: What others hold

  /// The configurations that hold the forwarding which a guard rule is for; nil where no ledger knows of it.
  func holders(of rule: Rule) -> [String]? {
    guard let link = rule.id.iif else { return nil }
    return observed[.former(forwardingFormer(link, rule.id.family))]?.former?.users
  }

  func forwardingFormer(_ link: LinkName, _ family: AddressFamily) -> FormerID {
    FormerID(object: ObjectID.sysctl(forwardingKey(link, family)).description, attribute: "value")
  }

  func forwardingKey(_ link: LinkName, _ family: AddressFamily) -> SysctlKey {
    SysctlKey(family: family, link: link, name: family == .ipv4 ? "forwarding" : "force_forwarding")
  }

  /// Guard rules, settings and proxies of other configurations follow the host from a link to the bridge that takes it
  /// in, and back.
  mutating func moveHolds(
    from old: LinkName, to new: LinkName, because reason: String, except names: Set<String> = []
  ) {
    let isGoing = observed.link(old).map(isOurs) ?? false && target.wanted.link(old) == nil
    for rule in observed.rules where rule.origin == Ownership.origin && rule.id.iif == old {
      guard holders(of: rule)?.contains(where: { $0 != topology.name }) == true else { continue }
      var moved = rule
      moved.id.iif = new
      target.drop(.rule(rule.id), because: reason)
      target.want(.rule(moved), because: reason)
    }
    for former in observed.formers where former.users.contains(where: { $0 != topology.name }) {
      guard former.id.attribute == "value", var key = former.setting, key.link == old,
        !names.contains(key.name)
      else { continue }
      if !isGoing, observed[.sysctl(key)]?.sysctl?.value == former.set {
        target.want(.sysctl(Sysctl(key: key, value: former.value)), because: reason)
      }
      target.drop(.former(former.id), because: "ledger")
      key.link = new
      let id = FormerID(object: ObjectID.sysctl(key).description, attribute: "value")
      var moved = observed[.former(id)]?.former ?? former
      if moved.id != id {
        moved.id = id
        moved.value = original(key) ?? former.value
        moved.users = []
      }
      let others = former.users.filter { $0 != topology.name }
      moved.users = Set(moved.users + others).sorted()
      target.want(.former(moved), because: "ledger")
      target.want(.sysctl(Sysctl(key: key, value: former.set)), because: reason)
    }
    for case .neighbour(let proxy) in observed.objects.values where proxy.link == old {
      guard case .another = whose(.neighbour(proxy)) else { continue }
      var moved = proxy
      moved.link = new
      target.drop(.neighbour(old, proxy.address), because: reason)
      target.want(.neighbour(moved), because: reason)
    }
  }
}

extension Former {
  /// The setting whose value it keeps; nil where it is about something else.
  var setting: SysctlKey? {
    id.object.hasPrefix("sysctl/") ? SysctlKey(String(id.object.dropFirst("sysctl/".count))) : nil
  }
}
