extension Table {
  /// No guest is unfiltered at any instant: what the table knows of interfaces that go, it knows until they have gone.
  func replacing(_ before: Table) -> [(Stage, Change)] {
    let staying = Set(sets.flatMap { $0.elements.keys.compactMap(\.interface) })
    var both = self
    for index in both.sets.indices {
      guard let old = before[set: both.sets[index].name], old.isDefined(as: both.sets[index]) else {
        continue
      }
      let going = old.elements.filter { $0.key.interface.map { !staying.contains($0) } ?? false }
      both.sets[index].elements.merge(going) { new, _ in new }
    }
    if both == self { return [(.filter, Change(before: .table(before), after: .table(self)))] }
    let first = (Stage.filter, Change(before: .table(before), after: .table(both)))
    let last = (Stage.unfilter, Change(before: .table(both), after: .table(self)))
    return both == before ? [last] : [first, last]
  }
}

extension String {
  /// The interface that a key of a set begins with.
  fileprivate var interface: Substring? {
    guard first == "\"", let end = dropFirst().firstIndex(of: "\"") else { return nil }
    return self[index(after: startIndex)..<end]
  }
}
