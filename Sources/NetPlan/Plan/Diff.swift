/// The changes that lead from an observed state to a target, one per object, sorted by identity.
package func difference(from observed: State, to target: Target) -> [Change] {
  var changes: [Change] = []
  let formerName = Dictionary(target.renamed.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })

  for (id, wanted) in target.wanted.objects {
    guard let have = observed.counterpart(of: id, formerName: formerName) else {
      changes.append(Change(before: nil, after: wanted))
      continue
    }
    // A renamed link carries its addresses and routes along; they differ by the name alone.
    let seen = have.renamed(target.renamed)
    let after = wanted.completed(from: seen).withoutOrphans
    let before = id.isLink ? have : seen
    if after != before { changes.append(Change(before: before, after: after)) }
  }
  for id in target.unwanted where target.wanted[id] == nil {
    if let have = observed[id] { changes.append(Change(before: have.renamed(target.renamed), after: nil)) }
  }
  explainCascades(&changes, observed: observed)
  return changes.sorted { $0.id < $1.id }
}

extension ObjectID {
  var isLink: Bool { if case .link = self { true } else { false } }
}

extension Object {
  /// A link without a master has none of a port's attributes.
  fileprivate var withoutOrphans: Object {
    guard case .link(var link) = self, link.master == Link.Master.none else { return self }
    link.port = Link.Port()
    if link.kind != .bridge { link.vlans = nil }
    return .link(link)
  }
}

extension State {
  fileprivate func counterpart(of id: ObjectID, formerName: [LinkName: LinkName]) -> Object? {
    if formerName.isEmpty { return self[id] }
    switch id {
    case .link(let name): return self[.link(formerName[name] ?? name)]
    case .address(let link, let local): return self[.address(formerName[link] ?? link, local)]
    case .neighbour(let link, let address): return self[.neighbour(formerName[link] ?? link, address)]
    case .sysctl(var key):
      key.link = key.link.map { formerName[$0] ?? $0 }
      return self[.sysctl(key)]
    case .route, .rule, .former: return self[id]
    }
  }
}

extension Object {
  /// The object under the new names of its links.
  package func renamed(_ names: [LinkName: LinkName]) -> Object {
    if names.isEmpty { return self }
    let new = { (name: LinkName) in names[name] ?? name }
    switch self {
    case .link(var link):
      link.name = new(link.name)
      if case .link(let master) = link.master { link.master = .link(new(master)) }
      return .link(link)
    case .address(var address):
      if address.label == address.link.text { address.label = new(address.link).text }
      address.link = new(address.link)
      return .address(address)
    case .route(var route):
      for index in route.nexthops.indices { route.nexthops[index].link = route.nexthops[index].link.map(new) }
      return .route(route)
    case .rule(var rule):
      rule.id.iif = rule.id.iif.map(new)
      rule.id.oif = rule.id.oif.map(new)
      return .rule(rule)
    case .neighbour(var neighbour):
      neighbour.link = new(neighbour.link)
      return .neighbour(neighbour)
    case .sysctl(var sysctl):
      sysctl.key.link = sysctl.key.link.map(new)
      return .sysctl(sysctl)
    case .former: return self
    }
  }
}

/// What the kernel does on its own is written down as changes, so that reversing the list restores it.
///
/// Deleting a link drops its addresses, routes, proxies and settings and frees its ports; deleting a primary IPv4
/// address drops the secondaries of its subnet (`inet_del_ifa`, net/ipv4/devinet.c).
private func explainCascades(_ changes: inout [Change], observed: State) {
  var touched = Set(changes.map(\.id))
  let gone = Set(changes.compactMap { $0.action == .delete ? $0.before?.link?.name : nil })
  if !gone.isEmpty {
    for (id, object) in observed.objects where !touched.contains(id) {
      if object.links.contains(where: gone.contains) {
        changes.append(Change(before: object, after: nil))
        touched.insert(id)
      } else if case .link(let link) = object, let master = link.master?.name, gone.contains(master) {
        var free = link
        free.master = Link.Master.none
        free.port = Link.Port()
        free.vlans = nil
        changes.append(Change(before: object, after: .link(free)))
        touched.insert(id)
      }
    }
  }
  let primaries = changes.compactMap { change -> Address? in
    guard change.action == .delete, let address = change.before?.address, address.local.family == .ipv4,
      address.secondary != true, !gone.contains(address.link)
    else { return nil }
    return address
  }
  guard !primaries.isEmpty else { return }
  for address in observed.addresses where address.secondary == true {
    guard primaries.contains(where: { $0.link == address.link && $0.local.prefix == address.local.prefix }),
      !touched.contains(Object.address(address).id)
    else { continue }
    changes.append(Change(before: .address(address), after: .address(address)))
  }
}
