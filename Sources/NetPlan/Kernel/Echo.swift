internal import Glibc

/// An ICMP echo (RFC 792, RFC 4443), known again by what it carries.
struct Echo {
  private let address: SocketAddress
  private let token: [UInt8]

  init(to address: SocketAddress) {
    self.address = address
    token = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
  }

  private var isIPv4: Bool { address.family == AF_INET }

  /// False where nothing comes back in time.
  func isAnswered(until end: UInt64) throws(HostError) -> Bool {
    let transport = Int32(isIPv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6)
    let flags = SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    // Who may not open a raw one may have one that does nothing else (`net.ipv4.ping_group_range`, icmp(7)).
    var descriptor = Glibc.socket(address.family, Int32(SOCK_RAW.rawValue | flags), transport)
    if descriptor < 0 {
      descriptor = Glibc.socket(address.family, Int32(SOCK_DGRAM.rawValue | flags), transport)
    }
    guard descriptor >= 0 else { throw HostError("open a socket for echoes", errno: errno) }
    defer { close(descriptor) }
    let request = request
    guard address.withPointer({ sendto(descriptor, request, request.count, 0, $0, $1) }) >= 0 else {
      throw HostError("send an echo", errno: errno)
    }
    var buffer = [UInt8](repeating: 0, count: 2048)
    while InternetName.wait(descriptor, POLLIN, until: end) {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { continue }
      if isAnswer(buffer[..<count]) { return true }
    }
    return false
  }

  /// Type 8 or 128, identifier and number 0: the kernel gives a socket of echoes its own, and the token is what counts.
  private var request: [UInt8] {
    var message: [UInt8] = [isIPv4 ? 8 : 128, 0, 0, 0, 0, 0, 0, 1] + token
    guard isIPv4 else { return message }  // the kernel's (RFC 3542, section 3.1)
    var sum = stride(from: 0, to: message.count, by: 2).reduce(UInt32(0)) {
      $0 + (UInt32(message[$1]) << 8 | UInt32(message[$1 + 1]))
    }
    while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
    (message[2], message[3]) = (UInt8(~sum >> 8 & 0xff), UInt8(~sum & 0xff))
    return message
  }

  /// A raw IPv4 socket gives the IP header too. One's own request is heard as well where it goes to the host itself: of
  /// type 0 or 129 is the answer alone.
  private func isAnswer(_ message: ArraySlice<UInt8>) -> Bool {
    guard message.count >= token.count + 8, message.suffix(token.count).elementsEqual(token) else {
      return false
    }
    return message[message.endIndex - token.count - 8] == (isIPv4 ? 0 : 129)
  }
}
