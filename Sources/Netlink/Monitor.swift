internal import CNetlink
import Glibc

/// Multicast groups of rtnetlink (linux/rtnetlink.h, RTNLGRP_…).
package enum NotificationGroup: UInt32, Sendable, CaseIterable {
  case link = 1
  case neighbour = 3
  case ipv4Address = 5
  case ipv4Route = 7
  case ipv4Rule = 8
  case ipv6Address = 9
  case ipv6Route = 11
  case ipv6Rule = 19
  case ipv4Netconf = 24
  case ipv6Netconf = 25
  case nexthop = 32
  case bridgeVLAN = 33
}

/// Hears of changes in one network namespace, whoever makes them; never waits.
package struct Monitor: ~Copyable {
  private var wire: KernelWire
  private var buffer: [UInt8]

  /// Whether every notification up to now has been seen.
  package enum Completeness: Hashable, Sendable {
    case complete
    /// Some were lost (ENOBUFS): anything may have changed.
    case lost
  }

  package init(_ groups: [NotificationGroup]) throws(NetlinkError) {
    try self.init(protocol: NETLINK_ROUTE, groups: groups.map(\.rawValue))
  }

  /// `groups` by number, of any netlink protocol.
  package init(protocol netlinkProtocol: Int32, groups: [UInt32]) throws(NetlinkError) {
    var joined = try KernelWire(protocol: netlinkProtocol, timeout: 0)
    for group in groups { try joined.join(group) }
    wire = joined
    buffer = [UInt8](repeating: 0, count: Socket.datagram)
  }

  /// Asks for another receive buffer.
  package mutating func receiveBuffer(bytes: Int32) { wire.receiveBuffer(bytes: bytes) }

  /// Takes all notifications that are there; `each` gets the message's header and what follows it.
  ///
  /// The header's port is that of the socket whose request caused the change, for addresses, routes, rules, next hops
  /// and neighbours. It is 0 where the change followed from another, and for every change of a link: the kernel names
  /// the cause of those only to a request with NLM_F_ECHO.
  package mutating func drain(
    each: (MessageHeader, RawSpan) throws(MalformedMessage) -> Void
  ) throws(NetlinkError) -> Completeness {
    var completeness = Completeness.complete
    // Whoever changes things faster than they are read shall not hold us here.
    for _ in 0..<100_000 {
      let length = wire.receive(into: &buffer, wait: false)
      switch Int32(-min(length, 0)) {
      case 0: break
      case EAGAIN: return completeness
      case ENOBUFS, ENOSPC:
        completeness = .lost
        continue
      case let errno: throw NetlinkError(operation: "receive notifications", errno: errno)
      }
      do throws(MalformedMessage) {
        var reader = MessageReader(buffer.rawSpan.extracting(first: length))
        while try reader.next() { try each(reader.header, reader.payload) }
      } catch {
        throw NetlinkError(operation: "read notifications", malformed: error)
      }
    }
    return .lost
  }
}
