/// The changes that lead from an observed state to a target, one per object, sorted by identity.
package func difference(from observed: State, to target: Target) -> [Change] {
  var changes: [Change] = []
  let formerName = Dictionary(target.renamed.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  // A renamed link carries its addresses and routes along; they differ by the name alone.
  let present = observed.renamed(target.renamed)
  for (id, wanted) in target.wanted.objects {
    // Only an advertisement makes or refreshes it.
    if case .route(let route) = id, route.advertisement != nil { continue }
    guard let have = present[id] else {
      changes.append(Change(before: nil, after: wanted))
      continue
    }
    let after = wanted.completed(from: have).withoutOrphans
    if case .link(var link) = have, let old = formerName[link.name] {
      link.name = old
      changes.append(Change(before: .link(link), after: after))
    } else if after != have {
      changes.append(Change(before: have, after: after))
    }
  }
  for id in target.unwanted where target.wanted[id] == nil {
    if let have = present[id] { changes.append(Change(before: have, after: nil)) }
  }
  joinLengths(&changes)
  joinAdvertised(&changes)
  var cascades = Cascades(changes, observed, target)
  cascades.explain()
  changes = cascades.changes
  arrangeAlike(&changes, present)
  let ids = changes.map(\.id)
  return changes.indices.sorted { ids[$0] < ids[$1] }.map { changes[$0] }
}

/// To the kernel an IPv6 address is one whatever the length of its prefix (`ipv6_get_ifaddr`, net/ipv6/addrconf.c): it
/// cannot be there twice, so one length takes the place of the other.
private func joinLengths(_ changes: inout [Change]) {
  var gone: [ObjectID: Address] = [:]
  func key(_ address: Address) -> ObjectID { .neighbour(address.link, address.local.address) }
  for change in changes where change.action == .delete {
    if let address = change.before?.address, address.local.family == .ipv6 { gone[key(address)] = address }
  }
  if gone.isEmpty { return }
  var joined: Set<ObjectID> = []
  for index in changes.indices where changes[index].action == .create {
    guard let new = changes[index].after?.address, let old = gone[key(new)] else { continue }
    changes[index] = Change(before: .address(old), after: .address(new))
    joined.insert(Object.address(old).id)
  }
  changes.removeAll { $0.action == .delete && joined.contains($0.id) }
}

/// An ordinary route that is to be where the kernel has advertised ones takes the place of the first of them: it cannot
/// be added beside any (NLM_F_EXCL), nor may it come only when they have gone.
private func joinAdvertised(_ changes: inout [Change]) {
  var gone: [RouteID: Route] = [:]
  for change in changes where change.after == nil {
    guard let route = change.before?.route, route.id.advertisement != nil else { continue }
    if let other = gone[route.id.first], other.id < route.id { continue }
    gone[route.id.first] = route
  }
  if gone.isEmpty { return }
  var joined: Set<ObjectID> = []
  for index in changes.indices where changes[index].action == .create {
    guard let new = changes[index].after?.route, let old = gone[new.id] else { continue }
    changes[index] = Change(before: .route(old), after: .route(new))
    joined.insert(Object.route(old).id)
  }
  changes.removeAll { $0.action == .delete && joined.contains($0.id) }
}

extension ObjectID {
  var isLink: Bool { if case .link = self { true } else { false } }
  /// The link whose setting it is.
  package var settledLink: LinkName? { if case .sysctl(let key) = self { key.link } else { nil } }
  var isTable: Bool { if case .table = self { true } else { false } }
  package var isZone: Bool { if case .zone = self { true } else { false } }
  var isService: Bool { if case .service = self { true } else { false } }
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

extension Object {
  /// The object under the new names of its links.
  package func renamed(_ names: [LinkName: LinkName]) -> Object {
    if names.isEmpty { return self }
    let new = { (name: LinkName) in names[name] ?? name }
    switch self {
    case .link(var link):
      link.name = new(link.name)
      if case .link(let master) = link.master { link.master = .link(new(master)) }
      link.lower = link.lower.map(new)
      return .link(link)
    case .function(var function):
      function.id.link = new(function.id.link)
      return .function(function)
    case .address(var address):
      if address.label == address.link.text { address.label = new(address.link).text }
      address.link = new(address.link)
      return .address(address)
    case .nexthop(var nexthop):
      nexthop.link = nexthop.link.map(new)
      return .nexthop(nexthop)
    case .route(var route):
      for index in route.nexthops.indices { route.nexthops[index].link = route.nexthops[index].link.map(new) }
      if let link = route.id.advertisement?.link { route.id.advertisement?.link = new(link) }
      return .route(route)
    case .neighbour(var neighbour):
      neighbour.link = new(neighbour.link)
      return .neighbour(neighbour)
    case .qdisc(var qdisc):
      qdisc.link = new(qdisc.link)
      return .qdisc(qdisc)
    case .sysctl(var sysctl):
      sysctl.key.link = sysctl.key.link.map(new)
      return .sysctl(sysctl)
    // The kernel keeps the old name in a rule, firewalld in a zone, and the ledger knows no better.
    case .netns, .rule, .former, .table, .passage, .dropIn, .zone, .bridgeAccess, .reservation, .service:
      return self
    }
  }
}
