import Glibc
import Netlink
import Testing

@Suite(
  "Namespaces, notifications and TAPs", .enabled(if: Kernel.isRoot, "needs root to make network namespaces"))
struct NamespaceTests {
  @Test("a namespace has a cookie of its own, and a thread comes back to where it was")
  func cookie() throws {
    let outside = try NetworkNamespace.cookie()
    let inside = try withNetworkNamespace { try NetworkNamespace.cookie() }
    #expect(inside != outside)
    #expect(try NetworkNamespace.cookie() == outside)
  }

  @Test("a namespace is entered by its path")
  func path() throws {
    let before = try NetworkNamespace.current()
    let path = "/proc/self/fd/\(before.descriptor)"
    let outside = try NetworkNamespace.cookie()
    try withNetworkNamespace {
      try NetworkNamespace.enter(path: path)
      #expect(try NetworkNamespace.cookie() == outside)
    }
    let error = #expect(throws: NetlinkError.self) {
      try NetworkNamespace.enter(path: NetworkNamespace.path(named: "no-such"))
    }
    #expect(
      error?.description == "enter network namespace /run/netns/no-such: No such file or directory (ENOENT)")
  }

  @Test("a socket stays in the namespace it was opened in")
  func socketStays() throws {
    try withNetworkNamespace {
      try shell("ip link add br0 type bridge")
      var socket = try Socket()
      // The enclosing call leads back.
      try NetworkNamespace.unshare()
      #expect(try socket.dumpLinks().map(\.name) == ["lo", "br0"])
    }
  }

  @Test("a monitor hears who changed what, and does not wait")
  func monitor() throws {
    try withNetworkNamespace {
      var monitor = try Monitor([.link, .ipv4Address])
      var socket = try Socket()
      var count = 0
      var completeness = try monitor.drain { (_, _) throws(MalformedMessage) in count += 1 }
      #expect(completeness == .complete && count == 0, "nothing has happened yet")
      try socket.request("create br0", .create, LinkKernelTests.bridge("br0"))
      let index = try socket.link(named: "br0").index
      try socket.request(
        "add 192.0.2.1/24", .create, AddressMessage(index: index, local: .v4(192, 0, 2, 1), prefixLength: 24))
      try shell("ip address add 192.0.2.2/24 dev br0")
      var links: [String?] = []
      var ours: [UInt128?: Bool] = [:]
      let port = socket.port
      completeness = try monitor.drain { (header, payload) throws(MalformedMessage) in
        switch header.type {
        case LinkMessage.newType: links.append(try LinkMessage(decoding: payload).name)
        case AddressMessage.newType:
          ours[try AddressMessage(decoding: payload).local?.value] = header.port == port
        default: break
        }
      }
      #expect(completeness == .complete)
      #expect(links.contains("br0"))
      #expect(ours == [0xc000_0201: true, 0xc000_0202: false])
    }
  }

  @Test("a monitor that cannot keep up says so")
  func overrun() throws {
    try withNetworkNamespace {
      try shell("ip link set lo up")
      var monitor = try Monitor([.ipv4Route])
      monitor.receiveBuffer(bytes: 4096)
      var socket = try Socket()
      var batch = Batch()
      for number in 0..<50 {
        batch.add("add route", .create, SocketTests.route(number))
      }
      #expect(socket.transact(batch).allSatisfy { $0 == .done })
      let first = try monitor.drain { (_, _) throws(MalformedMessage) in }
      let second = try monitor.drain { (_, _) throws(MalformedMessage) in }
      #expect(first == .lost && second == .complete)
    }
  }

  @Test(
    "refusals that overflow a real receive buffer leave their requests unknown, none done, and the next batch is whole"
  )
  func noBuffers() throws {
    try withNetworkNamespace {
      try shell("ip link set lo up")
      var batch = Batch()
      for number in 0..<64 {
        batch.add("add route", .create, SocketTests.route(number))
      }
      var other = try Socket()
      #expect(other.transact(batch).allSatisfy { $0 == .done })
      var wire = try KernelWire(protocol: 0, timeout: 1000)
      wire.receiveBuffer(bytes: 2304)
      wire.answersHeld = 64
      var socket = Conversation(over: wire)
      let outcomes = TransactTests.kinds(socket.transact(batch))
      #expect(outcomes.contains("!") && outcomes.contains("?") && outcomes.allSatisfy { "!?".contains($0) })
      #expect(try socket.dumpRoutes(family: 2).filter { $0.proto == 214 }.count == 64)
    }
  }

  @Test(
    "a TAP is created once, persists, is held by one, and goes when told",
    .enabled(if: Kernel.hasTUN, "no /dev/net/tun"))
  func tap() throws {
    try withNetworkNamespace {
      var socket = try Socket()
      let mode = Tap.Mode(vnetHeader: true)
      try Tap.create("tap0", mode, owner: 54321, group: 54322).close()
      let exists = #expect(throws: NetlinkError.self) { _ = try Tap.create("tap0", mode).descriptor }
      #expect(exists?.description == "create tap tap0: Device or resource busy (EBUSY)")
      let link = try socket.link(named: "tap0")
      guard case .tun(let settings) = link.data else {
        Issue.record("not a TAP")
        return
      }
      #expect(settings.isTAP && settings.persistent == true && settings.vnetHeader == true)
      #expect(settings.owner == 54321 && settings.group == 54322 && settings.packetInformation == false)
      #expect(
        try shell("ip -d link show tap0").contains(
          "tun type tap pi off vnet_hdr on persist on user 54321 group 54322"))
      do {
        let held = try Self.attach("tap0", mode)
        let busy = #expect(throws: NetlinkError.self) { _ = try Tap.attach("tap0", mode).descriptor }
        #expect(busy?.errno == EBUSY)
        try held.setOwner(1001)
        try held.setPersistent(false)
        #expect(try socket.link(named: "tap0").index == link.index)
      }
      #expect(eventually { (try? Socket.link(named: "tap0")) == nil })
    }
  }

  /// Let go of, a TAP may be held for a moment more: by a child of another test that has yet to execute its program.
  private static func attach(_ name: String, _ mode: Tap.Mode, attempts: Int = 9) throws -> Tap {
    _ = eventually { (try? Tap.attach(name, mode).close()) != nil }
    do { return try Tap.attach(name, mode) } catch {
      guard error.errno == EBUSY, attempts > 0 else { throw error }
      return try attach(name, mode, attempts: attempts - 1)
    }
  }

  @Test("a TAP of many queues tells how many are held", .enabled(if: Kernel.hasTUN, "no /dev/net/tun"))
  func queues() throws {
    try withNetworkNamespace {
      var socket = try Socket()
      let mode = Tap.Mode(multiQueue: true)
      let first = try Tap.create("tap0", mode)
      let second = try Tap.attach("tap0", mode)
      #expect(try Self.queues(of: socket.link(named: "tap0")) == 2)
      second.close()
      #expect(try eventually { try Self.queues(of: Socket.link(named: "tap0")) == 1 })
      first.close()
      #expect(try eventually { try Self.queues(of: Socket.link(named: "tap0")) == 0 })
    }
  }

  static func queues(of link: LinkMessage) -> UInt32? {
    guard case .tun(let settings) = link.data else { return nil }
    return settings.queues
  }

  @Test(
    "a name that is too long is refused before the kernel cuts it",
    .enabled(if: Kernel.hasTUN, "no /dev/net/tun"))
  func longName() throws {
    try withNetworkNamespace {
      let error = #expect(throws: NetlinkError.self) {
        _ = try Tap.create("a-name-of-sixteen", Tap.Mode()).descriptor
      }
      #expect(error?.errno == ENAMETOOLONG)
    }
  }
}
