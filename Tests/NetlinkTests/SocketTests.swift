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
      var socket = try Socket()
      var batch = Batch(reserving: 1000)
      for number in 0..<1000 {
        var link = LinkMessage(name: "b\(number / 2)")
        link.kind = "bridge"
        link.group = 1
        batch.add("create bridge b\(number / 2)", .create, link)
      }
      let outcomes = socket.transact(batch)
      for (number, outcome) in outcomes.enumerated() {
        if number.isMultiple(of: 2) {
          #expect(outcome == .done)
        } else {
          #expect(
            outcome.error?.errno == EEXIST && outcome.error?.operation == "create bridge b\(number / 2)")
        }
      }
      #expect(try socket.dumpLinks().count == 501)
      deleteGroup(&socket)
    }
  }
}
