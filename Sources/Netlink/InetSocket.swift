internal import CNetlink
import Glibc

/// A TCP or UDP socket of some process (linux/inet_diag.h): what ss(8) shows.
package struct InetSocket: Hashable, Sendable {
  /// The kernel's names for them are TCP's, for UDP too (net/tcp_states.h).
  package enum State: UInt8, Sendable, CaseIterable {
    case established = 1
    case synSent, synReceived, finWait1, finWait2, timeWait
    /// A UDP socket that is not connected.
    case close
    case closeWait, lastACK
    case listen
    case closing, newSynReceived, boundInactive
  }

  package enum Transport: UInt8, Sendable, CaseIterable {
    case tcp = 6
    case udp = 17
  }

  package var transport: Transport
  /// nil for one that this type does not know.
  package var state: State?
  package var local: InternetAddress
  package var localPort: UInt16
  package var remote: InternetAddress
  package var remotePort: UInt16
  /// The link it is bound to (SO_BINDTODEVICE), 0 for none.
  package var index: UInt32
  package var uid: UInt32
  /// As `/proc/PID/fd` names it: `socket:[INODE]`. 0 once no process has it.
  package var inode: UInt32
  /// An IPv6 socket that takes no IPv4 connections; told of those that listen.
  package var isIPv6Only: Bool?

  /// `struct inet_diag_msg` and attributes.
  package init(decoding payload: RawSpan, _ transport: Transport) throws(MalformedMessage) {
    try payload.require(72)
    self.transport = transport
    state = State(rawValue: payload.loadU8(1))
    let length = payload.loadU8(0) == 10 ? 16 : 4
    localPort = UInt16(bigEndian: payload.loadU16(4))
    remotePort = UInt16(bigEndian: payload.loadU16(6))
    guard let local = InternetAddress(bytes: payload.extracting(8..<8 + length)),
      let remote = InternetAddress(bytes: payload.extracting(24..<24 + length))
    else { throw MalformedMessage(attribute: nil, expected: .address, length: length) }
    self.local = local
    self.remote = remote
    index = payload.loadU32(40)
    uid = payload.loadU32(64)
    inode = payload.loadU32(68)
    var a = AttributeReader(payload, after: 72)
    while try a.next() {
      if a.type == INET_DIAG_SKV6ONLY { isIPv6Only = try a.flag() }
    }
  }
}

extension InetSocket {
  /// A line of /proc/net/tcp or its like (proc_net(5)), after the first; nil for one that is none. Whether an IPv6 socket
  /// takes IPv4 connections is not told.
  package init?(line: some StringProtocol, _ transport: Transport) {
    let words = line.split(separator: " ")
    guard words.count > 9, let (local, localPort) = Self.end(words[1]),
      let (remote, remotePort) = Self.end(words[2]), let state = UInt8(words[3], radix: 16),
      let uid = UInt32(words[7]), let inode = UInt32(words[9])
    else { return nil }
    self.transport = transport
    self.state = State(rawValue: state)
    (self.local, self.localPort, self.remote, self.remotePort) = (local, localPort, remote, remotePort)
    index = 0
    (self.uid, self.inode) = (uid, inode)
  }

  /// `0100007F:1F90`: words of the address as they lie in memory, each printed as a number of the machine.
  private static func end(_ text: some StringProtocol) -> (InternetAddress, UInt16)? {
    let parts = text.split(separator: ":")
    guard parts.count == 2, let port = UInt16(parts[1], radix: 16) else { return nil }
    let digits = Array(parts[0].utf8)
    var value: UInt128 = 0
    for start in stride(from: 0, to: digits.count, by: 8) {
      guard
        let word = UInt32(
          String(decoding: digits[start..<min(start + 8, digits.count)], as: UTF8.self), radix: 16)
      else { return nil }
      value = value << 32 | UInt128(UInt32(bigEndian: word))
    }
    switch digits.count {
    case 8: return (InternetAddress(v4: UInt32(value)), port)
    case 32: return (InternetAddress(v6: value), port)
    default: return nil
    }
  }
}

/// Lists the sockets of the network namespace it was opened in (sock_diag(7)).
package struct DiagnosticSocket: ~Copyable {
  private var socket: Socket

  package init() throws(NetlinkError) { socket = try Socket(protocol: NETLINK_SOCK_DIAG) }

  /// `family` is AF_INET or AF_INET6.
  package mutating func list(
    family: UInt8, _ transport: InetSocket.Transport, in states: Set<InetSocket.State>
  ) throws(NetlinkError) -> [InetSocket] {
    let mask = states.reduce(UInt32(0)) { $0 | 1 << UInt32($1.rawValue) }
    return try socket.dump(
      "list \(transport) sockets", type: UInt16(SOCK_DIAG_BY_FAMILY), into: [],
      request: {
        // `struct inet_diag_req_v2`; an empty `struct inet_diag_sockid` is every socket's.
        $0.append(family)
        $0.append(transport.rawValue)
        $0.append(zeros: 2)
        $0.append(mask)
        $0.append(zeros: 48)
      },
      each: { (list, _, payload) throws(MalformedMessage) in
        list.append(try InetSocket(decoding: payload, transport))
      })
  }
}
