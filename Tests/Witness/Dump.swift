import Glibc

/// Everything a namespace's network consists of, one line per fact, apart from what no program can restore
/// (indexes, counters, time stamps, what was learned, what processes asked for).
package struct Dump: Equatable, CustomStringConvertible {
  package let facts: [String]

  package init(_ facts: [String]) { self.facts = facts }

  package var description: String { facts.joined(separator: "\n") }

  /// `-` for what only this dump has, `+` for what only `other` has; empty where they are equal.
  package func difference(to other: Dump) -> String {
    var surplus: [String: Int] = [:]
    for fact in facts { surplus[fact, default: 0] += 1 }
    for fact in other.facts { surplus[fact, default: 0] -= 1 }
    let lines = surplus.filter { $0.value != 0 }.sorted { ($0.key, $0.value) < ($1.key, $1.value) }
    return lines.map { ($0.value > 0 ? "- " : "+ ") + $0.key }.joined(separator: "\n")
  }

  /// The facts in which one of `words` occurs.
  package func mentioning(_ words: String...) -> Dump {
    Dump(facts.filter { fact in words.contains { fact.contains($0) } })
  }

  package func without(_ word: String) -> Dump { Dump(facts.filter { !$0.contains(word) }) }

  /// The same with each of the given strings replaced, longest first.
  package func replacing(_ names: [String: String]) -> Dump {
    let ordered = names.sorted { $0.key.utf8.count > $1.key.utf8.count }
    return Dump(
      facts.map { fact in
        // Most have none of them, and the C library is the sooner to say so.
        ordered.reduce(fact) { strstr($0, $1.key) == nil ? $0 : $0.replacing($1.key, with: $1.value) }
      }
      .sorted())
  }
}
