internal import CNetlink
import Glibc

/// The connections that the kernel tracks in a namespace, and their end.
package struct ConnectionSocket: ~Copyable {
  private var socket: Socket

  private static let get = UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(IPCTNL_MSG_CT_GET.rawValue)
  private static let delete = UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(IPCTNL_MSG_CT_DELETE.rawValue)
  /// What a list consists of.
  package static let new = UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(IPCTNL_MSG_CT_NEW.rawValue)

  package init() throws(NetlinkError) { socket = try Socket(protocol: NETLINK_NETFILTER) }

  /// Those of a family, AF_INET or AF_INET6, whose destination was changed. EINVAL from a kernel that cannot list
  /// connections (CONFIG_NF_CT_NETLINK).
  package mutating func redirected(family: UInt8) throws(NetlinkError) -> [Connection] {
    try socket.dump(
      "list connections", type: Self.get, into: [],
      request: {
        Connection.header(family, into: &$0)
        // Before Linux 5.18 the kernel knows no choice by status, and lists all.
        $0.put(Int(CTA_STATUS.rawValue), be32: IPS_DST_NAT.rawValue)
        $0.put(Int(CTA_STATUS_MASK.rawValue), be32: IPS_DST_NAT.rawValue)
      },
      each: { (list, _, payload) throws(MalformedMessage) in
        if let connection = try Connection(decoding: payload), connection.isRedirected {
          list.append(connection)
        }
      })
  }

  /// Forgets connections: the next packet of each is the first of a new one, for every rule. What has ended meanwhile is
  /// as good.
  package mutating func end(_ connections: [Connection]) throws(NetlinkError) {
    var batch = Batch(reserving: connections.count)
    for connection in connections {
      batch.add("end a connection to port \(connection.original.destinationPort)", type: Self.delete) {
        connection.encode(into: &$0)
      }
    }
    for outcome in socket.transact(batch) {
      if let error = outcome.error, error.errno != ENOENT { throw error }
    }
  }
}
