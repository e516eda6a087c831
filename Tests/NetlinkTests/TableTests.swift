import Glibc
import Netlink
import Testing

@Suite(
  "nftables tables on the real kernel",
  .enabled(if: Kernel.isRoot && access("/usr/sbin/nft", X_OK) == 0, "needs root and nft"))
struct TableTests {
  @Test("each is listed with its family, and its removal takes no other")
  func tables() throws {
    try withNetworkNamespace {
      var socket = try NetfilterSocket()
      #expect(try socket.tables().isEmpty)
      try shell("nft add table inet one; nft add table bridge one; nft add table inet two")
      try socket.delete(family: 1, name: "one")
      let left = try socket.tables().map { "\($0.family) \($0.name)" }
      #expect(left.sorted() == ["1 two", "7 one"])
      #expect(throws: NetlinkError.self) { try socket.delete(family: 1, name: "one") }
    }
  }

  @Test("the generation is another after every change, whoever made it, and only then")
  func generation() throws {
    try withNetworkNamespace {
      var socket = try NetfilterSocket()
      var last = try #require(try socket.generation())
      for change in [
        "add table inet t", "add set inet t s { type ifname; size 10; flags dynamic; }",
        "add chain inet t out { type filter hook output priority 0; }",
        "add rule inet t out add @s { oifname }", "add element inet t s { br0 }",
        "delete element inet t s { br0 }", "flush chain inet t out",
        "add rule inet t out add @s { oifname }",
      ] {
        try shell("nft '\(change)'")
        let next = try #require(try socket.generation())
        #expect(next != last, "\(change)")
        last = next
      }
      // A packet adds an element.
      try shell("ip link set lo up; ping -c 1 -W 1 127.0.0.1 >/dev/null; nft list set inet t s | grep -q lo")
      #expect(try socket.generation() == last)
    }
  }
}
