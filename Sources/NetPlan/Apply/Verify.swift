/// What of a plan the host does not show, after all steps before the commit.
func verify(_ plan: Plan, _ batches: [Batch], before: State, now: State) -> [HostError] {
  var pending = Array(repeating: false, count: plan.changes.count)
  for batch in batches where batch.stage.isDeferred {
    for step in batch.steps { pending[step.index] = true }
  }
  // `forwarding` of a link is also a setting below /proc/sys: where the plan sets that, it is what counts.
  let forwarding = Set(plan.changes.compactMap { change in change.id.forwardingLink })
  var errors: [HostError] = []
  var touched: Set<LinkName> = []
  var planned: Set<ObjectID> = []
  var renamed: [LinkName: LinkName] = [:]
  var remade: Set<LinkName> = []
  let going = Set(
    plan.changes.indices.filter { pending[$0] }.compactMap { plan.changes[$0].before?.link?.name })
  for (index, change) in plan.changes.enumerated() {
    planned.insert(change.id)
    if let before = change.before { planned.insert(before.id) }
    if case .link(let old)? = change.before {
      if let new = change.after?.link?.name, new != old.name { renamed[old.name] = new }
      if !pending[index] { touched.insert(old.name) }
      if change.action == .replace { remade.insert(old.name) }
    }
    guard !pending[index] else { continue }
    let seen = now[change.id]
    if var after = change.after {
      guard let seen else {
        errors.append(.unmet(change.id, "it is not there"))
        continue
      }
      if case .link(var link) = after, forwarding.contains(link.name) {
        link.forwarding = nil
        after = .link(link)
      }
      after.takeLifetime(from: seen)
      if after.completed(from: seen) != seen {
        errors.append(.unmet(change.id, after.difference(from: seen)))
      }
    } else if let seen, !seen.isTransient || !now.links(of: seen).contains(where: going.contains) {
      // An advertisement may come as long as its link is there, and what the kernel makes of it goes with the link.
      errors.append(.unmet(change.id, "it is still there"))
    }
  }
  // What stands on a link that changed must stand there still: the kernel drops more than it says.
  for (id, object) in before.objects
  where !planned.contains(id) && before.links(of: object).contains(where: touched.contains) {
    // Settings are there as long as their link is, but those of a port are not looked at.
    if case .sysctl = object { continue }
    // The kernel makes one, of its own accord, when a link that is made anew has carrier (IFAPROT_KERNEL_LL).
    if let address = object.address, address.origin == 3, remade.contains(address.link) { continue }
    let present = object.renamed(renamed).id
    if now[present] == nil, !planned.contains(present), !object.isTransient {
      errors.append(.unmet(id, "it went away, and nobody asked for that"))
    }
  }
  return errors.sorted { $0.operation < $1.operation }
}

extension Plan {
  /// All links that it changes, and those on which something changes.
  var links: Set<LinkName> {
    var names: Set<LinkName> = []
    for change in changes {
      for object in [change.before, change.after] {
        guard let object else { continue }
        if let link = object.link { names.insert(link.name) }
        names.formUnion(object.links)
        // What concerns all interfaces is looked up with what they begin with.
        if case .sysctl(let sysctl) = object, sysctl.key.link == nil { names.insert(.default) }
      }
    }
    return names
  }
}

extension HostError {
  fileprivate static func unmet(_ id: ObjectID, _ what: String) -> HostError {
    HostError(operation: "verify \(id)", errno: 0, message: what)
  }
}

extension Netns {
  fileprivate func difference(from seen: Netns) -> String {
    if state != seen.state { return "it is \(seen.state.rawValue)" }
    let (wanted, there) = (State(objects), State(seen.objects))
    let ids = Set(wanted.objects.keys).union(there.objects.keys).sorted()
    return ids.compactMap { id -> String? in
      guard let object = wanted[id] else { return "\(id) is still there" }
      guard let present = there[id] else { return "\(id) is not there" }
      return object.completed(from: present) == present ? nil : "\(id): \(object.difference(from: present))"
    }.joined(separator: "; ")
  }
}

extension ObjectID {
  /// The link of which this setting is `Link.forwarding`, too.
  var forwardingLink: LinkName? {
    guard case .sysctl(let key) = self, key.family == .ipv4, key.name == "forwarding" else { return nil }
    return key.link
  }
}

extension Object {
  fileprivate func difference(from seen: Object) -> String {
    func fields<Kind: Described>(_ wanted: Kind, _ seen: Kind) -> String {
      wanted.completed(from: seen).differences(from: seen)
        .map {
          "\($0.name) is \($0.json(seen)?.text() ?? "unset"), not \($0.json(wanted)?.text() ?? "unset")"
        }
        .joined(separator: "; ")
    }
    return switch (self, seen) {
    case (.link(let a), .link(let b)): fields(a, b)
    case (.netns(let a), .netns(let b)): a.difference(from: b)
    case (.function(let a), .function(let b)): fields(a, b)
    case (.address(let a), .address(let b)): fields(a, b)
    case (.nexthop(let a), .nexthop(let b)): fields(a, b)
    case (.route(let a), .route(let b)): fields(a, b)
    case (.rule(let a), .rule(let b)): fields(a, b)
    case (.neighbour(let a), .neighbour(let b)): fields(a, b)
    case (.qdisc(let a), .qdisc(let b)): fields(a, b)
    case (.sysctl(let a), .sysctl(let b)): fields(a, b)
    case (.former(let a), .former(let b)): fields(a, b)
    case (.table(let a), .table(let b)):
      b.reasonUnread ?? "it differs in \(a.parts(unlike: b).joined(separator: ", "))"
    case (.passage(let a), .passage(let b)): fields(a, b)
    case (.dropIn(let a), .dropIn(let b)): fields(a, b)
    case (.zone(let a), .zone(let b)): fields(a, b)
    case (.bridgeAccess(let a), .bridgeAccess(let b)): fields(a, b)
    case (.reservation(let a), .reservation(let b)): fields(a, b)
    case (.service(let a), .service(let b)): fields(a, b)
    default: "it is of another kind"
    }
  }

  /// How long something lasts that expires is for whoever renews it, an advertisement at any moment.
  fileprivate mutating func takeLifetime(from seen: Object) {
    switch (self, seen) {
    case (.address(var new), .address(let seen))
    where new.lifetime?.expires == true && seen.lifetime?.expires == true:
      new.lifetime = seen.lifetime
      self = .address(new)
    case (.route(var new), .route(let seen))
    where new.lifetime?.expires == true && seen.lifetime?.expires == true:
      new.lifetime = seen.lifetime
      self = .route(new)
    default: break
    }
  }

  /// Its absence proves nothing.
  fileprivate var isTransient: Bool {
    switch self {
    case .address(let address): address.lifetime?.expires == true
    case .route(let route): route.lifetime?.expires == true
    // Looked at only where it can matter: a link's settings are not, once it is a port.
    case .sysctl: true
    default: false
    }
  }
}
