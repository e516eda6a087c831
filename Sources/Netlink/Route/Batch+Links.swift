internal import CNetlink

extension Batch {
  /// Deletes all links of a group in one request, whosever they are.
  package mutating func deleteLinks(_ operation: String, group: UInt32) {
    add(operation, type: LinkMessage.deleteType) {
      var links = LinkMessage()
      links.group = group
      links.encode(into: &$0)
    }
  }
}
