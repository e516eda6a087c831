import NetPlan

extension SimulatedKernel {
  /// What is not as `other` has it, a line each; empty where both are the same host.
  func differences(from other: SimulatedKernel, leavingOut isLeftOut: (Object) -> Bool = { _ in false })
    -> [String]
  {
    let (mine, theirs) = (
      comparable.filter { !isLeftOut($0.value) }, other.comparable.filter { !isLeftOut($0.value) }
    )
    var lines: [String] = []
    if mine != theirs {
      for id in Set(mine.keys).union(theirs.keys) where mine[id] != theirs[id] {
        lines.append("\(id): \(theirs[id]?.json.text() ?? "absent") → \(mine[id]?.json.text() ?? "absent")")
      }
    }
    for name in Set(addresses.keys).union(other.addresses.keys) {
      func order(_ list: [Address]?) -> [IPInterface] {
        (list ?? []).filter { !isLeftOut(.address($0)) }.map(\.local)
      }
      let (now, then) = (order(addresses[name]), order(other.addresses[name]))
      if now != then, Set(now) == Set(then) { lines.append("order on \(name): \(then) → \(now)") }
    }
    return lines.sorted()
  }

  private var comparable: [ObjectID: Object] {
    var objects = state.objects
    for case .link(var link) in objects.values {
      link.facts = nil
      objects[.link(link.name)] = .link(link)
    }
    // All settings, observed or not.
    for (key, value) in settings { objects[.sysctl(key)] = .sysctl(Sysctl(key: key, value: value)) }
    return objects
  }
}
