import Netlink
import Testing

/// A recorded message, and the value it stands for.
struct Golden: Sendable, CustomTestStringConvertible {
  /// How the encoding of the value compares with the bytes.
  enum Sameness: Sendable {
    case exact
    /// The same attributes; their order aside, and NLA_F_NESTED, which iproute2 leaves out here and there.
    /// `besides` are attributes of ours that the sender does without, `apart` bytes of the fixed structure.
    case attributes(AttributeTree.Nests, besides: Set<Int> = [], apart: Set<Int> = [])
    /// What is encoded is among the bytes, which hold more than the value keeps.
    case part(AttributeTree.Nests)
  }

  let testDescription: String
  let verify: @Sendable () throws -> Void

  /// `header` is the length of the fixed structure.
  init<Message: NetlinkMessage>(
    _ name: String, _ sameness: Sameness = .exact, header: Int, _ expected: Message
  ) {
    testDescription = name
    verify = {
      let payload = try Fixture(name).payload
      let decoded = try Message(decoding: payload.rawSpan)
      #expect(decoded == expected)
      let bytes = encoded(expected)
      #expect(try Message(decoding: bytes.rawSpan) == expected)
      switch sameness {
      case .exact: #expect(bytes == payload)
      case .attributes(let nests, let besides, let apart):
        for index in 0..<header where !apart.contains(index) { #expect(bytes[index] == payload[index]) }
        let ours = AttributeTree.list(bytes.dropFirst(header), nests).filter { !besides.contains($0.type) }
        #expect(ours == AttributeTree.list(payload.dropFirst(header), nests))
      case .part(let nests):
        #expect(bytes.prefix(header) == payload.prefix(header))
        let theirs = AttributeTree.list(payload.dropFirst(header), nests)
        for tree in AttributeTree.list(bytes.dropFirst(header), nests) { #expect(tree.isPart(of: theirs)) }
      }
    }
  }
}

/// A value, changed by `body`.
func with<Value>(_ value: Value, _ body: (inout Value) -> Void) -> Value {
  var value = value
  body(&value)
  return value
}

@Suite("A recorded message decodes to its value, and the value encodes to the message")
struct GoldenTests {
  @Test("address", arguments: addresses) func address(_ golden: Golden) throws { try golden.verify() }
  @Test("route", arguments: routes) func route(_ golden: Golden) throws { try golden.verify() }
  @Test("rule", arguments: rules) func rule(_ golden: Golden) throws { try golden.verify() }
  @Test("neighbour", arguments: neighbours) func neighbour(_ golden: Golden) throws { try golden.verify() }
  @Test("next hop", arguments: nexthops) func nexthop(_ golden: Golden) throws { try golden.verify() }
  @Test("forwarding settings", arguments: netconf) func forwarding(_ golden: Golden) throws {
    try golden.verify()
  }
  @Test("link, as asked for", arguments: linkRequests) func linkRequest(_ golden: Golden) throws {
    try golden.verify()
  }
  @Test("link, as told", arguments: linkAnswers) func linkAnswer(_ golden: Golden) throws {
    try golden.verify()
  }
  @Test("bridge VLAN", arguments: vlans) func vlan(_ golden: Golden) throws { try golden.verify() }

  @Test("a route with attributes we do not know says which")
  func unknown() throws {
    let route = try RouteMessage(decoding: Fixture("route4-encap").payload.rawSpan)
    // RTA_ENCAP, RTA_ENCAP_TYPE
    #expect(route.unknown == [22, 21])
    #expect(route.destination == .v4(198, 51, 102, 0) && route.output == 2)
  }

  static var all: [Golden] {
    addresses + routes + rules + neighbours + nexthops + netconf + linkRequests + linkAnswers + vlans
  }

  @Test("every fixture is the subject of a test")
  func coverage() {
    #expect(Set(Fixture.all) == Set(Self.all.map(\.testDescription) + ["route4-encap"]))
    #expect(Fixture.all.count > 40)
  }
}

extension Golden {
  static func lifetimes(_ preferred: UInt32, _ valid: UInt32, _ stamp: UInt32) -> AddressMessage.Lifetimes {
    with(.init(preferred: preferred, valid: valid)) {
      $0.created = stamp
      $0.updated = stamp
    }
  }
}

extension GoldenTests {
  static let addresses: [Golden] = [
    Golden(
      "address4", header: 8,
      with(AddressMessage(index: 2, local: .v4(192, 0, 2, 10), prefixLength: 24)) {
        $0.broadcast = .v4(192, 0, 2, 255)
        $0.label = "br0:1"
        $0.flags = 0x80
        $0.metric = 50
        $0.lifetimes = Golden.lifetimes(.max, .max, 0x4d306)
      }),
    Golden(
      "address4-peer", header: 8,
      with(AddressMessage(index: 2, local: .v4(192, 0, 2, 20), prefixLength: 32)) {
        $0.address = .v4(192, 0, 2, 21)
        $0.label = "br0"
        $0.flags = 0x80
        $0.lifetimes = Golden.lifetimes(.max, .max, 0x4d308)
      }),
    Golden(
      "address6", .attributes(.none), header: 8,
      with(AddressMessage(index: 2, local: .doc(1), prefixLength: 64)) {
        $0.local = nil
        $0.flags = 2
        $0.lifetimes = Golden.lifetimes(1800, 3600, 0x4d308)
      }),
    Golden(
      "request-address4", .attributes(.none), header: 8,
      with(AddressMessage(index: 2, local: .v4(192, 0, 2, 10), prefixLength: 24)) {
        $0.broadcast = .v4(192, 0, 2, 255)
        $0.label = "br0:1"
        $0.metric = 50
      }),
    Golden(
      "request-address6", .attributes(.none, besides: [8]), header: 8,
      with(AddressMessage(index: 2, local: .doc(1), prefixLength: 64)) {
        $0.flags = 2
        $0.lifetimes = .init(preferred: 1800, valid: 3600)
      }),
  ]

  static func route4(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ length: UInt8, _ proto: UInt8 = 3)
    -> RouteMessage
  {
    with(RouteMessage(family: 2)) {
      $0.destination = .v4(a, b, c, 0)
      $0.destinationLength = length
      $0.proto = proto
    }
  }

  static let metricRoute: RouteMessage = with(route4(198, 51, 100, 24, 214)) {
    $0.table = 1000
    $0.priority = 100
    $0.metrics = with(RouteMetrics()) {
      $0.values = [2: 1300, 8: 1200]
      $0.congestionControl = "cubic"
    }
    $0.preferredSource = .v4(192, 0, 2, 10)
    $0.gateway = .v4(192, 0, 2, 1)
    $0.output = 2
  }

  static let routes: [Golden] = [
    Golden("route4", .attributes(.route), header: 12, metricRoute),
    Golden("request-route4", .attributes(.cubicRoute, apart: [4]), header: 12, metricRoute),
    Golden("route4-blackhole", header: 12, with(route4(198, 18, 0, 15)) { $0.type = 6 }),
    Golden(
      "route4-nexthop", header: 12,
      with(route4(198, 51, 101, 24)) {
        $0.nexthopID = 7
        $0.gateway = .v4(192, 0, 2, 1)
        $0.output = 2
      }),
    Golden(
      "route4-multipath", header: 12,
      with(route4(203, 0, 113, 24)) {
        $0.legs = [
          with(RouteLeg(output: 2)) {
            $0.weight = 2
            $0.gateway = .v4(192, 0, 2, 1)
          },
          with(RouteLeg(output: 3)) { $0.via = InternetAddress(v6: 0xfe80 << 112 | 1) },
        ]
      }),
    Golden(
      "route6-multipath", header: 12,
      with(RouteMessage(family: 10)) {
        $0.destination = InternetAddress(v6: 0x2001_0db8_0001 << 80)
        $0.destinationLength = 48
        $0.proto = 3
        $0.priority = 1024
        $0.preference = 0
        $0.legs = [
          with(RouteLeg(output: 2)) { $0.gateway = .doc(2) },
          with(RouteLeg(output: 2)) {
            $0.weight = 3
            $0.gateway = .doc(3)
          },
        ]
        $0.cache = .init()
      }),
    Golden(
      "route6", header: 12,
      with(RouteMessage(family: 10)) {
        $0.proto = 9
        $0.priority = 1024
        $0.gateway = .doc(2)
        $0.output = 2
        $0.preference = 1
        $0.cache = .init(expires: 0xea5e)
      }),
    Golden(
      "request-route6", .attributes(.route, besides: [15]), header: 12,
      with(RouteMessage(family: 10)) {
        $0.destination = InternetAddress(v6: 0)
        $0.proto = 9
        $0.priority = 1024
        $0.gateway = .doc(2)
        $0.output = 2
        $0.preference = 1
        $0.expires = 600
      }),
  ]

  static let fullRule: RuleMessage = with(RuleMessage(family: 2)) {
    $0.source = .v4(192, 0, 2, 0)
    $0.sourceLength = 24
    $0.inputName = "v1"
    $0.mark = 0x10
    $0.markMask = 0xf0
    $0.ipProtocol = 6
    $0.destinationPorts = 80...90
    $0.uids = 0...99
    $0.table = 1000
    $0.suppressPrefixLength = 0
    $0.suppressGroup = 7
    $0.priority = 300
    $0.proto = 214
  }

  static let rules: [Golden] = [
    Golden("rule4", header: 12, fullRule),
    Golden("request-rule4", .attributes(.none, apart: [4]), header: 12, fullRule),
    Golden(
      "rule4-goto", header: 12,
      with(RuleMessage(family: 2)) {
        $0.source = .v4(198, 51, 100, 7)
        $0.sourceLength = 32
        $0.action = 2
        $0.flags = 2
        $0.goto = 32766
        $0.suppressPrefixLength = -1
        $0.proto = 0
        $0.priority = 302
      }),
    Golden(
      "rule6-blackhole", header: 12,
      with(RuleMessage(family: 10)) {
        $0.destination = InternetAddress(v6: 0x2001_0db8_0002 << 80)
        $0.destinationLength = 48
        $0.outputName = "br0"
        $0.action = 6
        $0.suppressPrefixLength = -1
        $0.proto = 0
        $0.priority = 301
      }),
  ]

  static let neighbours: [Golden] = [
    Golden(
      "neighbour4", header: 12,
      with(NeighbourMessage(family: 2, index: 2)) {
        $0.destination = .v4(192, 0, 2, 30)
        $0.linkAddress = LinkLayerAddress(mac: 0x0200_0000_0030)
        $0.state = 0x80
        $0.type = 1
        $0.probes = 0
        $0.proto = 4
        $0.cache = .init(confirmed: 3, used: 3, updated: 3, references: 0)
      }),
    Golden(
      "neighbour-proxy", header: 12,
      with(NeighbourMessage(family: 10, index: 2)) {
        $0.destination = .doc(0x30)
        $0.flags = 8
        $0.type = 1
      }),
    Golden(
      "fdb", .attributes(.none), header: 12,
      with(NeighbourMessage(family: 7, index: 4)) {
        $0.linkAddress = LinkLayerAddress(mac: 0x0200_0000_0031)
        $0.state = 0x40
        $0.master = 2
        $0.extendedFlags = 0
        $0.cache = .init(confirmed: 0, used: 0, updated: 0, references: 0)
      }),
    Golden(
      "request-neighbour", .attributes(.none), header: 12,
      with(NeighbourMessage(family: 2, index: 2)) {
        $0.destination = .v4(192, 0, 2, 30)
        $0.linkAddress = LinkLayerAddress(mac: 0x0200_0000_0030)
        $0.state = 0x80
        $0.proto = 4
      }),
    Golden(
      "request-proxy", header: 12,
      with(NeighbourMessage(family: 10, index: 2)) {
        $0.destination = .doc(0x30)
        $0.state = 0x80
        $0.flags = 8
      }),
    Golden(
      "request-fdb", header: 12,
      with(NeighbourMessage(family: 7, index: 4)) {
        $0.linkAddress = LinkLayerAddress(mac: 0x0200_0000_0031)
        $0.state = 0x42
        $0.flags = 4
      }),
  ]

  static func nexthop(_ family: UInt8, _ id: UInt32) -> NexthopMessage {
    with(NexthopMessage(family: family)) { $0.id = id }
  }

  static let nexthops: [Golden] = [
    Golden(
      "nexthop", header: 8,
      with(nexthop(2, 7)) {
        $0.scope = 253
        $0.proto = 4
        $0.output = 2
        $0.gateway = .v4(192, 0, 2, 1)
      }),
    Golden(
      "nexthop6", header: 8,
      with(nexthop(10, 9)) {
        $0.scope = 253
        $0.output = 2
        $0.gateway = .doc(2)
      }),
    Golden("nexthop-blackhole", header: 8, with(nexthop(2, 8)) { $0.isBlackhole = true }),
    Golden(
      "nexthop-group", .part(.none), header: 8,
      with(nexthop(0, 10)) {
        $0.group = [.init(id: 7, weight: 3)]
        $0.groupType = 0
      }),
    Golden(
      "request-nexthop", .attributes(.none), header: 8,
      with(nexthop(2, 20)) {
        $0.flags = 4
        $0.output = 2
        $0.gateway = .v4(192, 0, 2, 1)
      }),
  ]

  static let netconf: [Golden] = [
    Golden(
      "netconf4", .attributes(.none), header: 4,
      with(NetconfMessage(family: 2)) {
        $0.index = 2
        $0.forwarding = 0
        $0.rpFilter = 0
        $0.multicastForwarding = 0
        $0.broadcastForwarding = 0
        $0.proxyNeighbours = 0
        $0.ignoreRoutesWithLinkDown = 0
      }),
    Golden(
      "netconf6", header: 4,
      with(NetconfMessage(family: 10)) {
        $0.index = 2
        $0.forwarding = 0
        $0.multicastForwarding = 0
        $0.proxyNeighbours = 0
        $0.ignoreRoutesWithLinkDown = 0
      }),
  ]

  static let vlans: [Golden] = [
    Golden(
      "request-vlan", .attributes(.bridge), header: 16, BridgeVLANMessage(index: 4, [BridgeVLAN(100...110)])),
    Golden(
      "request-vlan-self", .attributes(.bridge), header: 16,
      BridgeVLANMessage(index: 2, ofBridge: true, [BridgeVLAN(20...20, isPVID: true, isUntagged: true)])),
  ]
}
