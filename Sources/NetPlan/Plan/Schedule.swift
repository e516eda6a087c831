/// Puts changes in order: each is split into steps, the steps are sorted by stage and identity and cut into batches.
///
/// The sort is a topological one because every dependency between kinds of steps points from a later `Stage` to an
/// earlier one, and within a stage no step needs another.
package func schedule(_ changes: [Change]) -> [Batch] {
  let context = ScheduleContext(changes)
  var byStage: [[Step]] = Array(repeating: [], count: Stage.allCases.count)
  for (index, change) in changes.enumerated() {
    for (stage, step) in context.steps(of: change) {
      byStage[stage.rawValue].append(
        Step(index: index, change: step, cascades: stage == .remove && !step.id.isLink))
    }
  }
  byStage[Stage.addresses.rawValue].sort(by: precedesOnLink)
  return zip(Stage.allCases, byStage).compactMap { stage, steps in
    steps.isEmpty ? nil : Batch(stage: stage, steps: steps)
  }
}

/// Addresses that move keep their order, by which the kernel selects sources: an IPv4 address goes to the end of its
/// link's list, an IPv6 one to the head of those of its scope (`ipv6_link_dev_addr`, net/ipv6/addrconf.c).
private func precedesOnLink(_ a: Step, _ b: Step) -> Bool {
  guard let x = a.change.after?.address, let y = b.change.after?.address else { return a.index < b.index }
  if x.link != y.link { return x.link < y.link }
  if x.local.family != y.local.family { return x.local.family < y.local.family }
  let (i, j) = (x.order ?? .max, y.order ?? .max)
  if i != j { return x.local.family == .ipv4 ? i < j : i > j }
  return a.index < b.index
}

/// What a step's place depends on besides its own change.
private struct ScheduleContext {
  var created: Set<LinkName> = []
  var removed: Set<LinkName> = []
  /// Local addresses that leave a link, and those that appear on one: in both, they move.
  var leaving: Set<IPAddress> = []
  var arriving: Set<IPAddress> = []

  init(_ changes: [Change]) {
    for change in changes {
      switch change.id {
      case .link(let name):
        if change.action == .create { created.insert(name) }
        if change.action == .delete { removed.insert(name) }
      case .address(_, let local):
        if change.action == .create { arriving.insert(local.address) }
        if change.action == .delete { leaving.insert(local.address) }
      default: break
      }
    }
  }

  func steps(of change: Change) -> [(Stage, Change)] {
    switch (change.before, change.after) {
    case (.link(let before)?, .link(let after)?):
      return change.action == .replace ? replacement(of: before, by: after) : update(of: before, to: after)
    case (nil, .link(let after)?): return creation(of: after)
    case (.link?, nil): return [(.remove, change)]
    default: break
    }
    // What stands on a link that goes, goes with it, or has moved off it by then.
    if change.after == nil, let object = change.before, object.links.contains(where: removed.contains) {
      if case .address(let address) = object, arriving.contains(address.local.address) {
        return [(.retire, change)]
      }
      return [(.remove, change)]
    }
    if change.action == .replace, let before = change.before, let after = change.after {
      return [
        (.retire, Change(before: before, after: nil)), (.confirm, Change(before: nil, after: after)),
      ]
    }
    return [(stage(of: change), change)].flatMap { stage, change in withoutDetection(stage, change) }
  }

  private func stage(of change: Change) -> Stage {
    let object = (change.after ?? change.before)!
    switch object {
    case .link: return .configure
    case .address(let address):
      if change.after == nil { return arriving.contains(address.local.address) ? .retire : .release }
      return change.before == nil ? .addresses : .rearrange
    case .route(let route):
      if change.after == nil { return .release }
      if change.before != nil { return .flip }
      return route.nexthops.contains { $0.gateway != nil } ? .gateways : .routes
    case .rule, .neighbour: return change.after == nil ? .release : .routes
    case .sysctl(let sysctl): return stage(of: sysctl, creating: change.before == nil)
    case .former:
      guard let before = change.before?.former else { return .ledger }
      guard let after = change.after?.former else { return .forget }
      return after.users.count < before.users.count ? .forget : .ledger
    }
  }

  private func stage(of sysctl: Sysctl, creating: Bool) -> Stage {
    switch sysctl.key.name {
    case "forwarding", "force_forwarding", "ip_forward":
      return sysctl.value == "0" && !isNew(sysctl.key.link) ? .prepare : .open
    case "accept_ra":
      if isNew(sysctl.key.link) { return .settings }
      return sysctl.value == "2" ? .prepare : .release
    default: return .settings
    }
  }

