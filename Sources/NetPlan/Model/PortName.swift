/// What VM software calls the ports that it makes: one name, or all that begin alike.
package struct PortName: Hashable, Sendable, CustomStringConvertible {
  /// `vnet*`, `web-eth0`
  package let text: String

  package init(_ text: String) { self.text = text }

  package var isPattern: Bool { text.hasSuffix("*") }

  /// The one name; nil for a pattern.
  package var name: LinkName? { isPattern ? nil : LinkName(text) }

  /// A port that is called so.
  package var example: String { isPattern ? stem + "0" : text }

  private var stem: Substring { text.dropLast(isPattern ? 1 : 0) }

  package func matches(_ name: LinkName) -> Bool {
    isPattern ? name.text.hasPrefix(stem) : name.text == text
  }

  /// Whatever number is behind `stem`, that is one of them.
  package func matchesAll(of stem: String) -> Bool { isPattern && stem.hasPrefix(self.stem) }

  /// Some interface could be either's.
  package func overlaps(_ other: PortName) -> Bool {
    if isPattern, other.isPattern { return stem.hasPrefix(other.stem) || other.stem.hasPrefix(stem) }
    if isPattern { return other.text.hasPrefix(stem) }
    return other.isPattern ? text.hasPrefix(other.stem) : text == other.text
  }

  package var description: String { text }
}
