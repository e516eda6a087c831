// What a plan says of a table: whom it concerns, and what of it changes. The whole is in the JSON.

extension Table {
  /// Of a new one.
  var summary: [String] {
    var words: [String] = []
    func count(_ sets: [String], _ what: String) {
      let number = sets.reduce(0) { $0 + (self[set: $1]?.elements.count ?? 0) }
      if number > 0 { words.append("\(what) \(number)") }
    }
    let inside = self[set: "inside"]?.elements.keys.sorted().map { $0.replacing("\"", with: "") } ?? []
    if !inside.isEmpty { words.append("inside " + Table.few(inside)) }
    count(["guests", StationChecks.guests], "guests")
    let forwards = sets.filter { $0.name.hasPrefix("forward-") }.reduce(0) { $0 + $1.elements.count }
    if forwards > 0 { words.append("forwards \(forwards)") }
    return words
  }

  /// Guests, elements and rules that come and go, by set and chain. What a guest brings along goes without saying.
  func changes(from before: Table) -> [String] {
    let guests = Set((self[set: "guests"]?.elements ?? [:]).keys)
      .symmetricDifference((before[set: "guests"]?.elements ?? [:]).keys)
    func isSaid(_ key: String) -> Bool { guests.contains { key == $0 || key.hasPrefix($0 + " ") } }
    var words: [String] = []
    for name in Set(sets.map(\.name)).union(before.sets.map(\.name)).sorted() {
      var (old, new) = (before[set: name]?.elements ?? [:], self[set: name]?.elements ?? [:])
      if name != "guests" {
        old = old.filter { !isSaid($0.key) }
        new = new.filter { !isSaid($0.key) }
      }
      words += Table.changes(name, from: old, to: new)
    }
    let names =
      chains.map(\.name) + before.chains.map(\.name).filter { name in !chains.contains { $0.name == name } }
    for name in names {
      let (old, new) = (before.chains.first { $0.name == name }, chains.first { $0.name == name })
      if old == new { continue }
      let change = (new?.rules ?? []).difference(from: old?.rules ?? [])
      let lost = change.removals.count, won = change.insertions.count
      words.append("chain \(name)" + (won > 0 ? " +\(won)" : "") + (lost > 0 ? " -\(lost)" : "") + " rules")
    }
    return words
  }

  private static func changes(
    _ set: String, from old: [String: String], to new: [String: String]
  ) -> [String] {
    func text(_ key: String, _ value: String) -> String {
      let value = TableSet.bitRate(ofLimit: value) ?? value
      return (value.isEmpty ? key : "\(key) → \(value)").replacing("\"", with: "")
    }
    let come = new.filter { old[$0.key] != $0.value }.map(text).sorted()
    let gone = old.filter { new[$0.key] != $0.value }.map(text).sorted()
    if come.isEmpty, gone.isEmpty { return [] }
    var words = set
    if !come.isEmpty { words += " +" + few(come) }
    if !gone.isEmpty { words += " -" + few(gone) }
    return [words]
  }

  private static func few(_ items: [String]) -> String {
    items.count > 3 ? "\(items.count)" : items.joined(separator: " and ")
  }
}
