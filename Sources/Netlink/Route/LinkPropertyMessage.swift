internal import CNetlink

/// Alternative names to add to a link or take from it (RTM_NEWLINKPROP, RTM_DELLINKPROP); reading them is part of
/// `LinkMessage`.
package struct LinkPropertyMessage: NetlinkMessage {
  package static let newType = UInt16(RTM_NEWLINKPROP)
  package static let deleteType = UInt16(RTM_DELLINKPROP)
  package static let getType = UInt16(RTM_GETLINKPROP)

  /// 0 where the name decides.
  package var index: Int32
  package var name: String?
  /// Up to 127 bytes each.
  package var altNames: [String]

  package init(index: Int32, altNames: [String]) {
    self.index = index
    self.altNames = altNames
  }

  package init(decoding payload: RawSpan) throws(MalformedMessage) {
    try payload.require(16)
    self.init(index: payload.loadI32(4), altNames: [])
    var a = AttributeReader(payload, after: 16)
    while try a.next() {
      switch a.type {
      case IFLA_IFNAME: name = a.string()
      case IFLA_PROP_LIST: altNames += try LinkMessage.altNames(a.nested)
      default: break
      }
    }
  }

  package func encode(into writer: inout MessageWriter) {
    var link = LinkMessage(index: index)
    link.altNames = altNames
    link.encodeHeader(into: &writer)
    if let name { writer.put(IFLA_IFNAME, string: name) }
    link.encodeAltNames(into: &writer)
  }
}
