extension Planner {
  /// Of a change of a file that names interfaces those of the chosen guests, and the bridges that they are on.
  func selectedDropIn(_ change: Change, _ target: Target) -> Change? {
    guard case .dropIn(let id) = change.id else { return nil }
    let before = change.before?.dropIn
    let old = before?.interfaces ?? [], new = change.after?.dropIn?.interfaces ?? []
    let chosen = chosenInterfaces(target)
    let names = old.filter { new.contains($0) || !chosen.contains($0) }.union(new.intersection(chosen))
    if names == old { return nil }
    guard let after = DropIn(id, leavingAlone: names) else {
      return before.map { Change(before: .dropIn($0), after: nil) }
    }
    return Change(before: change.before, after: .dropIn(after))
  }
}
