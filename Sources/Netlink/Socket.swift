internal import CNetlink
import Glibc

/// Requests and answers over one netlink socket.
///
/// Received messages are held against libmnl's rules (callback.c), in its order: the port id is ours, the sequence
/// number is the request's, the dump was not interrupted; then control messages end the conversation. Whatever
/// breaks off a conversation leaves answers behind that nobody awaits, so the next one begins on a new socket.
package struct Conversation<Carrier: Wire & ~Copyable>: ~Copyable {
  var wire: Carrier
  /// Of the last request. 0 is left to notifications.
  private var sequence: UInt32 = 0
  /// Nothing can be in the receive buffer.
  private var isClean = true
  var buffer: [UInt8]

  /// A dump that changes while it is made is made anew this many times.
  static var attempts: Int { 20 }
  /// linux/netlink.h lets a dump's datagram grow to 32 KiB; one object (a NIC of many VFs) may be longer.
  static var datagram: Int { 64 << 10 }
  static var longestDatagram: Int { 16 << 20 }
  /// Kept well below the default send buffer of 208 KiB, which bounds a datagram (EMSGSIZE).
  static var longestSend: Int { 128 << 10 }

  package init(over wire: consuming Carrier) {
    self.wire = wire
    buffer = [UInt8](repeating: 0, count: Self.datagram)
  }

  /// Our port: a notification with it tells of a change that was asked for here.
  package var port: UInt32 { wire.port }

  /// So many requests go out in one send, if their bytes stay below 128 KiB.
  package var requestsPerSend: Int { max(1, min(wire.answersHeld, 512)) }

  /// Announces a conversation; `end()` says that its last answer was read.
  mutating func begin() throws(NetlinkError) {
    if !isClean { try wire.reopen() }
    isClean = false
  }

  mutating func end() { isClean = true }

  /// The first of `count` sequence numbers in a row.
  mutating func takeSequence(_ count: Int = 1) -> UInt32 {
    let (next, overflow) = sequence.addingReportingOverflow(UInt32(count))
    let first = overflow ? 1 : sequence + 1
    sequence = overflow ? UInt32(count) : next
    return first
  }

  /// What libmnl's first two rules have against an answer; one without a port is let through, as there.
  static func fault(
    _ header: MessageHeader, port: UInt32, sequences: Range<UInt32>, _ operation: String
  ) -> NetlinkError? {
    guard header.port == 0 || header.port == port else {
      return NetlinkError(
        operation: operation, errno: ESRCH, message: "an answer to port \(header.port) came")
    }
    guard sequences.contains(header.sequence) else {
      return NetlinkError(operation: operation, errno: EPROTO, message: "the answer to another request came")
    }
    return nil
  }

  /// Receives one datagram into `buffer`; its length.
  mutating func receive(_ operation: String, wait: Bool = true) throws(NetlinkError) -> Int {
    let length = wire.receive(into: &buffer, wait: wait)
    guard length < 0 else { return length }
    let errno = Int32(-length)
    switch errno {
    case EAGAIN where wait:
      throw NetlinkError(operation: operation, errno: ETIMEDOUT, message: "the kernel does not answer")
    case ENOSPC:
      throw NetlinkError(operation: operation, errno: ENOSPC, message: "an answer was longer than the buffer")
    case ENOBUFS:
      throw NetlinkError(operation: operation, errno: ENOBUFS, message: "answers were lost")
    default: throw NetlinkError(operation: operation, errno: errno)
    }
  }
}

/// A conversation with the kernel.
package typealias Socket = Conversation<KernelWire>

extension Conversation where Carrier == KernelWire {
  /// A socket of rtnetlink in the calling thread's network namespace, where it stays.
  package init() throws(NetlinkError) { try self.init(protocol: NETLINK_ROUTE) }

  /// Answers are waited for 10 s: the kernel has made them before the send returns, so that any wait is a fault.
  package init(protocol netlinkProtocol: Int32) throws(NetlinkError) {
    self.init(over: try KernelWire(protocol: netlinkProtocol, timeout: 10_000))
  }
}
