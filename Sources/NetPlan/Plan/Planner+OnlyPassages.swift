extension Planner {
  /// Of a change of rules in somebody else's chain those that name interfaces of the chosen guests, or their bridges.
  func selectedPassage(_ change: Change, _ target: Target) -> Change? {
    let before = change.before?.passage?.rules ?? [], after = change.after?.passage?.rules ?? []
    // In quotes, as rules have them.
    let names = chosenInterfaces(target).map { "\"\($0)\"" }
    func concerns(_ rule: String) -> Bool { names.contains { rule.contains($0) } }
    var rules = before.filter { after.contains($0) || !concerns($0) }
    rules += after.filter { concerns($0) && !rules.contains($0) }
    if rules == before { return nil }
    guard !rules.isEmpty, case .passage(let id) = change.id else {
      return Change(before: change.before, after: nil)
    }
    return Change(before: change.before, after: .passage(Passage(id: id, rules: rules)))
  }

  /// TAPs of the chosen guests, and the bridges that they are on.
  func chosenInterfaces(_ target: Target) -> Set<LinkName> {
    var names: Set<LinkName> = []
    for link in Array(host.state.links) + Array(target.wanted.links)
    where link.isForVM && link.owner.map({ $0 == topology.name }) ?? false
      && isSelected(String(link.path ?? ""))
    {
      names.formUnion([link.name, link.master?.name].compactMap { $0 })
    }
    return names
  }
}
