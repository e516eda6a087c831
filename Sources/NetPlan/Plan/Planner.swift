/// Plans a topology on a host. Pure: what it cannot know, the holders of TAPs, is added by `Plan.name(holders:)`.
package struct Planner {
  package let topology: Topology
  package let host: Observation
  /// What the topology comes to on this host.
  package let target: Target
  /// `VM` or `VM/NIC`: changes of nothing else.
  package var only: [String] = []
  /// The NICs that the parts to be removed are, where a file says so.
  package var leaving: [NIC] = []
  /// Given on the command line.
  package var allow: [RiskAcceptance] = []
  /// Removal is asked for, so that much goes is no surprise.
  package var isRemoval = false

  package init(topology: Topology, host: Observation) {
    self.topology = topology
    self.host = host
    target = NetPlan.target(of: topology, on: host)
  }

  package func plan() -> (plan: Plan, obstacles: [Obstacle]) {
    var changes = difference(from: host.state, to: target)
    var obstacles = target.obstacles
    if !only.isEmpty { changes = selected(changes, target, &obstacles) }
    obstacles += losses(changes, target)
    var plan = Plan(name: topology.name, changes: changes, reasons: target.reasons)
    plan.accounts = AccountNames(host.facts)
    plan.risks = target.risks.filter { risk in
      changes.contains { $0.id.description == risk.object } || !risk.refusable
    }
    plan.risks += risks(of: changes, target)
    if !only.isEmpty {
      plan.risks.removeAll { risk in !changes.contains { $0.id.description == risk.object } }
    }
    let switches = host.state.switches
    for change in changes {
      let words = interruptions(of: change, switches) + (target.interruptions[change.id] ?? [])
      if !words.isEmpty { plan.interruptions[change.id] = words }
    }
    plan.accept(from: topology, and: allow)
    plan.risks.sort { ($0.name, $0.object, $0.detail) < ($1.name, $1.object, $1.detail) }
    return (plan, obstacles.distinct)
  }

  // MARK: What cannot be put back

  /// Routes and nexthop objects with attributes that no change here carries: made anew they would be others, and so
  /// after an undo. What goes with its link for good is not made anew.
  private func losses(_ changes: [Change], _ target: Target) -> [Obstacle] {
    let doomed = Set(changes.compactMap { $0.action == .delete ? $0.before?.link?.name : nil })
    return changes.compactMap { change in
      guard let object = change.before ?? change.after, let loss = object.loss else { return nil }
      if change.action == .delete, object.links.contains(where: doomed.contains) { return nil }
      return Obstacle(
        .lacking, at: nil, path: target.reasons[change.id] ?? "",
        "the \(loss.object) uses \(loss.part), which cannot be moved",
        hint: "replace it by an ordinary one, or take it away and add it again afterwards")
    }
  }

  // MARK: Risks

  private func risks(of changes: [Change], _ target: Target) -> [Risk] {
    var risks: [Risk] = []
    let doomed = changes.compactMap { $0.action == .delete ? $0.before?.link : nil }.filter {
      $0.owner != nil
    }
    let remade = changes.compactMap { $0.action == .replace ? $0.before?.link?.name : nil }
    for (link, load) in foreignLoad(on: Set(doomed.map(\.name)), Set(remade), target) {
      risks.append(
        Risk(
          "in-use", object: ObjectID.link(link).description,
          "it would go with what others have put on it: \(load.sorted().joined(separator: ", "))"))
    }
    let gone = doomed.count { $0.isForVM }
    let switches = host.state.switches
    for change in changes {
      if let service = change.before?.service, service.inUse == true,
        change.action == .replace || change.after?.service.map({ $0.needsRestart(after: service) }) ?? true
      {
        let end = change.after == nil ? "end" : "end and be started anew"
        risks.append(
          Risk("in-use", object: change.id.description, "a VM is connected to it, and it would \(end)"))
      }
      guard let link = change.before?.link else { continue }
      // What is plugged into its switch has been said of that.
      guard link.isHeld, switches[link.name] == nil else { continue }
      let what: String
      switch change.action {
      case .delete: what = "would be deleted"
      case .replace: what = "would be deleted and made anew"
      case .change, .create: continue
      }
      risks.append(
        Risk("in-use", object: ObjectID.link(link.name).description, "a process holds it, and it \(what)"))
    }
    for change in changes { risks += change.heldInside }
    let had = host.state.links.count { $0.isForVM && $0.owner.map { $0 == topology.name } ?? false }
    if !isRemoval, gone > 0, gone * 2 > had {
      risks.append(
        Risk(
          "prune-many", object: topology.name,
          "\(gone) of the \(had) NICs that '\(topology.name)' has would go",
          remedy: "'remove' takes everything away on purpose"))
    }
    return risks
  }

  /// What others have put on links of ours that are to go, by link; an uplink that is given back leaves by itself. Of what
  /// is on links that are made anew only other links do not come back.
  private func foreignLoad(
    on doomed: Set<LinkName>, _ remade: Set<LinkName>, _ target: Target
  ) -> [LinkName: [String]] {
    var load: [LinkName: [String]] = [:]
    if doomed.isEmpty, remade.isEmpty { return load }
    for other in host.state.links where other.owner.map({ $0 != topology.name }) ?? true {
      if let master = other.master?.name, doomed.contains(master),
        target.wanted.link(other.name)?.master == nil
      {
        load[master, default: []].append("port \(other.name)")
      }
      if let lower = other.facts?.lower, doomed.contains(lower) || remade.contains(lower) {
        load[lower, default: []].append("\(other.kind) \(other.name)")
      }
    }
    for nexthop in host.state.nexthops where target.wanted[.nexthop(nexthop.id)] == nil {
      // The routes that name it go with it.
      guard let link = nexthop.link, doomed.contains(link) else { continue }
      load[link, default: []].append("nexthop \(nexthop.summary)")
    }
    for route in host.state.routes where route.origin != Ownership.origin {
      // What hangs on a lease or an advertisement goes by itself.
      guard target.wanted[.route(route.id)] == nil, route.lifetime?.expires != true,
        // Taken off an uplink, and kept in the ledger.
        !target.unwanted.contains(.route(route.id))
      else { continue }
      for link in route.links where doomed.contains(link) {
        load[link, default: []].append("route \(route.summary)")
      }
    }
    return load
  }

  // MARK: Interruptions

  private func interruptions(of change: Change, _ switches: [LinkName: Service]) -> [String] {
    if let before = change.before?.service, let after = change.after?.service {
      guard change.action == .replace || after.needsRestart(after: before) else { return [] }
      switch before.id.program {
      case .dnsmasq: return ["its guests' DHCP and DNS: less than a second"]
      case .passt, .vde:
        return before.inUse == true ? ["its VM loses the network until it attaches again"] : []
      }
    }
    if let before = change.before?.service, change.after == nil, before.inUse == true {
      return ["its VM loses the network"]
    }
    if !change.heldInside.isEmpty { return ["its VM loses the network"] }
    guard case .link(let before)? = change.before else { return [] }
    let isPlugged = switches[before.name].map { $0.inUse == true } ?? before.isHeld
    let inUse = before.isForVM ? isPlugged : before.facts?.carrier == true
    guard case .link(let after)? = change.after else {
      return before.isForVM && inUse ? ["its VM loses the network"] : []
    }
    var words: [String] = []
    if change.action == .replace, inUse {
      words.append(
        before.isForVM
          ? "its VM loses the network until it attaches again"
          : "traffic of the host by '\(after.name)' until it is made anew")
    }
    if before.master != after.master, before.isWith(after) {
      if before.isForVM {
        if inUse { words.append("its VM changes networks: connections break") }
      } else {
        words.append("traffic of the host through '\(after.name)': a few milliseconds")
      }
    }
    if before.kind == .macvtap, change.action == .change, inUse, before.mac != after.mac {
      words.append("its VM is reached by another MAC")
    }
    if before.vlans != after.vlans, before.master == after.master, inUse {
      let lost = Set((before.vlans ?? []).map(\.id)).subtracting((after.vlans ?? []).map(\.id)).sorted()
      if before.isForVM {
        words.append("its VM changes VLANs")
      } else if !lost.isEmpty {
        words.append("VLANs that no longer pass: \(lost.map(String.init).joined(separator: " "))")
      }
    }
    return words
  }
}

