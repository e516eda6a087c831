extension DropIn {
  /// Interfaces are named before they come to be and until they have gone. Hardware that joins a bridge is named when the
  /// host's addresses have left it: a program that is told to leave an interface alone first takes back what it did there.
  func steps(after before: DropIn?, joining: Set<LinkName>) -> [(Stage, Change)] {
    let old = before?.interfaces ?? []
    let new = interfaces
    let early = DropIn(id, leavingAlone: old.union(new.subtracting(joining)))
    let late = old.isSubset(of: new) ? self : DropIn(id, leavingAlone: old.union(new))
    var steps: [(Stage, Change)] = []
    var present = before
    for (stage, next) in [(Stage.filter, early), (.serve, late), (.unfilter, self)] {
      guard let next, next != present else { continue }
      steps.append((stage, Change(before: present.map(Object.dropIn), after: .dropIn(next))))
      present = next
    }
    return steps
  }
}

extension Footing {
  /// Hardware that becomes a port, or a guest's own.
  static func joining(_ changes: [Change]) -> Set<LinkName> {
    Set(
      changes.compactMap { change in
        if let hardware = change.takes { return hardware }
        guard let before = change.before?.link, let after = change.after?.link, before.owner == nil,
          before.master != after.master, after.master?.name != nil
        else { return nil }
        return after.name
      })
  }
}
