extension Plan {
  /// Marks the risks that somebody accepted, by a flag or in the file.
  package mutating func accept(from topology: Topology, and flags: [RiskAcceptance]) {
    for index in risks.indices where risks[index].refusable {
      let risk = risks[index]
      if flags.contains(where: { $0.covers(risk) }) {
        risks[index].accepted = "--allow"
      } else if topology.allow.contains(where: { $0.covers(risk) }) {
        risks[index].accepted = "allow"
      } else if let scope = acceptingScope(of: risk, in: topology) {
        risks[index].accepted = "\(scope).allow"
      }
    }
  }

  private func acceptingScope(of risk: Risk, in topology: Topology) -> String? {
    let reason = reasons.first { $0.key.description == risk.object }?.value ?? ""
    for network in topology.networks where network.allow.contains(where: { $0.covers(risk) }) {
      let path = "networks.\(network.name)"
      if reason == path || reason.hasPrefix(path + ".") { return path }
    }
    for vm in topology.vms {
      let path = "vms.\(vm.name)"
      guard reason == path || reason.hasPrefix(path + ".") else { continue }
      if vm.allow.contains(where: { $0.covers(risk) }) { return path }
      for nic in vm.nics where nic.allow.contains(where: { $0.covers(risk) }) {
        if reason == "\(path).nics.\(nic.name)" { return reason }
      }
    }
    return nil
  }

  /// TAPs whose holders a person should be told.
  package var heldTAPs: Set<LinkName> {
    var names: Set<LinkName> = []
    for risk in risks where risk.name == "in-use" && risk.object.hasPrefix("link/") {
      if let name = LinkName(risk.object.dropFirst(5)) { names.insert(name) }
    }
    return names
  }

  package mutating func name(holders: [LinkName: [Holder]]) {
    for index in risks.indices where risks[index].name == "in-use" {
      guard let name = LinkName(risks[index].object.dropFirst(5)), let list = holders[name], !list.isEmpty
      else { continue }
      let who = list.map { "\($0.name) (pid \($0.pid))" }.joined(separator: ", ")
      risks[index].detail = risks[index].detail.replacing("a process holds it", with: "held by \(who)")
    }
  }

  /// Hardware that joins a bridge by this plan.
  package var joiningUplinks: Set<LinkName> {
    var names: Set<LinkName> = []
    for change in changes {
      guard let before = change.before?.link, let after = change.after?.link, !before.isForVM,
        before.master != after.master, after.master?.name != nil
      else { continue }
      names.insert(before.name)
    }
    return names
  }

  /// Rules of others that name an uplink stop matching when its traffic comes in by the bridge.
  package mutating func warn(ofRules rules: [LinkName: [String]]) {
    for (uplink, places) in rules.sorted(by: { $0.key < $1.key }) {
      let object = ObjectID.link(uplink).description
      risks.append(
        Risk(
          "firewall-by-interface", object: object,
          "rules of others name '\(uplink)' and would stop matching: \(places.joined(separator: ", "))",
          remedy: "let them name the bridge as well, then accept"))
    }
    risks.sort { ($0.name, $0.object) < ($1.name, $1.object) }
  }

  package var refused: [Risk] { risks.filter { $0.refusable && $0.accepted == nil } }

  /// It changes nothing but processes, which everybody may have.
  package var isOfServices: Bool { changes.allSatisfy(\.id.isService) }
}

extension RiskAcceptance {
  func covers(_ other: Risk) -> Bool {
    guard risk == other.name else { return false }
    guard let object else { return true }
    return object == other.object || "link/\(object)" == other.object
  }
}
