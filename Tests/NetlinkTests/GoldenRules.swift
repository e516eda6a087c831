import Netlink

extension GoldenTests {
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

  static let qdiscs: [Golden] = [
    Golden(
      "qdisc-tbf", .part(.qdisc), header: 20,
      with(QdiscMessage(index: 2, handle: 0xd6 << 16)) {
        $0.references = 2
        $0.kind = "tbf"
        // 10 ms.
        $0.tokenBucket = TokenBucket(rate: 12_500_000, buffer: 156_250, limit: 625_000)
      }),
    Golden(
      "qdisc-tbf-fast", .part(.qdisc), header: 20,
      with(QdiscMessage(index: 3, handle: 0xd6 << 16)) {
        $0.references = 2
        $0.kind = "tbf"
        $0.tokenBucket = TokenBucket(rate: 5_000_000_000, buffer: 312_500, limit: 200_000_000)
        $0.tokenBucket?.overhead = 4
        $0.tokenBucket?.minimum = 64
      }),
    Golden(
      "qdisc-default", .part(.qdisc), header: 20,
      with(QdiscMessage(index: 4)) {
        $0.references = 1
        $0.kind = "mq"
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
      "vlans", .part(.bridge, apart: [2, 8, 9]), header: 16,
      BridgeVLANMessage(
        index: 4,
        [
          BridgeVLAN(1...1, isUntagged: true), BridgeVLAN(20...20, isPVID: true, isUntagged: true),
          BridgeVLAN(100...110),
        ])),
    Golden(
      "request-vlan", .attributes(.bridge), header: 16, BridgeVLANMessage(index: 4, [BridgeVLAN(100...110)])),
    Golden(
      "request-vlan-self", .attributes(.bridge), header: 16,
      BridgeVLANMessage(index: 2, ofBridge: true, [BridgeVLAN(20...20, isPVID: true, isUntagged: true)])),
  ]
}
