import Glibc
import Netlink
import Testing

@Suite("Links on the real kernel", .enabled(if: Kernel.isRoot, "needs root to make network namespaces"))
struct LinkKernelTests {
  static func bridge(_ name: String, _ settings: BridgeSettings = BridgeSettings()) -> LinkMessage {
    with(LinkMessage(name: name)) {
      $0.kind = "bridge"
      $0.data = .bridge(settings)
    }
  }

  static func veth(_ name: String, _ peer: String) -> LinkMessage {
    with(LinkMessage(name: name)) {
      $0.kind = "veth"
      $0.data = .veth(peer: LinkMessage(name: peer))
    }
  }

  @Test("a bridge has what it was created with, as ip sees it")
  func createBridge() throws {
    try withNetworkNamespace {
      var socket = try Socket()
      let settings = with(BridgeSettings()) {
        $0.stpState = 0
        $0.forwardDelay = 200
        $0.multicastSnooping = false
      }
      let bridge = with(Self.bridge("br0", settings)) {
        $0.address = LinkLayerAddress(mac: 0x0200_0000_0001)
        $0.mtu = 1400
        $0.group = 7
        $0.setUp(true)
      }
      try socket.request("create bridge br0", .create, bridge)
      let seen = try shell("ip -d link show br0")
      for part in [
        "mtu 1400", "02:00:00:00:00:01", "group 7", "forward_delay 200", "stp_state 0",
        "mcast_snooping 0", ",UP",
      ] { #expect(seen.contains(part)) }
      let read = try socket.link(named: "br0")
      #expect(read.group == 7 && read.mtu == 1400 && read.isUp)
      #expect(try socket.link(index: read.index) == read)
    }
  }

  @Test("an error has the kernel's explanation, with operation and name")
  func explanation() throws {
    try withNetworkNamespace {
      var socket = try Socket()
      try socket.request("create bridge br0", .create, Self.bridge("br0"))
      let twice = #expect(throws: NetlinkError.self) {
        try socket.request("create bridge br0", .create, Self.bridge("br0"))
      }
      #expect(twice?.description == "create bridge br0: File exists (EEXIST)")
      let invalid = #expect(throws: NetlinkError.self) {
        try socket.request("set MTU of br0", .change, with(LinkMessage(name: "br0")) { $0.mtu = 10 })
      }
      #expect(
        invalid?.description == "set MTU of br0: Invalid argument (EINVAL): mtu less than device minimum")
      #expect(throws: NetlinkError.self) { try socket.link(named: "none") }
    }
  }

  @Test("a veth pair, its ends renamed, enslaved, isolated, aliased and named twice")
  func port() throws {
    try withNetworkNamespace {
      var socket = try Socket()
      try socket.request("create br0", .create, Self.bridge("br0"))
      try socket.request("create v0", .create, Self.veth("v0", "v1"))
      let bridge = try socket.link(named: "br0").index
      let index = try socket.link(named: "v0").index
      var batch = Batch()
      batch.add(
        "enslave v0", .change,
        with(LinkMessage(index: index, name: "web")) {
          $0.master = UInt32(bridge)
          $0.ipv6 = IPv6Settings(addressGeneration: 1)
          $0.setUp(true)
        })
      batch.add("name v0", .create, LinkPropertyMessage(index: index, altNames: ["demo.web.eth0", "second"]))
      #expect(socket.transact(batch) == [.done, .done])
      // The settings of a port are checked before a master in the same message is joined.
      let port = with(LinkMessage(index: index)) {
        $0.portKind = "bridge"
        $0.port = with(BridgePort()) {
          $0.isolated = true
          $0.learning = false
          $0.guarded = true
        }
      }
      try socket.request("set port web", .change, port)
      let read = try socket.link(named: "demo.web.eth0")
      #expect(read.index == index && read.name == "web" && read.master == UInt32(bridge))
      #expect(read.altNames == ["demo.web.eth0", "second"])
      #expect(read.ipv6?.addressGeneration == 1 && read.ipv6?[.addressGenerationMode] == 1)
      #expect(read.port?.isolated == true && read.port?.learning == false && read.port?.guarded == true)
      let seen = try shell("ip -d link show web")
      for part in ["isolated on", "learning off", "guard on", "altname second", "addrgenmode none"] {
        #expect(seen.contains(part))
      }
      #expect(try socket.dumpLinks(LinkFilter(master: UInt32(bridge))).map(\.name) == ["web"])
      #expect(try socket.dumpLinks(LinkFilter(kind: "bridge")).map(\.name) == ["br0"])
      try socket.request("take a name", .delete, LinkPropertyMessage(index: index, altNames: ["second"]))
      try socket.request("release web", .change, with(LinkMessage(index: index)) { $0.master = 0 })
      let released = try socket.link(index: index)
      #expect(released.altNames == ["demo.web.eth0"] && released.master == nil && released.port == nil)
    }
  }

  @Test("a long alternative name finds its link")
  func longName() throws {
    try withNetworkNamespace {
      var socket = try Socket()
      try socket.request("create br0", .create, Self.bridge("br0"))
      let name = "config.machine-with-a-long-name.eth0"
      let index = try socket.link(named: "br0").index
      try socket.request("name br0", .create, LinkPropertyMessage(index: index, altNames: [name]))
      #expect(try socket.link(named: name).name == "br0")
    }
  }

  @Test("what the kernel passes over when it creates a link: alias and names")
  func ignoredAtCreation() throws {
    try withNetworkNamespace {
      var socket = try Socket()
      let bridge = with(Self.bridge("br0")) {
        $0.alias = "vnet:demo/office"
        $0.altNames = ["second"]
      }
      try socket.request("create br0", .create, bridge)
      let read = try socket.link(named: "br0")
      #expect(read.alias == nil && read.altNames.isEmpty)
    }
  }

  @Test("an alias can be changed and taken away")
  func alias() throws {
    try withNetworkNamespace {
      var socket = try Socket()
      try socket.request("create br0", .create, Self.bridge("br0"))
      for alias in ["one", "a longer one than fits into a short string", "two"] {
        try socket.request("alias br0", .change, with(LinkMessage(name: "br0")) { $0.alias = alias })
        #expect(try socket.link(named: "br0").alias == alias)
      }
      try socket.request("alias br0", .change, with(LinkMessage(name: "br0")) { $0.alias = "" })
      #expect(try socket.link(named: "br0").alias == nil)
    }
  }

  @Test("a whole group of links goes with one request, and no other")
  func group() throws {
    try withNetworkNamespace {
      var socket = try Socket()
      var batch = Batch()
      for number in 0..<20 {
        batch.add(
          "create b\(number)", .create,
          with(Self.bridge("b\(number)")) { $0.group = number < 15 ? 0x8000_0001 : 0 })
      }
      batch.deleteLinks("delete group", group: 0x8000_0001)
      #expect(socket.transact(batch).allSatisfy { $0 == .done })
      #expect(try socket.dumpLinks().count == 6)
    }
  }

  @Test("a veth's far end is born in another namespace")
  func elsewhere() throws {
    try withNetworkNamespace {
      let here = try NetworkNamespace.current()
      var near = try Socket()
      try withNetworkNamespace {
        var far = try Socket()
        var peer = LinkMessage(name: "v1")
        peer.namespaceDescriptor = here.descriptor
        let veth = with(LinkMessage(name: "v0")) {
          $0.kind = "veth"
          $0.data = .veth(peer: peer)
        }
        try far.request("create v0", .create, veth)
        #expect(try far.dumpLinks().map(\.name) == ["lo", "v0"])
        // While the namespace is still there: with it both ends go.
        let link = try near.link(named: "v1")
        #expect(link.lowerNamespace != nil)
      }
    }
  }

  @Test(
    "VLANs of a port are set, listed as ranges and deleted",
    .enabled(if: Kernel.hasVLANFiltering, "kernel lacks bridge VLAN filtering"))
  func vlans() throws {
    try withNetworkNamespace {
      var socket = try Socket()
      try socket.request(
        "create br0", .create, Self.bridge("br0", with(BridgeSettings()) { $0.vlanFiltering = true }))
      try socket.request("create v0", .create, Self.veth("v0", "v1"))
      let index = try socket.link(named: "v0").index
      let master = UInt32(try socket.link(named: "br0").index)
      try socket.request("enslave v0", .change, with(LinkMessage(index: index)) { $0.master = master })
      let trunk = BridgeVLAN(100...110)
      let native = BridgeVLAN(20...20, isPVID: true, isUntagged: true)
      try socket.request("set VLANs", .change, BridgeVLANMessage(index: index, [native, trunk]))
      try socket.request("drop VLAN 1", .delete, BridgeVLANMessage(index: index, [BridgeVLAN(1...1)]))
      let own = BridgeVLANMessage(index: Int32(master), ofBridge: true, [BridgeVLAN(20...20)])
      try socket.request("set VLANs of br0", .change, own)
      let list = try socket.dumpVLANs()
      #expect(try socket.dumpVLANs(index: UInt32(index)).map(\.vlans) == [[native, trunk]])
      #expect(list.first { $0.index == index }?.vlans == [native, trunk])
      #expect(list.first { $0.index == Int32(master) }?.vlans.contains(BridgeVLAN(20...20)) == true)
      #expect(try shell("bridge -compressvlans vlan show dev v0").contains("100-110"))
    }
  }
}
