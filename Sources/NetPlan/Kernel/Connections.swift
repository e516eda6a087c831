internal import Glibc
internal import Netlink

// Translation is decided by the first packet of a connection and kept with it: to those that are there, a forward that
// goes is still there until they end.

extension LinuxHost {
  /// Ends the connections that `before` led where `after` does not. The rules are `after` by now, so that what comes of
  /// them next is judged anew. A kernel that cannot list connections (CONFIG_NF_CT_NETLINK) lets them end by themselves.
  func endConnections(of before: Table?, under after: Table?) throws(HostError) {
    guard let before, before.hasForwards, before.forwards != after?.forwards else { return }
    do throws(NetlinkError) {
      var socket = try ConnectionSocket()
      for family in AddressFamily.allCases {
        let lost = try socket.redirected(family: family.rawValue).filter { connection in
          guard let flow = ForwardedFlow(connection), let target = before.target(of: flow) else {
            return false
          }
          let reply = connection.reply
          return target == "\(IPAddress(reply.source)) . \(reply.sourcePort)"
            && after?.target(of: flow) != target
        }
        if !lost.isEmpty { try socket.end(lost) }
      }
    } catch {
      if error.errno != EINVAL, error.errno != EPROTONOSUPPORT { throw HostError(error) }
    }
  }
}

extension ForwardedFlow {
  /// As the connection's first packet came in; nil where no forward is for its protocol.
  fileprivate init?(_ connection: Connection) {
    let transport: String
    switch connection.original.ipProtocol {
    case UInt8(IPPROTO_TCP): transport = "tcp"
    case UInt8(IPPROTO_UDP): transport = "udp"
    default: return nil
    }
    self.init(
      transport, from: IPAddress(connection.original.source),
      to: IPAddress(connection.original.destination), connection.original.destinationPort)
  }
}
