// How a change of an object is split into steps, and in which stage each has its place.

extension Footing {
  func steps(of change: Change) -> [(Stage, Change)] {
    switch (change.before, change.after) {
    case (.link(let before)?, .link(let after)?):
      if change.action == .replace { return after.replacing(before) }
      return after.moving(before) ?? steps(ofHardware: after, before) ?? after.updating(before)
    case (nil, .link(let after)?): return after.creation
    // Whoever has it open may refuse, and does so while everything can still be taken back.
    case (.link(let link)?, nil) where link.vfio != nil: return [(.release, change)]
    case (.link(let link)?, nil): return [(makesRoom(link) ? .free : .remove, change)]
    case (.table?, nil), (.passage?, nil), (.dropIn?, nil), (.zone?, nil): return [(.unfilter, change)]
    case (let before, .dropIn(let after)?): return after.steps(after: before?.dropIn, joining: joining)
    case (.zone(let before)?, .zone?):
      return [(removed.contains(before.interface) ? .unfilter : .filter, change)]
    case (let before, .netns(let after)?):
      return after.steps(after: before?.netns, without: cut[after.name] ?? [])
    case (let before, .table(let after)?) where after.id.device != nil:
      // One that is made anew takes the place of what the old device left.
      let isNew = after.id.device.map(replaced.contains) ?? false
      return [(.settings, isNew || before == nil ? Change(before: nil, after: .table(after)) : change)]
    case (nil, .table?): return [(.filter, change)]
    case (.table(let before)?, .table(let after)?): return after.replacing(before)
    case (.service(let service)?, nil): return service.removal(losesTap: losesTap(service))
    case (.service(let before)?, .service(let after)?):
      return after.steps(after: before, losesTap: losesTap(before))
    default: break
    }
    // What the kernel alone can make is kept until the outcome is decided, but where traffic would be lost on a bridge
    // without hardware.
    if change.after == nil, let route = change.before?.route, route.id.advertisement != nil,
      !goesDown(.route(route))
    {
      return [(route.links.contains(where: released.contains) ? .flip : .remove, change)]
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
    // A setting that is put back is set, beside the one with which it changes: what comes to be after that begins with it.
    if change.action == .replace, case .sysctl? = change.after { return [(stage(of: change), change)] }
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

  func stage(of change: Change) -> Stage {
    let object = (change.after ?? change.before)!
    switch object {
    case .link: return .configure
    case .netns: return .remove
    case .function:
      if change.after == nil { return .remove }
      // On its way out the driver of an interface would tell the hardware its own MAC once more.
      return change.before?.function?.interface.map(unbound.contains) ?? false ? .handOver : .divide
    case .table, .passage, .dropIn, .zone: return .filter
    case .address(let address):
      if change.after == nil {
        if moves(address), released.contains(address.link) { return .flip }
        let isFirst =
          putsBack || losing.contains(address.link) || moves(address) || isFollowed.contains(address.subnet)
        return isFirst ? .retire : .release
      }
      if change.before != nil { return .rearrange }
      return isLate(address) ? .confirm : .addresses
    case .route(let route):
      // Before the addresses, with which the kernel would drop it.
      if change.after == nil { return .retire }
      if route.id.family == .ipv4, route.links.contains(where: losing.contains) { return .confirm }
      if isLate(route) || falls(route, isNew: change.before == nil) { return .confirm }
      if change.before != nil { return .flip }
      return route.nexthops.contains { $0.gateway != nil || $0.id != nil } ? .gateways : .routes
    case .nexthop(let nexthop):
      if change.after == nil { return .retire }
      if lateNexthops.contains(nexthop.id) { return .confirm }
      return change.before == nil ? .nexthops : .flip
    case .rule: return change.after == nil ? .release : .routes
    case .neighbour(let neighbour):
      if change.after == nil { return .release }
      let isLate =
        lowered.contains(neighbour.link)
        || neighbour.address.family == .ipv4
          && (losing.contains(neighbour.link) || reordered[.ipv4]?.contains(neighbour.link) ?? false)
      return isLate ? .confirm : .routes
    case .qdisc: return change.after == nil ? .release : .settings
    case .sysctl(let sysctl):
      if sysctl.key.link.map(freed.contains) ?? false { return .unfilter }
      return stage(of: sysctl, creating: change.before == nil)
    case .former:
      guard let before = change.before?.former else { return .ledger }
      guard let after = change.after?.former else { return .forget }
      return after.users.count < before.users.count ? .forget : .ledger
    case .reservation: return change.after == nil ? .forget : .ledger
    // Given when the bridge and what guards it are there, and taken before they go.
    case .bridgeAccess, .service: return .serve
    }
  }

  private func stage(of sysctl: Sysctl, creating: Bool) -> Stage {
    switch sysctl.key.name {
    // Off before the filters go that keep others apart, on when they are there.
    case "forwarding"
    where sysctl.key == .ipv6ForwardingOfAll
      || forwardingOfAll != nil && sysctl.key.followsAll && !isNew(sysctl.key.link):
      return (forwardingOfAll ?? sysctl.value) == "0" ? .prepare : .forward
    case "forwarding", "force_forwarding", "ip_forward":
      return sysctl.value == "0" && !isNew(sysctl.key.link) ? .prepare : .open
    case "accept_ra":
      if isNew(sysctl.key.link) { return .settings }
      return sysctl.value == "2" ? .prepare : .release
    default: return .settings
    }
  }

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
}

extension Netns {
  /// Bare, furnished, and without what goes: that cannot come back, so it goes last.
  fileprivate func steps(after before: Netns?, without cut: Set<LinkName>) -> [(Stage, Change)] {
    var bare = self
    bare.objects = before?.objects ?? []
    var furnished = self
    if let gone = before?.links(beyond: self) {
      let staying = gone.filter { object in
        object.link.map { !cut.contains($0.name) } ?? !object.links.contains(where: cut.contains)
      }
      furnished.objects = (objects + staying).sorted { $0.id < $1.id }
    }
    var steps: [(Stage, Change)] = []
    var present = before
    for (stage, next) in [(Stage.enclose, bare), (.furnish, furnished), (.remove, self)] where next != present
    {
      steps.append((stage, Change(before: present.map(Object.netns), after: .netns(next))))
      present = next
    }
    return steps
  }
}

extension Footing {
  /// The TAP that it holds is deleted while everything else still goes on.
  fileprivate func losesTap(_ service: Service) -> Bool { service.tap.map(replaced.contains) ?? false }
}

extension Service {
  /// Programs that listen at ports of the host can have each other's only once all have let go, and a TAP is opened again
  /// only once it is the new one.
  fileprivate func steps(after before: Service, losesTap: Bool) -> [(Stage, Change)] {
    let isAnew = before.state != .stopped && (before == self || needsRestart(after: before))
    guard id.program.isOfNIC, isAnew else {
      return [(.serve, Change(before: .service(before), after: .service(self)))]
    }
    var stopped = before
    stopped.state = .stopped
    return [
      (Service.end(losesTap), Change(before: .service(before), after: .service(stopped))),
      (.serve, Change(before: .service(stopped), after: .service(self))),
    ]
  }

  /// A stop can be taken back by a start; the leases that it gave cannot, so they go after the decision.
  fileprivate func removal(losesTap: Bool) -> [(Stage, Change)] {
    var stopped = self
    stopped.state = .stopped
    let end = (Stage.forget, Change(before: .service(stopped), after: nil))
    return state == .stopped
      ? [end]
      : [(Service.end(losesTap), Change(before: .service(self), after: .service(stopped))), end]
  }

  /// A switch whose TAP is deleted under it complains without end.
  private static func end(_ losesTap: Bool) -> Stage { losesTap ? .prepare : .serve }
}
