extension Planner {
  /// What a group is let do for the chosen guests. Without a file nobody knows for whom else it is, so that it stays.
  func isSelectedAccess(_ change: Change, _ target: Target) -> Bool {
    guard case .bridgeAccess(let id) = change.id else { return false }
    let paths = target.admitted[id] ?? []
    return paths.contains(where: isSelected) || paths.isEmpty && !leaving.isEmpty
  }
}
