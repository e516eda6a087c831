extension Passage {
  /// Rules that come and go.
  func changes(from before: Passage) -> [String] {
    let change = rules.difference(from: before.rules)
    let come = change.insertions.count, gone = change.removals.count
    return (come > 0 ? ["+\(come) rules"] : []) + (gone > 0 ? ["-\(gone) rules"] : [])
  }

  var summary: [String] {
    rules.count > 4 ? ["\(rules.count) rules"] : rules.map { $0.replacing("\"", with: "") }
  }
}
