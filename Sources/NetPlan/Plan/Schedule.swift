/// Puts changes in order: each is split into steps, the steps are sorted by stage and identity and cut into batches.
///
/// The sort is a topological one because every dependency between kinds of steps points from a later `Stage` to an
/// earlier one, and within a stage no step needs another.
package func schedule(_ changes: [Change]) -> [Batch] {
  let footing = Footing(changes)
  var byStage: [[Step]] = Array(repeating: [], count: Stage.allCases.count)
  let alike = Footing.alike(in: changes)
  for places in alike.sorted(by: { $0.key < $1.key }).map(\.value) {
    for (stage, index, step) in footing.steps(ofAlike: places, in: changes) {
      let cascades = footing.cascades(step, in: stage)
      byStage[stage.rawValue].append(Step(index: index, change: step, cascades: cascades))
    }
  }
  let together = Set(alike.values.joined())
  for (index, change) in changes.enumerated() where !together.contains(index) {
    for (stage, step) in footing.steps(of: change) {
      let cascades = footing.cascades(step, in: stage)
      byStage[stage.rawValue].append(Step(index: index, change: step, cascades: cascades))
    }
  }
  let batches = zip(Stage.allCases, byStage).compactMap { stage, steps in
    steps.isEmpty ? nil : Batch(stage: stage, steps: arranged(steps, in: stage))
  }
  return makingTablesBesideLinks(batches)
}

/// Tables that are all there is to do before links come to be are made at the same time: those links are down, so that
/// nothing passes them yet.
private func makingTablesBesideLinks(_ batches: [Batch]) -> [Batch] {
  guard let place = batches.firstIndex(where: { $0.stage == .filter }), place + 1 < batches.endIndex,
    batches[place + 1].stage == .create, batches[place].steps.allSatisfy({ $0.change.id.isTable })
  else { return batches }
  var joined = batches
  joined[place + 1].steps = batches[place].steps + batches[place + 1].steps
  joined.remove(at: place)
  return joined
}

private func arranged(_ steps: [Step], in stage: Stage) -> [Step] {
  switch stage {
  case .prepare, .forward: allFirst(steps)
  case .addresses, .confirm: inDumpOrder(steps)
  case .retire, .release: dependentsFirst(steps)
  case .nexthops: membersFirst(steps)
  case .flip: withoutGap(steps)
  case .rearrange: bridgesLast(steps)
  case .serve: stopsFirst(steps)
  default: steps
  }
}

/// Hardware that joins a bridge does so before the routes follow it. Hardware that leaves one leaves when the routes have
/// left, and before the addresses do: by then it has those addresses itself.
private func withoutGap(_ steps: [Step]) -> [Step] {
  func rank(_ step: Step) -> Int {
    switch step.change.id {
    case .link: step.change.after?.link?.master == Link.Master.none ? 2 : 0
    case .address: 3
    default: 1
    }
  }
  func ranked(_ wanted: Int) -> [Step] { steps.filter { rank($0) == wanted } }
  return ranked(0) + directFirst(ranked(1)) + ranked(2) + dependentsFirst(ranked(3))
}

/// A bridge that nobody has told its MTU follows its ports (`br_mtu_auto_adjust`, net/bridge/br_if.c), and to be told what it
/// has is not to be told (`dev_set_mtu_ext`).
private func bridgesLast(_ steps: [Step]) -> [Step] {
  func isBridge(_ step: Step) -> Bool { step.change.after?.link?.kind == .bridge }
  return steps.filter { !isBridge($0) } + steps.filter(isBridge)
}

/// Routes to what is on a link itself, then nexthop objects, before routes by gateways there and by such objects. Those that
/// are alike have an order of their own.
private func directFirst(_ steps: [Step], then nexthops: [Step] = []) -> [Step] {
  let routes = Dictionary(grouping: steps.compactMap(\.change.after?.route), by: \.id.first)
  func isDirect(_ step: Step) -> Bool {
    guard let route = step.change.after?.route, routes[route.id.first]?.count == 1 else { return false }
    return route.nexthops.allSatisfy { $0.gateway == nil && $0.id == nil }
  }
  return steps.filter(isDirect) + nexthops + steps.filter { !isDirect($0) }
}

/// The setting of all interfaces before those of each, which it changes.
private func allFirst(_ steps: [Step]) -> [Step] {
  let isOfAll = { (step: Step) in step.change.id == .sysctl(.ipv6ForwardingOfAll) }
  return steps.filter(isOfAll) + steps.filter { !isOfAll($0) }
}

/// What stops makes room for what starts.
private func stopsFirst(_ steps: [Step]) -> [Step] {
  let stops = { (step: Step) in step.change.after?.service?.state == .stopped }
  return steps.filter(stops) + steps.filter { !stops($0) }
}

/// A group names nexthop objects that are there.
private func membersFirst(_ steps: [Step]) -> [Step] {
  let isGroup = { (step: Step) in step.change.after?.nexthop?.group.isEmpty == false }
  return steps.filter { !isGroup($0) } + steps.filter(isGroup)
}

/// Source selection follows the order in which a link has its addresses. A new IPv4 address goes behind those that are
/// there (`inet_insert_ifa`, net/ipv4/devinet.c), a new IPv6 address before them (`ipv6_link_dev_addr`,
/// net/ipv6/addrconf.c). What was nowhere before comes last in both.
private func inDumpOrder(_ steps: [Step]) -> [Step] {
  func rank(_ step: Step) -> (UInt8, Int) {
    let address = step.change.after!.address!
    let isIPv4 = address.local.family == .ipv4
    guard let order = address.order else { return (isIPv4 ? 1 : 2, isIPv4 ? .max : .min) }
    return isIPv4 ? (1, order) : (2, -order)
  }
  let isAddress = { (step: Step) in step.change.after?.address != nil }
  let isNexthop = { (step: Step) in step.change.after?.nexthop != nil }
  return steps.filter(isAddress).sorted { rank($0) < rank($1) }
    + directFirst(
      steps.filter { !isAddress($0) && !isNexthop($0) }, then: membersFirst(steps.filter(isNexthop)))
}

/// The kernel drops what hangs on an object together with it, and a request to remove it then fails: IPv6 addresses of
/// a link that goes down, routes by a link that loses its last IPv4 address or with a source that goes, secondary
/// addresses of a primary.
private func dependentsFirst(_ steps: [Step]) -> [Step] {
  let isSecondary = { (step: Step) in step.change.before?.address?.secondary == true }
  let reversed = steps.sorted { $1.change.id < $0.change.id }
  let addresses = reversed.firstIndex { $0.change.before?.address != nil } ?? reversed.endIndex
  return reversed[..<addresses] + reversed[addresses...].filter(isSecondary)
    + reversed[addresses...].filter { !isSecondary($0) }
}
