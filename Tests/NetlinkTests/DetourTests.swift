import Glibc
import Netlink
import Testing

@Suite(
  "A detour past a bridge", .enabled(if: Kernel.hasDetours, "needs root and the hooks of Linux 6.6 (tcx)"))
struct DetourTests {
  /// A bridge without ports, and the near end of a cable whose far end is in the same namespace.
  private func withCable(_ body: (Detour) throws -> Void) throws {
    try withNetworkNamespace {
      try shell(
        """
        sysctl -qw net.ipv6.conf.default.accept_dad=0
        ip link add name near type veth peer name far
        ip link add name br0 type bridge
        ip link set near up; ip link set far up; ip link set br0 up
        """)
      var socket = try Socket()
      let near = try socket.link(named: "near").index
      let bridge = try socket.link(named: "br0").index
      try body(Detour(between: UInt32(near), and: UInt32(bridge)))
    }
  }

  /// IPv6 packets that the host has received by an interface.
  private func received(by link: String) throws -> Int {
    let text = try shell("awk '/^Ip6InReceives / {print $2}' /proc/net/dev_snmp6/\(link)")
    return try #require(Int(text.prefix { $0.isNumber }))
  }

  /// To all nodes of a link; nobody answers.
  private func sendThree(by link: String) throws {
    try shell("ping -6 -q -c3 -i0.01 -W0.1 ff02::1%\(link) > /dev/null; true")
  }

  @Test("open, the host receives by the bridge what comes in at the link")
  func receiving() throws {
    try withCable { detour in
      let before = try received(by: "br0")
      detour.open()
      try sendThree(by: "far")
      #expect(try received(by: "br0") >= before + 3)
    }
  }

  @Test("open, what the host sends by the bridge leaves by the link")
  func sending() throws {
    try withCable { detour in
      detour.open()
      let before = try received(by: "far")
      try sendThree(by: "br0")
      #expect(try received(by: "far") >= before + 3)
    }
  }

  @Test("closed, before and afterwards, everything goes its usual way")
  func closed() throws {
    try withCable { detour in
      try sendThree(by: "far")
      #expect(try received(by: "br0") == 0)
      detour.open()
      detour.close()
      try sendThree(by: "far")
      #expect(try received(by: "br0") == 0)
    }
  }

  @Test("an interface that is not there has none, and the error says so")
  func missing() throws {
    try withNetworkNamespace { () -> Void in
      let error = #expect(throws: NetlinkError.self) { try Detour(between: 4711, and: 4712) }
      #expect(error == NetlinkError(operation: "make a detour", errno: ENODEV))
    }
  }
}
