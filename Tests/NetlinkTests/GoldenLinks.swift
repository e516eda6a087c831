import Netlink

extension GoldenTests {
  static func mac(_ last: UInt64) -> LinkLayerAddress { LinkLayerAddress(mac: 0x0200_0000_0000 | last) }

  /// What the recorded links have in common.
  static func link(_ index: Int32, _ name: String, _ last: UInt64, flags: UInt32, queues: UInt32)
    -> LinkMessage
  {
    with(LinkMessage(index: index, name: name)) {
      $0.hardwareType = 1
      $0.flags = flags
      $0.txQueueLength = 1000
      $0.operState = flags & 1 == 1 ? 6 : 2
      $0.linkMode = 0
      $0.mtu = 1500
      $0.minMTU = 68
      $0.maxMTU = 65535
      $0.group = 0
      $0.promiscuity = 0
      $0.allMulticast = 0
      $0.txQueues = queues
      $0.rxQueues = queues
      $0.carrier = true
      $0.protoDown = false
      $0.address = mac(last)
      $0.broadcast = LinkLayerAddress(mac: 0xffff_ffff_ffff)
      $0.qdisc = flags & 1 == 1 ? "noqueue" : "noop"
      $0.ipv4 = with(IPv4Settings()) { $0.values = ipv4Values }
      $0.ipv6 = with(IPv6Settings(addressGeneration: 0)) {
        $0.flags = flags & 1 == 1 ? 0x8000_0000 : 0
        $0.token = InternetAddress(v6: 0)
        $0.values = ipv6Values
      }
    }
  }

  static let ipv4Values: [UInt32] =
    [0, 0, 0, 1, 1, 1, 1, 0, 1] + [UInt32](repeating: 0, count: 17) + [10000, 1000, 0, 0, 0, 0, 1]

  static let ipv6Values: [UInt32] =
    [0, 64, 1500, 1, 1, 1, 1, .max, 4000, 1000, 0, 604_800, 86400, 3, 600, 16, 0, 1, 1, 1]
    + [60000, 0, 0, 0, 0, 0, 0, 1, 0, 0, 10000, 1000, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 3_600_000]
    + [0, 0, 1, 0, 0, 0, 0, 0, 1024, 0, 0xffff, .max, 1, 0, 0, 0]

  static func port(_ number: UInt16) -> BridgePort {
    with(BridgePort()) {
      $0.state = number == 1 ? 3 : 0
      $0.priority = 32
      $0.cost = 2
      $0.hairpin = false
      $0.guarded = number == 1
      $0.rootBlock = false
      $0.fastLeave = false
      $0.multicastToUnicast = false
      $0.learning = number != 1
      $0.unicastFlood = true
      $0.multicastFlood = true
      $0.broadcastFlood = true
      $0.proxyARP = false
      $0.proxyARPWiFi = false
      $0.number = number
      $0.vlanTunnel = false
      $0.groupForwardMask = 0
      $0.neighbourSuppression = false
      $0.isolated = number == 1
      $0.locked = false
      $0.multicastRouter = 1
    }
  }

  static let bridge: BridgeSettings = with(BridgeSettings()) {
    $0.forwardDelay = 200
    $0.helloTime = 200
    $0.maxAge = 2000
    $0.ageingTime = 1000
    $0.stpState = 0
    $0.priority = 0x8000
    $0.vlanFiltering = false
    $0.groupForwardMask = 8
    $0.bridgeID = 0x8000_0200_0000_0001
    $0.rootID = 0x8000_0200_0000_0001
    $0.groupAddress = LinkLayerAddress(mac: 0x0180_c200_0000)
    $0.multicastRouter = 1
    $0.multicastSnooping = false
    $0.multicastQuerier = false
    $0.netfilterIPv4 = false
    $0.netfilterIPv6 = false
    $0.netfilterARP = false
  }

  static let tap: TunSettings = with(TunSettings()) {
    $0.type = 2
    $0.owner = 1000
    $0.group = 100
    $0.packetInformation = false
    $0.vnetHeader = true
    $0.persistent = true
    $0.multiQueue = true
    $0.queues = 0
    $0.disabledQueues = 0
  }

  static let linkAnswers: [Golden] = [
    Golden(
      "link-br", .part(.link), header: 16,
      with(link(2, "br0", 1, flags: 0x11043, queues: 1)) {
        $0.kind = "bridge"
        $0.data = .bridge(bridge)
      }),
    Golden(
      "link-v", .part(.link), header: 16,
      with(link(4, "v0", 2, flags: 0x11043, queues: 2)) {
        $0.kind = "veth"
        $0.portKind = "bridge"
        $0.port = port(1)
        $0.promiscuity = 1
        $0.allMulticast = 1
        $0.master = 2
        $0.lower = 3
        $0.alias = "vnet:demo/office"
        $0.altNames = ["demo.web.eth0"]
        $0.ipv6?.addressGeneration = 1
        $0.ipv6?.values[47] = 1
      }),
    Golden(
      "link-tap", .part(.link), header: 16,
      with(link(5, "tap0", 4, flags: 0x1002, queues: 256)) {
        $0.kind = "tun"
        $0.data = .tun(tap)
        $0.portKind = "bridge"
        $0.port = port(2)
        $0.maxMTU = 65521
        $0.promiscuity = 1
        $0.allMulticast = 1
        $0.master = 2
        $0.carrier = false
        $0.alias = "vnet:demo/web/eth0"
        $0.altNames = ["demo.web.eth1", "second"]
      }),
    Golden(
      "link-m", .part(.link), header: 16,
      with(link(6, "m0", 5, flags: 0x1002, queues: 1)) {
        $0.kind = "macvlan"
        $0.data = .macvlan(
          with(MacvlanSettings()) {
            $0.mode = 4
            $0.flags = 0
          })
        $0.lower = 3
      }),
    Golden(
      "link-macvtap", .part(.link), header: 16,
      with(link(7, "t0", 8, flags: 0x1002, queues: 1)) {
        $0.kind = "macvtap"
        $0.data = .macvlan(
          with(MacvlanSettings()) {
            $0.mode = 2
            $0.flags = 0
          })
        $0.lower = 2
        $0.txQueueLength = 500
        $0.carrier = false
      }),
    Golden(
      "link-vlan", .part(.link), header: 16,
      with(link(5, "x5", 6, flags: 0x1002, queues: 1)) {
        $0.kind = "vlan"
        $0.data = .vlan(
          with(VLANSettings()) {
            $0.id = 5
            $0.proto = 0x88a8
          })
        $0.lower = 3
        $0.carrier = false
        $0.minMTU = 0
        $0.ipv6?.values.removeLast()
      }),
    Golden(
      "link-vrf", .part(.link), header: 16,
      with(link(6, "vrf0", 7, flags: 0x480, queues: 1)) {
        $0.kind = "vrf"
        $0.data = .vrf(table: 1000)
        $0.mtu = 65575
        $0.minMTU = 1280
        $0.maxMTU = 65575
        $0.ipv6?.values.removeLast()
        $0.ipv6?.values[2] = 65575
        $0.ipv6?.values[27] = .max
      }),
    Golden(
      "bridge-port", .part(.bridgePort), header: 16,
      with(LinkMessage(index: 4, name: "v0")) {
        $0.family = 7
        $0.hardwareType = 1
        $0.flags = 0x11043
        $0.master = 2
        $0.mtu = 1500
        $0.operState = 6
        $0.address = mac(2)
        $0.lower = 3
        $0.port = port(1)
      }),
  ]
}
