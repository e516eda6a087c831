/// Whom a plan cuts off from the host: judged by the ways that the host has before and after it, whatever leads from the one
/// to the other.
package struct LockOut {
  private let changes: [Change]
  private let before: Ways
  private let after: Ways

  /// nil for a plan that leaves the host's own addresses and ways alone.
  package init?(_ plan: Plan, on state: State) {
    guard plan.changes.contains(where: \.concernsHost) else { return nil }
    changes = plan.changes
    before = Ways(state)
    after = Ways(state.after(changes))
  }

  /// Something that leads elsewhere, and ends.
  package struct Cut {
    /// By which it comes now.
    var link: LinkName
    /// The change that ends it.
    var object: ObjectID
    package var reason: String
  }

  /// nil where what goes between the two goes on; of `local` nothing may be known.
  package func cut(from local: IPAddress? = nil, to remote: IPAddress) -> Cut? {
    // Who talks to itself needs no way.
    if !before.links(of: remote).isEmpty { return nil }
    let links = before.links(to: remote)
    let wires = before.wires(of: links)
    if let local, case let homes = before.links(of: local), let home = homes.min() {
      let lines = before.wires(of: homes)
      let name = lines.map(\.link).min() ?? home
      let later = after.links(of: local)
      if later.isEmpty {
        return Cut(link: name, object: address(local, home), reason: "\(local) is no longer the host's")
      }
      // By another than the address is on, it may come in by either: then the way back is all that is known.
      let comesThere = wires.isEmpty || !lines.isDisjoint(with: wires)
      if comesThere, !lines.isEmpty, after.wires(of: later).isDisjoint(with: lines) {
        return Cut(link: name, object: address(local, home), reason: "\(local) is no longer on it")
      }
    }
    guard let first = wires.map(\.link).min() else { return nil }
    let later = after.links(to: remote)
    if !after.wires(of: later).isDisjoint(with: wires) { return nil }
    let reason = later.min().map { "what the host sends to \(remote) leaves by '\($0)' then" }
    return Cut(link: first, object: way(links, later), reason: reason ?? "no way to \(remote) is left")
  }

  private func address(_ local: IPAddress, _ home: LinkName) -> ObjectID {
    changes.first { $0.before?.address?.local.address == local }?.id ?? way([home], [])
  }

  /// What of the ways goes or comes; else the link itself.
  private func way(_ old: [LinkName], _ new: [LinkName]) -> ObjectID {
    let links = Set(old + new)
    let change = changes.first { change in
      [change.before, change.after].contains { object in
        object?.route != nil && object?.links.contains(where: links.contains) == true
      }
    }
    return change?.id ?? .link((old + new).min() ?? .default)
  }
}

extension Change {
  /// It may change by which way the host is reached.
  fileprivate var concernsHost: Bool {
    switch id {
    case .route: true
    case .link: before?.link.map { !$0.isForVM && after?.link.map($0.leadsElsewhere(as:)) ?? true } ?? false
    case .address, .nexthop, .function: before != nil
    default: false
    }
  }
}

extension Link {
  /// What comes by it, and where it goes, may be another as `other`.
  fileprivate func leadsElsewhere(as other: Link) -> Bool {
    let other = other.completed(from: self)
    return name != other.name || up != other.up || master != other.master || !isWith(other)
      || bridge.vlanFiltering != other.bridge.vlanFiltering || vlans != other.vlans || vlan != other.vlan
  }
}

extension Plan {
  /// Logins from elsewhere and file systems that are elsewhere, as far as the plan ends them: anew, but for what was accepted.
  package mutating func warn(of sessions: [RemoteSession], _ mounts: [RemoteMount], _ lockOut: LockOut) {
    let former = risks.filter { ["ssh-session", "net-root"].contains($0.name) }
    risks.removeAll(where: former.contains)
    let logins = sessions.compactMap { session in
      lockOut.cut(from: session.local, to: session.remote).map { (cut: $0, lifeline: session) }
    }
    for (cut, session, others) in logins.byCut() {
      risks.append(
        Risk(
          "ssh-session", object: cut.object.description,
          "the SSH session from \(session.remote)\(others) comes in by '\(cut.link)', and would end: \(cut.reason)",
          remedy:
            "log in by another NIC, or at the console; with '--confirm-within 60s' the way comes back by itself"
        ))
    }
    // The root of the host first.
    let lost = mounts.sorted { ($0.place == "/" ? 0 : 1) < ($1.place == "/" ? 0 : 1) }.compactMap { mount in
      lockOut.cut(to: mount.server).map { (cut: $0, lifeline: mount) }
    }
    for (cut, mount, others) in lost.byCut() {
      risks.append(
        Risk(
          "net-root", object: cut.object.description,
          "the file system on \(mount.place) (\(mount.kind)) comes from \(mount.server) by '\(cut.link)'\(others): processes that use it would hang",
          remedy: mount.place == "/" ? nil : "umount \(mount.place)"))
    }
    for index in risks.indices where risks[index].accepted == nil {
      let same = former.first { ($0.name, $0.object) == (risks[index].name, risks[index].object) }
      risks[index].accepted = same?.accepted
    }
    risks.sort { ($0.name, $0.object) < ($1.name, $1.object) }
  }
}

extension Array {
  /// Those that one change cuts off are one risk: the first of them, and how many more.
  fileprivate func byCut<Lifeline>() -> [(cut: LockOut.Cut, lifeline: Lifeline, others: String)]
  where Element == (cut: LockOut.Cut, lifeline: Lifeline) {
    Dictionary(grouping: self) { $0.cut.object }.values.map { list in
      (list[0].cut, list[0].lifeline, list.count > 1 ? ", and \(list.count - 1) more" : "")
    }
  }
}
