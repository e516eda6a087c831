// How changes of routes that are alike become steps: all of them together, in the order that leaves the list as it is to
// be.

extension Footing {
  /// By the first of each list, the places in `changes` of what changes in it; lists of one are no lists.
  static func alike(in changes: [Change]) -> [RouteID: [Int]] {
    var lists: [RouteID: [Int]] = [:]
    var several: Set<RouteID> = []
    for (index, change) in changes.enumerated() {
      guard let route = (change.after ?? change.before)!.route else { continue }
      lists[route.id.first, default: []].append(index)
      if route.id.ordinal > 0 { several.insert(route.id.first) }
    }
    return lists.filter { several.contains($0.key) }
  }

  /// The steps, each with the place of its change.
  func steps(ofAlike places: [Int], in changes: [Change]) -> [(Stage, Int, Change)] {
    let (before, after) = (AlikeList(places, changes, \.before), AlikeList(places, changes, \.after))
    let isLate = places.contains { index in
      let change = changes[index]
      return change.action == .replace && (change.id.ordinal == 0 || isTaken(change))
        || change.after != nil && self.stage(of: change) == .confirm
    }
    if !isLate { return before.steps(to: after, at: .flip) }
    // What the kernel would take along with an address goes first, and comes when that is back.
    var remaining = before
    remaining.routes.removeAll { route in
      route.preferredSource != nil || route.links.contains(where: unsettled.contains)
    }
    return before.steps(to: remaining, at: .retire) + remaining.steps(to: after, at: .confirm)
  }

  /// It goes with an address of a link, and comes back there.
  private func isTaken(_ change: Change) -> Bool {
    guard let before = change.before?.route, let after = change.after?.route else { return false }
    return before.links.contains { unsettled.contains($0) && after.links.contains($0) }
  }
}

private struct AlikeList {
  var routes: [Route] = []
  private let places: [Int]
  private let changes: [Change]

  /// What is in no change stays where it is, and something stands for it here.
  init(_ places: [Int], _ changes: [Change], _ side: KeyPath<Change, Object?>) {
    self.places = places
    self.changes = changes
    let last = places.map { changes[$0].id.ordinal }.max()!
    for ordinal in 0...last {
      guard let index = places.first(where: { changes[$0].id.ordinal == ordinal }) else {
        var stranger = Route(id: changes[places[0]].id.route!.first, kind: .unspecified, nexthops: [])
        stranger.foreign = [UInt16(ordinal)]
        routes.append(stranger)
        continue
      }
      if let route = changes[index][keyPath: side]?.route { routes.append(route) }
    }
  }

  func steps(to after: AlikeList, at stage: Stage) -> [(Stage, Int, Change)] {
    var isEmpty = routes.isEmpty
    return AlikeRoutes(routes, becoming: after.routes).steps.map { step in
      switch step {
      case .replace(let old, let new):
        return (stage, place(of: new, \.after), Change(before: .route(old), after: .route(new)))
      case .remove(let old):
        return (stage, place(of: old, \.before), Change(before: .route(old), after: nil))
      case .append(var new):
        let place = place(of: new, \.after)
        // Behind others, wherever those go then.
        if !isEmpty { new.id.ordinal = max(1, changes[place].after!.route!.id.ordinal) }
        isEmpty = false
        return (stage, place, Change(before: nil, after: .route(new)))
      }
    }
  }

  private func place(of route: Route, _ side: KeyPath<Change, Object?>) -> Int {
    places.first { changes[$0][keyPath: side]?.route?.unnumbered == route }!
  }
}

extension ObjectID {
  fileprivate var route: RouteID? { if case .route(let id) = self { id } else { nil } }
  fileprivate var ordinal: Int { route?.ordinal ?? 0 }
}
