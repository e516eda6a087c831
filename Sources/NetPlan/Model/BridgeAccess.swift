/// Bridges on which qemu-bridge-helper may put TAPs for the members of a group, as one configuration says: a file of ours,
/// and a line of the helper's own list that includes it.
///
/// The helper reads what it includes as whoever calls it, and passes over what it may not read (`parse_acl_file`,
/// qemu-bridge-helper.c). So a file that one group alone may read is for that group.
package struct BridgeAccess: Described, Hashable {
  package var id: BridgeAccessID
  package var text: String
  /// Mode and owner of the file, `640 0:1000`.
  package var permissions: String
  /// The helper's list includes it.
  package var isIncluded: Bool

  package init(id: BridgeAccessID, text: String, permissions: String, isIncluded: Bool) {
    self.id = id
    self.text = text
    self.permissions = permissions
    self.isIncluded = isIncluded
  }

  package static let fields: [Field<BridgeAccess>] = [
    .always("name", \.id.name),
    .always("group", \.id.group),
    .always("text", \.text),
    .always("permissions", \.permissions),
    .always("included", \.isIncluded),
  ]

  package static var blank: BridgeAccess {
    BridgeAccess(id: BridgeAccessID(name: "", group: 0), text: "", permissions: "", isIncluded: false)
  }

  /// One that is there and could not be read, which takes a member of the group.
  package init(unread id: BridgeAccessID) {
    self.init(id: id, text: BridgeAccess.unread, permissions: "", isIncluded: true)
  }

  private static let unread = "?"

  package var isUnread: Bool { text == BridgeAccess.unread }
}

package struct BridgeAccessID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Of the configuration.
  package var name: String
  /// 0 for root, whom the helper asks nothing else.
  package var group: UInt32

  package init(name: String, group: UInt32) {
    self.name = name
    self.group = group
  }

  package var description: String { "\(name)/\(group)" }

  package static func < (a: BridgeAccessID, b: BridgeAccessID) -> Bool {
    (a.name, a.group) < (b.name, b.group)
  }
}
