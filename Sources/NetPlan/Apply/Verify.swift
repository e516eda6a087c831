/// What of a plan the host does not show, after all steps before the commit.
func verify(_ plan: Plan, _ batches: [Batch], before: State, now: State) -> [HostError] {
  var pending = Array(repeating: false, count: plan.changes.count)
  for batch in batches where batch.stage.isDeferred {
    for step in batch.steps { pending[step.index] = true }
  }
  var errors: [HostError] = []
  var touched: Set<LinkName> = []
  var planned: Set<ObjectID> = []
  for (index, change) in plan.changes.enumerated() {
    planned.insert(change.id)
    if case .link(let old)? = change.before {
      planned.insert(change.before!.id)
      if !pending[index] { touched.insert(old.name) }
    }
    guard !pending[index] else { continue }
    let seen = now[change.id]
    if let after = change.after {
      guard let seen else {
        errors.append(.unmet(change.id, "it is not there"))
        continue
      }
      if after.completed(from: seen) != seen {
        errors.append(.unmet(change.id, after.difference(from: seen)))
      }
    } else if seen != nil {
      errors.append(.unmet(change.id, "it is still there"))
    }
  }
  // What stands on a link that changed must stand there still: the kernel drops more than it says.
  for (id, object) in before.objects where !planned.contains(id) {
    if !object.links.isEmpty, object.links.contains(where: touched.contains), now[id] == nil,
      !object.isTransient
    {
      errors.append(.unmet(id, "it went away, and nobody asked for that"))
    }
  }
  return errors.sorted { $0.operation < $1.operation }
}

extension HostError {
  fileprivate static func unmet(_ id: ObjectID, _ what: String) -> HostError {
    HostError(operation: "verify \(id)", errno: 0, message: what)
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
    case (.address(let a), .address(let b)): fields(a, b)
    case (.route(let a), .route(let b)): fields(a, b)
    case (.rule(let a), .rule(let b)): fields(a, b)
    case (.neighbour(let a), .neighbour(let b)): fields(a, b)
    case (.sysctl(let a), .sysctl(let b)): fields(a, b)
    case (.former(let a), .former(let b)): fields(a, b)
    default: "it is of another kind"
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
