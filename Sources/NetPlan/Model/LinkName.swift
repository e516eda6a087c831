/// The name of a network interface: 1 … 15 bytes, no `/`, no `:`, no white space, not `.` or `..`
/// (`dev_valid_name`, net/core/dev.c; IFNAMSIZ is 16 with the terminator).
///
/// Fifteen bytes fit into Swift's inline string: a name costs no allocation.
package struct LinkName: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let text: String

  package init?(_ text: some StringProtocol) {
    let bytes = text.utf8
    guard (1...15).contains(bytes.count), text != ".", text != ".." else { return nil }
    for byte in bytes {
      if byte == UInt8(ascii: "/") || byte == UInt8(ascii: ":") || byte <= 0x20 || byte == 0x7f { return nil }
    }
    self.text = String(text)
  }

  /// A name that the kernel itself reported.
  package init(kernel text: String) { self.text = text }

  package var description: String { text }

  package static func < (a: LinkName, b: LinkName) -> Bool { a.text < b.text }
}
