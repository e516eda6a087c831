/// Plans a topology on a host. Pure: what it cannot know, the holders of TAPs, is added by `Plan.name(holders:)`.
package struct Planner {
  package var topology: Topology
  package var host: Observation
  /// `VM` or `VM/NIC`: changes of nothing else.
  package var only: [String] = []
  /// Given on the command line.
  package var allow: [RiskAcceptance] = []
  /// Removal is asked for, so that much goes is no surprise.
  package var isRemoval = false

  package init(topology: Topology, host: Observation) {
    self.topology = topology
    self.host = host
  }

  package func plan() -> (plan: Plan, obstacles: [Obstacle]) {
    let target = target(of: topology, on: host)
    var changes = difference(from: host.state, to: target)
    var obstacles = target.obstacles
    if !only.isEmpty {
      obstacles.removeAll { !isSelected($0.path) }
      changes = selected(changes, target, &obstacles)
    }
    var plan = Plan(name: topology.name, changes: changes, reasons: target.reasons)
    plan.risks = target.risks.filter { risk in
      changes.contains { $0.id.description == risk.object } || !risk.refusable
    }
    plan.risks += risks(of: changes, target)
    if !only.isEmpty {
      plan.risks.removeAll { risk in !changes.contains { $0.id.description == risk.object } }
    }
    for change in changes {
      let words = interruptions(of: change)
      if !words.isEmpty { plan.interruptions[change.id] = words }
    }
    plan.accept(from: topology, and: allow)
    plan.risks.sort { ($0.name, $0.object) < ($1.name, $1.object) }
    return (plan, obstacles)
  }

  // MARK: --only

  private func isSelected(_ path: String) -> Bool {
    only.contains { wish in
      let parts = wish.split(separator: "/", maxSplits: 1)
      let prefix = "vms.\(parts[0])" + (parts.count > 1 ? ".nics.\(parts[1])" : "")
      return path == prefix || path.hasPrefix(prefix + ".")
    }
  }

  private func selected(_ changes: [Change], _ target: Target, _ obstacles: inout [Obstacle]) -> [Change] {
    let chosen = changes.filter { isSelected(target.reasons[$0.id] ?? "") }
    let pending = Set(changes.compactMap { $0.action == .create ? $0.after?.link?.name : nil })
      .subtracting(chosen.compactMap { $0.after?.link?.name })
    for change in chosen {
      guard let master = change.after?.link?.master?.name, pending.contains(master) else { continue }
      obstacles.append(
        Obstacle(
          .lacking, at: nil, path: target.reasons[change.id] ?? "",
          "the bridge '\(master)' does not exist yet, and --only leaves it out",
          hint: "apply without --only first"))
    }
    return chosen
  }

  // MARK: Risks

  private func risks(of changes: [Change], _ target: Target) -> [Risk] {
    var risks: [Risk] = []
    let doomed = changes.compactMap { $0.action == .delete ? $0.before?.link : nil }.filter {
      $0.owner != nil
    }
    for (link, load) in foreignLoad(on: Set(doomed.map(\.name)), target) {
      risks.append(
        Risk(
          "in-use", object: ObjectID.link(link).description,
          "it would go with what others have put on it: \(load.sorted().joined(separator: ", "))"))
    }
    let gone = doomed.count { $0.kind == .tap }
    for change in changes {
      guard let link = change.before?.link else { continue }
      guard link.kind == .tap, link.facts?.carrier == true else { continue }
      let what: String
      switch change.action {
      case .delete: what = "would be deleted"
      case .replace: what = "would be deleted and made anew"
      case .change:
        guard let after = change.after?.link, after.tap != link.tap else { continue }
        what = "would have to be detached to change its owner"
      case .create: continue
      }
      risks.append(
        Risk("in-use", object: ObjectID.link(link.name).description, "a process holds it, and it \(what)"))
    }
    let had = host.state.links.count { $0.kind == .tap && $0.owner.map { $0 == topology.name } ?? false }
    if !isRemoval, gone > 0, gone * 2 > had {
      risks.append(
        Risk(
          "prune-many", object: topology.name,
          "\(gone) of the \(had) NICs that '\(topology.name)' has would go",
          remedy: "'remove' takes everything away on purpose"))
    }
    return risks
  }

  /// What others have put on links of ours that are to go, by link; an uplink that is given back leaves by itself.
  private func foreignLoad(on doomed: Set<LinkName>, _ target: Target) -> [LinkName: [String]] {
    var load: [LinkName: [String]] = [:]
    if doomed.isEmpty { return load }
    for other in host.state.links where other.owner == nil {
      if let master = other.master?.name, doomed.contains(master),
        target.wanted.link(other.name)?.master == nil
      {
        load[master, default: []].append("port \(other.name)")
      }
      if let lower = other.facts?.lower, doomed.contains(lower) {
        load[lower, default: []].append("\(other.kind) \(other.name)")
      }
    }
    for route in host.state.routes where route.origin != Ownership.origin {
      // What hangs on a lease or an advertisement goes by itself.
      guard target.wanted[.route(route.id)] == nil, route.lifetime?.expires != true else { continue }
      for link in route.links where doomed.contains(link) {
        load[link, default: []].append("route \(route.summary)")
      }
    }
    return load
  }

  // MARK: Interruptions

  private func interruptions(of change: Change) -> [String] {
    guard case .link(let before)? = change.before else { return [] }
    let inUse = before.facts?.carrier == true
    guard case .link(let after)? = change.after else {
      return before.kind == .tap && inUse ? ["its VM loses the network"] : []
    }
    var words: [String] = []
    if change.action == .replace, inUse { words.append("its VM loses the network until it attaches again") }
    if before.master != after.master {
      if before.kind == .tap {
        if inUse { words.append("its VM changes networks: connections break") }
      } else {
        words.append("traffic of the host through '\(after.name)': a few milliseconds")
      }
    }
    if before.vlans != after.vlans, before.master == after.master, inUse {
      words.append("its VM changes VLANs")
    }
    return words
  }
}
