internal import CNetlink
import Glibc

/// The little of generic netlink (linux/genetlink.h) that is needed: which links are Wi-Fi.
package struct GenericSocket: ~Copyable {
  private var socket: Socket

  /// `struct genlmsghdr`: a command, a version, two bytes of nothing.
  private static let headerLength = 4

  package init() throws(NetlinkError) { socket = try Socket(protocol: NETLINK_GENERIC) }

  /// The number that the family called `name` has on this boot; nil if this kernel has no such family.
  package mutating func family(_ name: String) throws(NetlinkError) -> UInt16? {
    do throws(NetlinkError) {
      return try socket.query(
        "find generic netlink family \(name)", type: UInt16(GENL_ID_CTRL), into: nil as UInt16?,
        request: {
          Self.header(UInt8(CTRL_CMD_GETFAMILY), version: 2, into: &$0)
          $0.put(CTRL_ATTR_FAMILY_NAME, string: name)
        },
        each: { (result, _, payload) throws(MalformedMessage) in
          try payload.require(Self.headerLength)
          var a = AttributeReader(payload, after: Self.headerLength)
          while try a.next() {
            if a.type == CTRL_ATTR_FAMILY_ID { result = try a.u16() }
          }
        })
    } catch {
      if error.errno == ENOENT { return nil }
      throw error
    }
  }

  /// Indexes of the links that mac80211 or another Wi-Fi driver has; none if the kernel knows no Wi-Fi.
  package mutating func wirelessLinks() throws(NetlinkError) -> Set<Int32> {
    guard let family = try family("nl80211") else { return [] }
    return try socket.dump(
      "list Wi-Fi links", type: family, into: Set<Int32>(),
      request: { Self.header(UInt8(NL80211_CMD_GET_INTERFACE.rawValue), version: 1, into: &$0) },
      each: { (result, _, payload) throws(MalformedMessage) in
        try result.formUnion(GenericSocket.links(decoding: payload))
      })
  }

  /// The link that one message of nl80211 is about; none for a P2P device without a link.
  package static func links(decoding payload: RawSpan) throws(MalformedMessage) -> Set<Int32> {
    try payload.require(headerLength)
    var links: Set<Int32> = []
    var a = AttributeReader(payload, after: headerLength)
    while try a.next() {
      if a.type == Int(NL80211_ATTR_IFINDEX.rawValue) { links.insert(try a.i32()) }
    }
    return links
  }

  private static func header(_ command: UInt8, version: UInt8, into writer: inout MessageWriter) {
    writer.append(command)
    writer.append(version)
    writer.append(zeros: 2)
  }
}
