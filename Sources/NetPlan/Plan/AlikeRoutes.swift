/// Routes that only their order tells apart (`ip route append`), and how one list of them becomes another.
///
/// The kernel replaces the first of them whichever was meant, and adds one behind the others (`fib_table_insert`,
/// net/ipv4/fib_trie.c; `fib6_add_rt2node`, net/ipv6/ip6_fib.c). So what is not in its place goes and comes again, and
/// one of them is there at every instant.
package struct AlikeRoutes {
  package enum Step: Equatable {
    /// The first one takes the place of the first one.
    case replace(Route, Route)
    case append(Route)
    case remove(Route)
  }

  package private(set) var steps: [Step] = []
  /// As the kernel has them after the steps.
  private var list: [Route]

  /// Ordinals say nothing here: the order in the lists does.
  package init(_ before: [Route], becoming after: [Route]) {
    list = before.map(\.unnumbered)
    let after = after.map(\.unnumbered)
    settleFirst(after.first)
    let kept = zip(list, after).prefix { $0 == $1 }.count
    let (rest, wanted) = (Array(list[kept...]), Array(after[kept...]))
    // Those that only move up stay.
    let staying = rest.filter(wanted.contains)
    let inOrder = zip(staying, wanted).prefix { $0 == $1 }.count
    for route in wanted[inOrder...] {
      if rest.contains(route) { steps.append(.remove(route)) }
      steps.append(.append(route))
    }
    for route in rest where !wanted.contains(route) { steps.append(.remove(route)) }
    list = after
  }

  /// The first one is never taken away before another one is there.
  private mutating func settleFirst(_ wanted: Route?) {
    guard let first = list.first, let wanted, wanted != first else { return }
    if !list.contains(wanted) {
      if wanted.canReplace(first) {
        steps.append(.replace(first, wanted))
        list[0] = wanted
        return
      }
      steps.append(.append(wanted))
      list.append(wanted)
    }
    let place = list.firstIndex(of: wanted)!
    steps += list[..<place].map(Step.remove)
    list.removeFirst(place)
  }
}

extension Route {
  /// Whatever its place among those that are alike.
  var unnumbered: Route {
    var route = self
    route.id.ordinal = 0
    return route
  }

  /// Whether NLM_F_REPLACE of an IPv6 route finds the first: it looks for one with a gateway, of which there is but one,
  /// or for one without, and then advertised ones are among them (`rt6_qualify_for_ecmp`, include/net/ip6_route.h).
  fileprivate func canReplace(_ first: Route) -> Bool {
    let isPath = { (route: Route) in route.nexthopID == nil && route.nexthops.contains { $0.gateway != nil } }
    return id.family == .ipv4 || isPath(self) && isPath(first)
  }
}

// MARK: Changes

/// The changes of routes that are alike, by the place that each has among them: where one goes, those behind it move up;
/// and those that have to go for a moment, for the order, are changes too.
func arrangeAlike(_ changes: inout [Change], _ present: State) {
  let keys = Set(changes.compactMap { ($0.after ?? $0.before)?.route?.id.first })
  if keys.isEmpty { return }
  let lists = Dictionary(
    grouping: present.routes.filter { keys.contains($0.id.first) && $0.isOrdered }, by: \.id.first)
  var wanted: [RouteID: [Route]] = [:]
  var gone: Set<RouteID> = []
  for change in changes {
    if let route = change.after?.route { wanted[route.id.first, default: []].append(route) }
    if let route = change.before?.route { gone.insert(route.id) }
  }
  for key in keys {
    let before = lists[key, default: []].sorted { $0.id.ordinal < $1.id.ordinal }
    let staying = before.filter { !gone.contains($0.id) }
    var after = (staying + wanted[key, default: []]).sorted { $0.id.ordinal < $1.id.ordinal }
    if before.count < 2, after.count < 2 { continue }
    for place in after.indices { after[place].id.ordinal = place }
    let late = Set(
      changes.compactMap { $0.action == .replace ? $0.before?.route?.id : nil }.filter { $0.first == key })
    changes.removeAll { change in
      (change.after ?? change.before)?.route.map { $0.id.first == key && $0.isOrdered } ?? false
    }
    changes += AlikeRoutes.changes(before, after, late)
  }
}

extension AlikeRoutes {
  fileprivate static func changes(_ before: [Route], _ after: [Route], _ late: Set<RouteID>) -> [Change] {
    let steps = AlikeRoutes(before, becoming: after).steps
    let again = steps.compactMap { step in if case .append(let route) = step { route } else { nil } }
    return (0..<max(before.count, after.count)).compactMap { place in
      let (old, new) = (
        place < before.count ? before[place] : nil, place < after.count ? after[place] : nil
      )
      // Where the kernel takes one along with an address, all of them are in the plan: it says so by the first.
      let isPutBack = !late.isEmpty || new.map { again.contains($0.unnumbered) } ?? false
      if let old, let new, old == new.completed(from: old), !isPutBack { return nil }
      return Change(before: old.map(Object.route), after: new.map(Object.route))
    }
  }
}

extension Route {
  /// It has a place among those that are alike.
  fileprivate var isOrdered: Bool { id.advertisement == nil }
}
