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

  /// Asks for a link, of which the answer says nothing: for what the kernel does before it answers.
  package mutating func touchLink(_ operation: String, named name: String) {
    add(operation, type: LinkMessage.getType) {
      LinkMessage().encodeHeader(into: &$0)
      $0.put(IFLA_IFNAME, string: name)
      $0.put(IFLA_EXT_MASK, u32: UInt32(RTEXT_FILTER_SKIP_STATS))
    }
  }
}
