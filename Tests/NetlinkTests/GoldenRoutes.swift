import Netlink

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
}
