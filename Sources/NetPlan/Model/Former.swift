/// A ledger entry: what an attribute of something foreign was before a configuration asked to change it.
///
/// Several names may want the same change; the former value comes back when the last of them lets go.
package struct Former: Described, Hashable {
  package var id: FormerID
  /// The value before, in the attribute's JSON form as text.
  package var value: String
  /// The value that was set; where the host has another by the time of release, somebody else decided.
  package var set: String
  /// Names of the configurations that hold it, sorted.
  package var users: [String]

  package init(id: FormerID, value: String, set: String, users: [String]) {
    self.id = id
    self.value = value
    self.set = set
    self.users = users
  }

  package static let fields: [Field<Former>] = [
    .always("object", \.id.object),
    .always("attribute", \.id.attribute),
    .always("value", \.value),
    .always("set", \.set),
    .always("users", \.users),
  ]

  package static var blank: Former {
    Former(id: FormerID(object: "", attribute: ""), value: "", set: "", users: [])
  }
}

package struct FormerID: Hashable, Sendable, Comparable {
  /// `sysctl/net/ipv4/conf/eth0/forwarding`, `link/eth1`: the text of an `ObjectID`.
  package var object: String
  package var attribute: String

  package init(object: String, attribute: String) {
    self.object = object
    self.attribute = attribute
  }

  package static func < (a: FormerID, b: FormerID) -> Bool {
    (a.object, a.attribute) < (b.object, b.attribute)
  }
}
