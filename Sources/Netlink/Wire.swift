internal import CNetlink
import Glibc

/// What carries datagrams to the kernel and back. Failures are −errno.
package protocol Wire: ~Copyable, Sendable {
  /// The address of our end; every answer carries it.
  var port: UInt32 { get }
  /// As many answers as surely fit into the receive buffer at once.
  var answersHeld: Int { get }

  /// Sends one datagram; the count of bytes sent.
  mutating func send(_ bytes: RawSpan) -> Int
  /// Receives one datagram into the front of `buffer`; its length. −ENOSPC if it did not fit and is lost.
  mutating func receive(into buffer: inout [UInt8], wait: Bool) -> Int
  /// Starts anew with nothing in the receive buffer, and another port.
  mutating func reopen() throws(NetlinkError)
}

/// A socket of libmnl.
@safe
package struct KernelWire: ~Copyable, @unchecked Sendable {
  private var socket: OpaquePointer
  private let netlinkProtocol: Int32
  private let timeout: UInt32
  package private(set) var port: UInt32 = 0
  package var answersHeld = 0

  /// `timeout` in milliseconds bounds each receive; 0 makes the socket non-blocking.
  package init(protocol netlinkProtocol: Int32, timeout: UInt32) throws(NetlinkError) {
    self.netlinkProtocol = netlinkProtocol
    self.timeout = timeout
    (unsafe socket, answersHeld) = unsafe try KernelWire.open(netlinkProtocol, timeout)
    port = unsafe mnl_socket_get_portid(socket)
  }

  private static func open(_ netlinkProtocol: Int32, _ timeout: UInt32) throws(NetlinkError) -> (
    OpaquePointer, Int
  ) {
    var socket: OpaquePointer?
    let result = unsafe cnl_open(netlinkProtocol, timeout, &socket)
    guard result == 0, let socket = unsafe socket else {
      throw NetlinkError(operation: "open a netlink socket", errno: -result)
    }
    let granted = unsafe cnl_receive_buffer(socket, 8 << 20)
    guard granted > 0 else {
      unsafe mnl_socket_close(socket)
      throw NetlinkError(operation: "size a netlink socket's receive buffer", errno: -granted)
    }
    // An answer without the request's bytes counts as 1.3 kB at most: a socket buffer, its data rounded up to a
    // slab, and an explanation. Half of the room is left to the longest of them.
    return unsafe (socket, Int(granted) / 2600)
  }

  deinit { unsafe mnl_socket_close(socket) }

  package mutating func reopen() throws(NetlinkError) {
    let (fresh, held) = unsafe try KernelWire.open(netlinkProtocol, timeout)
    unsafe mnl_socket_close(socket)
    unsafe socket = fresh
    answersHeld = held
    port = unsafe mnl_socket_get_portid(socket)
  }

  /// Asks for another receive buffer; the kernel has its own lower bound, of 2,304 bytes.
  package mutating func receiveBuffer(bytes: Int32) { _ = unsafe cnl_receive_buffer(socket, bytes) }

  package mutating func join(_ group: UInt32) throws(NetlinkError) {
    let result = unsafe cnl_join(socket, group)
    guard result == 0 else { throw NetlinkError(operation: "join multicast group \(group)", errno: -result) }
  }
}

extension KernelWire: Wire {
  package mutating func send(_ bytes: RawSpan) -> Int {
    unsafe bytes.withUnsafeBytes { unsafe cnl_send(socket, $0.baseAddress, $0.count) }
  }

  package mutating func receive(into buffer: inout [UInt8], wait: Bool) -> Int {
    unsafe buffer.withUnsafeMutableBytes {
      unsafe cnl_receive(socket, $0.baseAddress, $0.count, wait ? 1 : 0)
    }
  }
}
