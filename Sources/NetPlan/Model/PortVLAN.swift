/// One VLAN of a bridge port.
package struct PortVLAN: Hashable, Sendable, Comparable, TextRepresentable {
  /// 1 … 4094.
  package var id: UInt16
  /// Untagged frames that come in belong to it.
  package var pvid: Bool
  /// Its frames leave without a tag.
  package var untagged: Bool

  package init(id: UInt16, pvid: Bool = false, untagged: Bool = false) {
    self.id = id
    self.pvid = pvid
    self.untagged = untagged
  }

  /// `10`, `10 pvid untagged`: the words of bridge(8).
  package init?(_ text: String) {
    let words = text.split(separator: " ")
    guard let first = words.first, let id = UInt16(first) else { return nil }
    self.init(id: id, pvid: words.contains("pvid"), untagged: words.contains("untagged"))
  }

  package var description: String { "\(id)" + (pvid ? " pvid" : "") + (untagged ? " untagged" : "") }

  package static func < (a: PortVLAN, b: PortVLAN) -> Bool { a.id < b.id }
}