  private func isNew(_ link: LinkName?) -> Bool { link.map(created.contains) ?? false }

  /// An IPv6 address that moves is no duplicate: detection would make it useless for a second, on the new link by
  /// the copy that the old one still has. It comes with `IFA_F_NODAD`, which goes once the old copy has gone.
  private func withoutDetection(_ stage: Stage, _ change: Change) -> [(Stage, Change)] {
    guard stage == .addresses, case .address(let address)? = change.after, address.local.family == .ipv6,
      leaving.contains(address.local.address), address.flags?.contains(.noDetection) != true
    else { return [(stage, change)] }
    var undetected = address
    undetected.flags = (address.flags ?? []).union(.noDetection)
    return [
      (.addresses, Change(before: nil, after: .address(undetected))),
      (.confirm, Change(before: .address(undetected), after: .address(address))),
    ]
  }

  // MARK: Links

  private func creation(of link: Link) -> [(Stage, Change)] {
    var bare = Link(name: link.name, kind: link.kind)
    bare.tap = link.tap
    bare.bridge = link.bridge
    // Filtering begins when every port has its VLANs.
    if bare.bridge.vlanFiltering == true { bare.bridge.vlanFiltering = false }
    bare.up = false
    if link.kind == .bridge {
      bare.mac = link.mac
      // A bridge follows its smallest port unless its MTU was once *changed* by hand (BROPT_MTU_SET_BY_USER,
      // net/bridge/br_device.c): so it begins with another one.
      bare.mtu = link.mtu.map { $0 - 1 }
    }
    var configured = link
    configured.up = false
    configured.master = Link.Master.none
    configured.port = Link.Port()
    configured.vlans = nil
    configured.bridge = bare.bridge
    var joined = configured
    joined.master = link.master
    // With nothing to be set between joining and coming up, one message does both: the master is set first.
    if link.kind == .tap, link.port.isolated != true, link.vlans == nil, link.master?.name != nil {
      joined.up = link.up
      joined.port = link.port
    }
    var port = joined
    port.port = link.port
    port.vlans = link.vlans
    var raised = port
    raised.up = link.up
    return chain(
      (.create, nil, bare), (.configure, bare, configured), (.join, configured, joined),
      (.ports, joined, port),
      (link.kind == .bridge ? .raiseBridges : .raise, port, raised), (.rearrange, raised, link))
  }

  private func replacement(of before: Link, by after: Link) -> [(Stage, Change)] {
    [(.free, Change(before: .link(before), after: nil))] + creation(of: after)
  }

  private func update(of before: Link, to after: Link) -> [(Stage, Change)] {
    var named = before
    named.name = after.name
    var configured = named
    configured.alias = after.alias
    configured.altnames = after.altnames
    configured.mac = after.mac
    configured.addressGeneration = after.addressGeneration
    configured.forwarding = after.forwarding
    configured.tap = after.tap
    configured.bridge = after.bridge
    if after.bridge.vlanFiltering == true { configured.bridge.vlanFiltering = before.bridge.vlanFiltering }
    // A link without a master keeps none of a port's attributes; one that changes masters starts anew.
    let moves = before.master != after.master
    let leaves = after.master == Link.Master.none && after.kind != .tap
    var ported = configured
    if !moves {
      ported.vlans = after.vlans
      ported.port = after.port
    }
    var raised = ported
    if after.up == true { raised.up = true }
    var flipped = raised
    flipped.master = after.master
    if moves {
      flipped.port = Link.Port()
      flipped.vlans = nil
    }
    var arranged = flipped
    arranged.port = after.port
    arranged.vlans = after.vlans
    arranged.mtu = after.mtu
    arranged.bridge = after.bridge
    return chain(
      (.free, before, named), (.configure, named, configured), (.ports, configured, ported),
      (after.kind == .bridge ? .raiseBridges : .raise, ported, raised),
      (leaves ? .detach : .flip, raised, flipped),
      (.rearrange, flipped, arranged), (.release, arranged, after))
  }

  private func chain(_ parts: (Stage, Link?, Link)...) -> [(Stage, Change)] {
    parts.compactMap { stage, before, after in
      before == after ? nil : (stage, Change(before: before.map(Object.link), after: .link(after)))
    }
  }
}
