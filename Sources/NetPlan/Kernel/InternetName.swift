internal import Glibc

/// An address as the socket calls take it.
struct SocketAddress {
  var bytes: [UInt8]
  var family: Int32

  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    bytes.withUnsafeBytes {
      body($0.assumingMemoryBound(to: sockaddr.self).baseAddress!, socklen_t($0.count))
    }
  }
}

enum InternetName {
  /// What the host's resolver says, which may know the name from a file of its own or remember it: getaddrinfo(3).
  static func addresses(of name: String, port: UInt16) throws(HostError) -> [SocketAddress] {
    // It would ask each server twice, for five seconds each time (resolv.conf(5)).
    setenv("RES_OPTIONS", "timeout:1 attempts:1", 1)
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var first: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(name, "\(port)", &hints, &first)
    guard code == 0 else {
      throw HostError(operation: "resolve \(name)", errno: 0, message: String(cString: gai_strerror(code)))
    }
    defer { freeaddrinfo(first) }
    var found: [SocketAddress] = []
    var next = first
    while let info = next?.pointee {
      if let address = info.ai_addr {
        let bytes = UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen))
        found.append(SocketAddress(bytes: Array(bytes), family: info.ai_family))
      }
      next = info.ai_next
    }
    return found
  }

  /// The errno of a connection that does not come to be; nil for one that does.
  static func connect(to address: SocketAddress, until end: UInt64) -> Int32? {
    let descriptor = Glibc.socket(
      address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    if address.withPointer({ Glibc.connect(descriptor, $0, $1) }) == 0 { return nil }
    guard errno == EINPROGRESS else { return errno }
    guard wait(descriptor, POLLOUT, until: end) else { return ETIMEDOUT }
    var failure: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &length)
    return failure == 0 ? nil : failure
  }

  static func wait(_ descriptor: Int32, _ event: Int32, until end: UInt64) -> Bool {
    let now = Deadline.now
    guard now < end else { return false }
    var polled = pollfd(fd: descriptor, events: Int16(event), revents: 0)
    return poll(&polled, 1, Int32(min(end - now, 60_000))) > 0
  }
}
