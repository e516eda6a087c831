internal import Glibc
internal import Netlink

/// Interface indexes by name and back, as of the last dump: they live no longer than a link and appear in no plan.
struct LinkTable {
  private var names: [UInt32: LinkName] = [:]
  private var indexes: [LinkName: UInt32] = [:]

  mutating func removeAll() {
    names.removeAll(keepingCapacity: true)
    indexes.removeAll(keepingCapacity: true)
  }

  mutating func insert(_ name: LinkName, _ index: UInt32) {
    names[index] = name
    indexes[name] = index
  }

  var count: Int { names.count }

  func name(_ index: UInt32) -> LinkName? { names[index] }

  /// The index that `name` has at the moment of the call.
  mutating func index(_ name: LinkName) throws(NetlinkError) -> UInt32 {
    if let known = indexes[name] { return known }
    let index = if_nametoindex(name.text)
    guard index != 0 else { throw NetlinkError(operation: "find interface \(name)", errno: ENODEV) }
    insert(name, index)
    return index
  }

  /// A link that is created, renamed or deleted loses what was known of its name.
  mutating func forget(_ name: LinkName) {
    if let index = indexes.removeValue(forKey: name) { names[index] = nil }
  }
}
