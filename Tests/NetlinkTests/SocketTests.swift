import Glibc
import Netlink
import Testing

@Suite("Socket on the real kernel", .enabled(if: geteuid() == 0, "needs root to make network namespaces"))
struct SocketTests {
  @Test("a new namespace has the loopback and nothing else")
  func loopback() throws {
    try withNetworkNamespace {
      var socket = try Socket()
      let links = try socket.dumpLinks()
      #expect(links.map(\.name) == ["lo"])
      #expect(links[0].isLoopback && !links[0].isUp)
      #expect(links[0].ipv4?[.forwarding] == 0)
    }
  }

  @Test("of a thousand requests with failing ones among them each gets its own answer")
  func thousand() throws {
    try withNetworkNamespace {
      try shell("ip link set lo up")
      var socket = try Socket()
      var batch = Batch(reserving: 1000)
      for number in 0..<1000 {
        batch.add("add route \(number / 2)", .create, Self.route(number / 2))
      }
      let before = try socket.dumpRoutes(family: 2).count
      for (number, outcome) in socket.transact(batch).enumerated() {
        if number.isMultiple(of: 2) {
          #expect(outcome == .done)
        } else {
          #expect(outcome.error?.errno == EEXIST && outcome.error?.operation == "add route \(number / 2)")
        }
      }
      #expect(try socket.dumpRoutes(family: 2).count == before + 500)
    }
  }

  /// 10.N.N.0/24 through the loopback: an object that comes and goes without waiting for a grace period.
  static func route(_ number: Int) -> RouteMessage {
    with(RouteMessage(family: 2)) {
      $0.destination = InternetAddress(v4: 10 << 24 | UInt32(number) << 8)
      $0.destinationLength = 24
      $0.proto = 214
      $0.scope = 253
      $0.output = 1
    }
  }
}
