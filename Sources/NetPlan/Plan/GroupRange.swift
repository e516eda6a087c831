/// Numbers of groups, as `net.ipv4.ping_group_range` has them: `0 2147483647`; `1 0` for none.
package struct GroupRange: Sendable, Hashable, TextRepresentable {
  package var first: UInt32
  package var last: UInt32

  package init?(_ text: String) {
    let words = text.split { $0 == " " || $0 == "\t" }
    guard words.count == 2, let first = UInt32(words[0]), let last = UInt32(words[1]) else { return nil }
    (self.first, self.last) = (first, last)
  }

  package var description: String { "\(first) \(last)" }

  package var isEmpty: Bool { first > last }

  package func contains(_ group: UInt32) -> Bool { first <= group && group <= last }
}
