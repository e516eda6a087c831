import Glibc
import Netlink
import Testing

@Suite("Connections that the kernel tracks")
struct ConnectionTests {
  static let fixtures = ["connection4", "connection6", "request-connection"]

  static let tcp = Connection.Tuple(
    from: .v4(192, 0, 2, 1), 40000, to: .v4(192, 0, 2, 10), 8080, ipProtocol: 6)
  static let led = Connection.Tuple(
    from: .v4(10, 7, 0, 51), 80, to: .v4(192, 0, 2, 1), 40000, ipProtocol: 6)

  @Test("one with another destination tells where it was led, IPv4")
  func ipv4() throws {
    let connection = try #require(try Connection(decoding: Fixture("connection4").payload.rawSpan))
    #expect(connection.original == Self.tcp && connection.reply == Self.led)
    #expect(connection.isRedirected && connection.id == 0x7ee3_a257 && connection.zone == 0)
  }

  @Test("one with another destination tells where it was led, IPv6")
  func ipv6() throws {
    let connection = try #require(try Connection(decoding: Fixture("connection6").payload.rawSpan))
    let guest = InternetAddress(v6: 0x2001_0db8_0007 << 80 | 0x51)
    #expect(
      connection.original == .init(from: .doc(1), 40000, to: .doc(0x10), 5353, ipProtocol: 17)
        && connection.reply == .init(from: guest, 53, to: .doc(1), 40000, ipProtocol: 17))
    #expect(connection.isRedirected)
  }

  @Test("a request to end one names it as conntrack(8) does, by its first direction")
  func request() throws {
    var writer = MessageWriter()
    let connection = Connection(original: Self.tcp, reply: Self.led, status: 0)
    connection.encode(into: &writer)
    #expect(try Fixture("request-connection").payload.starts(with: writer.bytes))
  }

  @Test("one whose addresses are cut off is refused")
  func short() throws {
    // The last byte of CTA_IP_V4_DST belongs to the attribute after it.
    var payload = try Fixture("connection4").payload
    payload[20] = 7
    #expect(throws: MalformedMessage.self) { _ = try Connection(decoding: payload.rawSpan) }
    #expect(throws: MalformedMessage(attribute: nil, expected: .structure(4), length: 3)) {
      _ = try Connection(decoding: [UInt8](repeating: 0, count: 3).rawSpan)
    }
  }

  private static let insert = "conntrack -I -p tcp -s 192.0.2.1 --sport 40000 --state ESTABLISHED -t 60"

  @Test(
    "of those that the kernel lists as redirected one ends, and no other",
    .enabled(
      if: Kernel.isRoot && access("/usr/sbin/conntrack", X_OK) == 0, "needs root and conntrack(8)"))
  func end() throws {
    try withNetworkNamespace {
      try shell("\(Self.insert) -d 192.0.2.10 --dport 80")
      for port in [8080, 8081] {
        try shell("\(Self.insert) -d 192.0.2.10 --dport \(port) --dst-nat 10.7.0.51:80")
      }
      var socket = try ConnectionSocket()
      let list = try socket.redirected(family: 2)
      #expect(Set(list.map(\.original.destinationPort)) == [8080, 8081])
      let one = list.filter { $0.original.destinationPort == 8080 }
      try socket.end(one)
      #expect(try socket.redirected(family: 2).map(\.original.destinationPort) == [8081])
      // It has ended already.
      try socket.end(one)
      let left = try shell("conntrack -L 2>/dev/null | grep -c src=192.0.2.1")
      #expect(left == "2\n")
    }
  }
}
