import Glibc
import Netlink
import Testing

@Suite("Sockets of processes", .enabled(if: Kernel.isRoot, "needs root to make network namespaces"))
struct InetSocketTests {
  /// Binds a socket of this process in the thread's namespace.
  static func bind(_ kind: __socket_type, _ port: UInt16, listening: Bool) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0)
    if listening { try #require(listen(descriptor, 1) == 0) }
    return descriptor
  }

  static func inode(_ descriptor: Int32) -> UInt64 {
    var status = stat()
    fstat(descriptor, &status)
    return UInt64(status.st_ino)
  }

  @Test("a listening TCP socket is listed with its port and inode")
  func tcp() throws {
    try withNetworkNamespace {
      try shell("ip link set lo up")
      let descriptor = try Self.bind(SOCK_STREAM, 8080, listening: true)
      defer { close(descriptor) }
      var diagnostics = try DiagnosticSocket()
      let list = try diagnostics.list(family: 2, .tcp, in: [.listen])
      #expect(list.map(\.localPort) == [8080])
      #expect(list[0].local == .v4(127, 0, 0, 1) && list[0].state == .listen && list[0].transport == .tcp)
      #expect(UInt64(list[0].inode) == Self.inode(descriptor))
      #expect(try diagnostics.list(family: 2, .tcp, in: [.established]).isEmpty)
      #expect(try diagnostics.list(family: 10, .tcp, in: [.listen]).isEmpty)
    }
  }

  @Test("a bound UDP socket is listed")
  func udp() throws {
    try withNetworkNamespace {
      try shell("ip link set lo up")
      let descriptor = try Self.bind(SOCK_DGRAM, 53, listening: false)
      defer { close(descriptor) }
      var diagnostics = try DiagnosticSocket()
      let list = try diagnostics.list(family: 2, .udp, in: [.close])
      #expect(list.map(\.localPort) == [53] && list[0].state == .close)
    }
  }

  @Test("a socket's message that is too short is refused")
  func short() {
    #expect(throws: MalformedMessage(attribute: nil, expected: .structure(72), length: 71)) {
      try InetSocket(decoding: [UInt8](repeating: 0, count: 71).rawSpan, .tcp)
    }
  }
}
