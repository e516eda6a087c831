/// Puts changes in order: each is split into steps, the steps are sorted by stage and identity and cut into batches.
///
/// The sort is a topological one because every dependency between kinds of steps points from a later `Stage` to an
/// earlier one, and within a stage no step needs another.
package func schedule(_ changes: [Change]) -> [Batch] {
  let context = ScheduleContext(changes)
  var byStage: [[Step]] = Array(repeating: [], count: Stage.allCases.count)
  for (index, change) in changes.enumerated() {
    for (stage, step) in context.steps(of: change) {
      let cascades = context.cascades(step, in: stage)
      byStage[stage.rawValue].append(Step(index: index, change: step, cascades: cascades))
    }
  }
  return zip(Stage.allCases, byStage).compactMap { stage, steps in
    steps.isEmpty ? nil : Batch(stage: stage, steps: arranged(steps, in: stage))
  }
}

private func arranged(_ steps: [Step], in stage: Stage) -> [Step] {
  switch stage {
  case .addresses, .confirm: inDumpOrder(steps)
  case .retire, .release: dependentsFirst(steps)
  case .flip: withoutGap(steps)
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
  let ranked = (0...2).flatMap { wanted in steps.filter { rank($0) == wanted } }
  return ranked + dependentsFirst(steps.filter { rank($0) == 3 })
}

/// Source selection follows the order in which a link has its addresses. A new IPv4 address goes behind those that are
/// there (`inet_insert_ifa`, net/ipv4/devinet.c), a new IPv6 address before them (`ipv6_link_dev_addr`,
/// net/ipv6/addrconf.c). What was nowhere before comes last in both.
private func inDumpOrder(_ steps: [Step]) -> [Step] {
  func rank(_ step: Step) -> (UInt8, Int) {
    guard let address = step.change.after?.address else { return (3, 0) }
    let isIPv4 = address.local.family == .ipv4
    guard let order = address.order else { return (isIPv4 ? 1 : 2, isIPv4 ? .max : .min) }
    return isIPv4 ? (1, order) : (2, -order)
  }
  return steps.sorted { rank($0) < rank($1) }
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

/// What a step's place depends on besides its own change.
private struct ScheduleContext {
  /// Links of a new name, whose settings cannot be set under it before.
  var created: Set<LinkName> = []
  var removed: Set<LinkName> = []
  /// Links that are deleted and made anew.
  var replaced: Set<LinkName> = []
  /// Links that go down, and lose the IPv6 addresses they have by then.
  var lowered: Set<LinkName> = []
  /// Bridges that hardware leaves: their addresses go in the same send, so that no packet falls between.
  var released: Set<LinkName> = []
  /// Links that lose IPv4 addresses and get none: with the last one go the routes.
  var losing: Set<LinkName> = []
  /// Links that are deleted after their addresses have moved to others.
  var vacated: Set<LinkName> = []
  /// Something that goes with an address is put back, so that the address has to go before.
  var putsBack = false
  /// Links on which addresses are put back, behind those that are new.
  var reordered: [AddressFamily: Set<LinkName>] = [:]
  /// Local addresses that leave a link, and those that appear on one: in both, they move.
  var leaving: Set<IPAddress> = []
  var arriving: Set<IPAddress> = []
  /// Addresses that routes to be set name as their source.
  var sources: Set<IPAddress> = []
  /// Subnets of IPv4 addresses that leave their link: a new address of the subnet would be a secondary of the old one
  /// and go with it, so it comes after.
  var leftSubnets: Set<ObjectID> = []
  /// Those of them that get a new address.
  var isFollowed: Set<ObjectID> = []

  init(_ changes: [Change]) {
    for change in changes where change.action == .delete || change.action == .replace {
      if let address = change.before?.address, address.local.family == .ipv4 {
        leftSubnets.insert(address.subnet)
      }
    }
    var gaining: Set<LinkName> = []
    for change in changes {
      switch change.id {
      case .link(let name):
        if change.action == .create || change.before.map({ $0.id != change.id }) ?? false {
          created.insert(name)
        }
        if change.action == .delete { removed.insert(name) }
        if let before = change.before?.link, before.kind != .tap, let after = change.after?.link,
          after.master == Link.Master.none, let bridge = before.master?.name
        {
          released.insert(bridge)
        }
        if change.action == .replace { replaced.insert(name) }
        if change.before?.link?.up == true, change.after?.link?.up == false { lowered.insert(name) }
      case .address(let link, let local):
        if change.action == .create {
          arriving.insert(local.address)
          if local.family == .ipv4, !follows(change.after!.address!) { gaining.insert(link) }
        }
        if change.action == .delete {
          if change.before?.address?.origin != Ownership.origin { leaving.insert(local.address) }
          if local.family == .ipv4 { losing.insert(link) }
        }
        if change.action == .replace {
          putsBack = true
          reordered[local.family, default: []].insert(link)
        }
      case .route:
        if change.action == .replace { putsBack = true }
        if let source = change.after?.route?.preferredSource { sources.insert(source) }
      default: break
      }
    }
    losing.subtract(gaining)
    for change in changes where change.action == .create {
      if let address = change.after?.address, follows(address) { isFollowed.insert(address.subnet) }
    }
    for change in changes where change.action == .delete {
      if let address = change.before?.address, removed.contains(address.link), moves(address) {
        vacated.insert(address.link)
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
      if case .address(let address) = object, moves(address) {
        return [(released.contains(address.link) ? .flip : .retire, change)]
      }
      // With its last IPv4 address a link loses its routes.
      if case .route(let route) = object, route.links.contains(where: vacated.contains) {
        return [(.retire, change)]
      }
      return [(.remove, change)]
    }
    if let object = change.before, object.links.contains(where: replaced.contains) {
      guard let after = change.after else { return [(.free, change)] }
      let creation = Change(before: nil, after: after)
      return [(.free, Change(before: object, after: nil)), (stage(of: creation), creation)]
    }
    if let before = change.before, goesDown(before), change.after == nil || change.action == .replace {
      let fall = (Stage.flip, Change(before: before, after: nil))
      return [fall] + (change.after.map { undetected(.confirm, $0) } ?? [])
    }
    if change.action == .replace, let before = change.before, let after = change.after {
      return [(.retire, Change(before: before, after: nil))] + undetected(.confirm, after)
    }
    let stage = stage(of: change)
    if change.before == nil, case .address(let address)? = change.after,
      leaving.contains(address.local.address) || sources.contains(address.local.address)
    {
      return undetected(stage, .address(address))
    }
    return [(stage, change)]
  }

  private func follows(_ address: Address) -> Bool {
    address.local.family == .ipv4 && leftSubnets.contains(address.subnet)
  }

  /// Whether the kernel does it by itself when the object's link goes, or goes down.
  func cascades(_ step: Change, in stage: Stage) -> Bool {
    if step.id.isLink { return false }
    switch stage {
    case .free, .remove: return true
    case .flip: return step.after == nil && goesDown(step.before!)
    default: return false
    }
  }

  /// What the kernel drops when a link goes down.
  private func goesDown(_ object: Object) -> Bool {
    if lowered.isEmpty || object.links.isEmpty || !object.links.allSatisfy(lowered.contains) { return false }
    return switch object {
    case .address(let address): address.local.family == .ipv6
    case .route: true
    default: false
    }
  }

  /// Somebody's address that goes to another link; ours come anew.
  private func moves(_ address: Address) -> Bool {
    arriving.contains(address.local.address) && address.origin != Ownership.origin
  }

  private func stage(of change: Change) -> Stage {
    let object = (change.after ?? change.before)!
    switch object {
    case .link: return .configure
    case .address(let address):
      if change.after == nil {
        if moves(address), released.contains(address.link) { return .flip }
        let isFirst =
          putsBack || losing.contains(address.link) || moves(address) || isFollowed.contains(address.subnet)
        return isFirst ? .retire : .release
      }
      if change.before != nil { return .rearrange }
      let family = address.local.family
      let isLate =
        reordered[family]?.contains(address.link) ?? false || follows(address)
        || family == .ipv6 && lowered.contains(address.link)
      return isLate ? .confirm : .addresses
    case .route(let route):
      // Before the addresses, with which the kernel would drop it.
      if change.after == nil { return .retire }
      if route.id.family == .ipv4, route.links.contains(where: losing.contains) { return .confirm }
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
  /// the copy that the old one still has. It comes with `IFA_F_NODAD`, which goes once the old copy has gone. So do
  /// one that is put back, and one that a route names as its source, which must not be tentative
  /// (`ip6_route_info_create`, net/ipv6/route.c).
  private func undetected(_ stage: Stage, _ object: Object) -> [(Stage, Change)] {
    guard case .address(let address) = object, address.local.family == .ipv6,
      address.flags?.contains(.noDetection) != true
    else { return [(stage, Change(before: nil, after: object))] }
    var marked = address
    marked.flags = (address.flags ?? []).union(.noDetection)
    return [
      (stage, Change(before: nil, after: .address(marked))),
      (stage < .confirm ? .confirm : .rearrange, Change(before: .address(marked), after: object)),
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
    if link.vlans != nil { joined.vlans = link.facts?.joinVLANs }
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
    var ported = configured
    if !moves {
      ported.vlans = after.vlans
      ported.port = after.port
    }
    var raised = ported
    if after.up == true { raised.up = true }
    var flipped = raised
    flipped.master = after.master
    if after.up == false { flipped.up = false }
    if moves {
      flipped.port = Link.Port()
      flipped.vlans = after.vlans == nil ? nil : after.facts?.joinVLANs
    }
    var arranged = flipped
    arranged.port = after.port
    arranged.vlans = after.vlans
    arranged.mtu = after.mtu
    arranged.bridge = after.bridge
    return chain(
      (.free, before, named), (.configure, named, configured), (.ports, configured, ported),
      (after.kind == .bridge ? .raiseBridges : .raise, ported, raised),
      (.flip, raised, flipped),
      (.rearrange, flipped, arranged), (.release, arranged, after))
  }

  private func chain(_ parts: (Stage, Link?, Link)...) -> [(Stage, Change)] {
    parts.compactMap { stage, before, after in
      before == after ? nil : (stage, Change(before: before.map(Object.link), after: .link(after)))
    }
  }
}
