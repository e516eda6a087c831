internal import CNetlink

/// Which forwarding settings a link has (linux/netconf.h); they are read here and set elsewhere.
package struct NetconfMessage: NetlinkMessage {
  package static let newType = UInt16(RTM_NEWNETCONF)
  package static let deleteType = UInt16(RTM_DELNETCONF)
  package static let getType = UInt16(RTM_GETNETCONF)

  /// AF_INET or AF_INET6.
  package var family: UInt8
  /// −1 for `all`, −2 for `default`.
  package var index: Int32?
  package var forwarding: Int32?
  package var rpFilter: Int32?
  package var multicastForwarding: Int32?
  /// proxy_arp, proxy_ndp.
  package var proxyNeighbours: Int32?
  package var ignoreRoutesWithLinkDown: Int32?
  package var broadcastForwarding: Int32?

  package init(family: UInt8) { self.family = family }

  package init(decoding payload: RawSpan) throws(MalformedMessage) {
    try payload.require(1)
    family = payload.loadU8(0)
    var a = AttributeReader(payload, after: 1)
    while try a.next() {
      switch a.type {
      case NETCONFA_IFINDEX: index = try a.i32()
      case NETCONFA_FORWARDING: forwarding = try a.i32()
      case NETCONFA_RP_FILTER: rpFilter = try a.i32()
      case NETCONFA_MC_FORWARDING: multicastForwarding = try a.i32()
      case NETCONFA_PROXY_NEIGH: proxyNeighbours = try a.i32()
      case NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN: ignoreRoutesWithLinkDown = try a.i32()
      case NETCONFA_BC_FORWARDING: broadcastForwarding = try a.i32()
      default: break
      }
    }
  }

  package func encode(into writer: inout MessageWriter) {
    writer.append(family)
    writer.append(zeros: 3)
    if let index { writer.put(NETCONFA_IFINDEX, i32: index) }
    if let forwarding { writer.put(NETCONFA_FORWARDING, i32: forwarding) }
    if let rpFilter { writer.put(NETCONFA_RP_FILTER, i32: rpFilter) }
    if let multicastForwarding { writer.put(NETCONFA_MC_FORWARDING, i32: multicastForwarding) }
    if let proxyNeighbours { writer.put(NETCONFA_PROXY_NEIGH, i32: proxyNeighbours) }
    if let ignoreRoutesWithLinkDown {
      writer.put(NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN, i32: ignoreRoutesWithLinkDown)
    }
    if let broadcastForwarding { writer.put(NETCONFA_BC_FORWARDING, i32: broadcastForwarding) }
  }
}
