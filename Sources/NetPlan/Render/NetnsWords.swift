extension Netns {
  /// Its TAPs, and who is translated.
  var summary: [String] {
    objects.compactMap(\.link).filter { $0.kind == .tap }.map { "tap \($0.name)" }
      + objects.compactMap(\.table).flatMap(TranslationTable.pairs).map { "\($0.inner) as \($0.outer)" }
  }

  /// What of it comes, changes and goes.
  func changes(from before: Netns) -> [String] {
    let (new, old) = (State(objects), State(before.objects))
    var words = state == before.state ? [] : ["\(before.state) → \(state)"]
    for id in Set(new.objects.keys).union(old.objects.keys).sorted() {
      switch (old[id], new[id]) {
      case (nil, let object?): words.append("+ \(object.headline)")
      case (let object?, nil): words.append("- \(object.headline)")
      case (let a?, let b?) where a != b: words.append("~ \(b.headline)")
      default: break
      }
    }
    return words
  }
}
