extension Journal {
  /// Every object as it was before the transaction, as far as the transaction may have touched it.
  ///
  /// Of an object that is there, only the attributes that the transaction changed go back: what somebody else did to
  /// the others meanwhile stands.
  package func undoTarget(_ seen: State) -> Target {
    var target = Target()
    target.restoresOrder = true
    let started = begun
    let names = Dictionary(
      changes.compactMap { change -> (LinkName, LinkName)? in
        guard let old = change.before?.link?.name, let new = change.after?.link?.name, old != new else {
          return nil
        }
        return (new, old)
      }, uniquingKeysWith: { first, _ in first })
    target.renamed = names.filter { seen.link($0.key) != nil && seen.link($0.value) == nil }
    for (index, change) in changes.enumerated() {
      if let route = change.before?.renamed(names).route, route.id.advertisement != nil {
        if let after = change.after, started[index] { target.drop(after.id, because: "undo") }
        if started[index] { target.keep(route, seen) }
        continue
      }
      guard started[index] else {
        // It stays as it is, even where the way back takes along what stands below it.
        if let before = change.before, !before.id.isLink {
          target.want(before.renamed(names), because: "undo")
        }
        continue
      }
      guard let before = change.before else {
        let after = change.after!
        // A setting goes with its link only; of a port's nobody knew what it was.
        if after.sysctl != nil { continue }
        for id in [after.id, after.renamed(names).id] {
          if let there = seen[id], there.isMade(by: after) { target.drop(id, because: "undo") }
        }
        continue
      }
      let id = (change.after ?? before).id
      if id != before.id, !id.isLink { target.drop(id, because: "undo") }
      let original = before.renamed(names)
      // What stands in for a replaced object has nothing of it.
      if change.action != .replace, let there = seen[id] ?? seen[original.id] {
        target.want(original.back(from: change.after, in: there.renamed(names)), because: "undo")
      } else {
        target.want(original, because: "undo")
      }
    }
    if announced != nil { target.putBackAlike(changes, names, seen) }
    target.want(putBack, seen)
    target.agreeOnForwarding()
    return target
  }

  /// After the decision only deletions are left.
  package func redoTarget(_ seen: State) -> Target {
    var target = Target()
    let batches = schedule(changes).filter(\.stage.isDeferred)
    for step in batches.flatMap(\.steps) {
      let change = changes[step.index]
      if let after = change.after {
        target.want(after, because: "recover")
      } else if let before = change.before, let there = seen[before.id], there.isMade(by: before) {
        target.drop(before.id, because: "recover")
      }
    }
    return target
  }

  /// Those that may have happened.
  package var begunChanges: [Change] { zip(changes, begun).filter(\.1).map(\.0) }

  /// By index: some step of the change was in a batch that was announced.
  private var begun: [Bool] {
    var begun = Array(repeating: false, count: changes.count)
    guard let announced else { return begun }
    let batches = schedule(changes).prefix { $0.stage <= announced }
    for batch in batches {
      for step in batch.steps { begun[step.index] = true }
    }
    // From here on the kernel takes things along: with its last IPv4 address a link loses its neighbours and routes.
    if announced >= .flip {
      for (index, change) in changes.enumerated() where change.after == nil && !change.id.isLink {
        begun[index] = true
      }
    }
    return begun
  }
}

extension Target {
  /// A link says of its forwarding what the setting below `/proc/sys` does: else each of the two would take back the other.
  fileprivate mutating func agreeOnForwarding() {
    let settings = wanted.objects.values.compactMap(\.sysctl)
    for sysctl in settings {
      guard let name = Object.sysctl(sysctl).id.forwardingLink, var link = wanted.link(name),
        link.forwarding != nil
      else { continue }
      link.forwarding = sysctl.value != "0"
      wanted.insert(.link(link))
    }
  }

  /// What a former way back took along, as far as it has not put it back. A setting is there as long as its link is, and
  /// of a link that was being made anew every attribute goes back.
  fileprivate mutating func want(_ lost: [Object], _ seen: State) {
    for object in lost
    where object.link != nil
      || wanted[object.id] == nil && !unwanted.contains(object.id)
        && (seen[object.id] == nil || object.sysctl != nil || object.isHalfBack(in: seen))
        && object.links.allSatisfy({ seen.link($0) != nil || wanted.link($0) != nil })
    {
      want(object, because: "undo")
    }
  }

  /// An advertised route that has gone cannot be made again; what leads to the same router stands in for it.
  fileprivate mutating func keep(_ route: Route, _ seen: State) {
    guard route.id.advertisement?.router != nil, !seen.routes.contains(where: { $0.stands(for: route) })
    else { return }
    want(.route(route.standIn(among: Array(seen.routes) + wanted.routes)), because: "undo")
  }
}

extension Object {
  /// An address that is there, and still has the mark with which it comes back.
  fileprivate func isHalfBack(in seen: State) -> Bool {
    guard let address, let there = seen[id]?.address else { return false }
    return there.flags?.contains(.noDetection) == true && address.flags?.contains(.noDetection) != true
  }

  /// Whether this is the object that a step made, and not another one that has taken its name since.
  func isMade(by after: Object) -> Bool {
    guard case .link(let there) = self, case .link(let made) = after else { return true }
    // Between its creation and its labelling a link has no alias yet.
    return there.kind == made.kind && (there.alias == nil || there.alias == made.alias)
  }

  /// `there` with the attributes in which `self` and `after` differ as `self` has them.
  func back(from after: Object?, in there: Object) -> Object {
    guard case .link(let before) = self, case .link(let after)? = after, case .link(let there) = there else {
      return self
    }
    // What user space drives has nothing of an interface, which comes back as it was or not at all.
    if before.vfio != after.vfio { return self }
    var result = there
    for field in before.differences(from: after) {
      if let value = field.json(before) { _ = field.set(&result, value) }
    }
    if before.netns != after.netns { result.netns = before.netns }
    // Turned off while functions were made.
    if before.functions != after.functions { result.offersFunctions = before.offersFunctions }
    // Another bridge knew nothing of what it was as a port.
    if there.master != before.master {
      result.port = before.port
      result.vlans = before.vlans
    }
    return .link(result)
  }
}