extension Change {
  /// TAPs in a network namespace that processes hold, and that would go or be made anew.
  fileprivate var heldInside: [Risk] {
    guard let before = before?.netns else { return [] }
    let kept = State(after?.netns?.objects ?? [])
    return before.objects.compactMap(\.link).compactMap { tap in
      guard tap.isHeld else { return nil }
      let what: String
      if let new = kept[.link(tap.name)] {
        guard Change(before: .link(tap), after: new).action == .replace, new != .link(tap) else { return nil }
        what = "would be deleted and made anew"
      } else {
        what = "would be deleted"
      }
      return Risk("in-use", object: id.description, "a process holds its '\(tap.name)', and it \(what)")
    }
  }
}

extension Object {
  /// What of it this program does not carry, in words.
  fileprivate var loss: (object: String, part: String)? {
    switch self {
    case .route(let route):
      guard let numbers = route.foreign, !numbers.isEmpty else { return nil }
      // RTA_ENCAP_TYPE, RTA_ENCAP and RTA_FLOW of linux/rtnetlink.h
      return (
        "route \(route.summary)", words(numbers, [21: "encapsulation", 22: "encapsulation", 11: "a realm"])
      )
    case .nexthop(let nexthop):
      guard let numbers = nexthop.foreign, !numbers.isEmpty else { return nil }
      // NHA_ENCAP_TYPE, NHA_ENCAP and NHA_RES_GROUP of linux/nexthop.h
      return (
        "nexthop \(nexthop.summary)",
        words(numbers, [7: "encapsulation", 8: "encapsulation", 12: "resilient buckets"])
      )
    default: return nil
    }
  }

  private func words(_ numbers: [UInt16], _ known: [UInt16: String]) -> String {
    numbers.lazy.compactMap { known[$0] }.first ?? "kernel attributes \(numbers)"
  }
}
