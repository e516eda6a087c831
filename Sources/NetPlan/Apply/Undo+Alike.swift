extension Target {
  /// Routes that only their order tells apart are what they are, whatever places they have by now: where the kernel took
  /// one along, those behind it have moved up. So the list is made anew: what nobody planned to change in its order,
  /// and what was there before at the places that it had.
  mutating func putBackAlike(_ changes: [Change], _ names: [LinkName: LinkName], _ seen: State) {
    var before: [RouteID: [Route]] = [:]
    var planned: [RouteID: [Route]] = [:]
    for change in changes {
      for object in [change.before, change.after] {
        guard let route = object?.renamed(names).route, route.id.advertisement == nil else { continue }
        planned[route.id.first, default: []].append(route.itself)
      }
      if let route = change.before?.renamed(names).route, route.id.advertisement == nil {
        before[route.id.first, default: []].append(route)
      }
    }
    for (key, known) in planned {
      let there = seen.routes.filter { $0.id.first == key && $0.id.advertisement == nil }
        .sorted { $0.id.ordinal < $1.id.ordinal }
      let former = before[key, default: []].sorted { $0.id.ordinal < $1.id.ordinal }
      guard there.count > 1 || former.contains(where: { $0.id.ordinal > 0 }) else { continue }
      var list = there.filter { !known.contains($0.itself) }
      for route in former { list.insert(route, at: min(route.id.ordinal, list.count)) }
      for place in list.indices {
        list[place].id.ordinal = place
        unwanted.remove(.route(list[place].id))
        want(.route(list[place]), because: "undo")
      }
      for route in there.dropFirst(list.count) {
        wanted[.route(route.id)] = nil
        drop(.route(route.id), because: "undo")
      }
    }
  }
}

extension Route {
  /// Without its place and its time.
  fileprivate var itself: Route {
    var route = unnumbered
    route.lifetime = nil
    return route
  }
}
