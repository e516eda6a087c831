import NetPlan

/// Makes simulated hosts as people have them: hardware NICs with addresses and routes, somebody else's bridge, rules,
/// proxies and settings of their own.
struct RandomHost {
  var random: Random
  private(set) var kernel: SimulatedKernel
  /// Everything but the hardware is made by requests.
  private(set) var requests: [Request] = []
  /// Stand-ins that any kernel can make, as nobody can plug in hardware, nor hold a TAP.
  private let isReplica: Bool
  /// Decides whose addresses somebody manages who states their prefixes himself; nil where nobody does.
  private var managed: Random?

  static let hardware = ["eth0", "eth1", "eth2"].map { LinkName($0)! }
  static let foreignBridge = LinkName("virbr0")!

  /// With `features`, those of a real kernel, a host that can be made there too.
  init(_ random: Random, like features: SimulatedKernel.Features? = nil, isManaged: Bool = false) {
    self.random = random
    var other = random
    managed = isManaged ? Random(seed: other.next() ^ 0x1111_1111) : nil
    isReplica = features != nil
    var usual = SimulatedKernel.Features()
    usual.promotesSecondaries = self.random.chance(40)
    usual.vlanFiltering = self.random.chance(85)
    usual.forceForwarding = self.random.chance(85)
    kernel = SimulatedKernel(features: features ?? usual)
    // Of its own, so that a seed gives otherwise what it gave before.
    var copy = self.random
    var managers = Random(seed: ~copy.next())
    kernel.managers = InterfaceManager.allCases.map {
      ManagerFacts($0, managers.pick([.running, .running, .installed, .elsewhere]))
    }
    for (number, name) in RandomHost.hardware.enumerated() { addHardware(name, number) }
    addForeignBridge()
    if self.random.chance(30) { addRules() }
    kernel.passTime()
  }

  static func make(_ seed: UInt64) -> SimulatedKernel { RandomHost(Random(seed: seed)).kernel }

  private mutating func perform(_ request: Request) {
    requests.append(request)
    try? kernel.perform(request)
  }

  private mutating func change(_ name: LinkName, _ edit: (inout Link) -> Void) {
    let before = kernel.links[name]!
    var after = before
    edit(&after)
    perform(.set(before, after))
  }

  private mutating func addHardware(_ name: LinkName, _ number: Int) {
    var link = Link(name: name, kind: number == 2 && random.chance(50) ? .veth : .device)
    if isReplica { link.kind = .veth }
    link.mac = MACAddress(bits: 0x5254_0000_0100 | UInt64(number))
    link.facts = LinkFacts()
    link.facts?.permanentMAC = link.mac
    kernel.add(link)
    if random.chance(20) { change(name) { $0.mtu = 9000 } }
    if random.chance(15) { change(name) { $0.addressGeneration = Link.AddressGeneration.none } }
    if random.chance(20) {
      perform(.write(Sysctl(key: SysctlKey(family: .ipv4, link: name, name: "rp_filter"), value: "2")))
    }
    if random.chance(20) {
      perform(.write(Sysctl(key: SysctlKey(family: .ipv6, link: name, name: "accept_ra"), value: "2")))
    }
    if random.chance(10) {
      perform(.write(Sysctl(key: SysctlKey(family: .ipv4, link: name, name: "forwarding"), value: "1")))
    }
    if random.chance(90) { change(name) { $0.up = true } }
    if random.chance(80) { addAddresses(name, number) }
    if random.chance(70) { addRoutes(name, number) }
    if random.chance(30) { addNexthops(name, number) }
    if random.chance(15) {
      perform(.addProxy(Neighbour(link: name, address: .v4(10, UInt8(number), 9, UInt8(random.below(4))))))
    }
  }

  private mutating func addAddresses(_ name: LinkName, _ number: Int) {
    // Somebody who states the prefix of each address himself, in the kernel's name.
    let isManaged = managed?.chance(25) ?? false
    for _ in 0...random.below(3) {
      let host = UInt8(random.pick([5, 9, 10, 130, 200]))
      var address = Address(
        link: name, local: IPInterface(.v4(192, 0, UInt8(number), host), length: random.pick([24, 24, 25]))!)
      if random.chance(20) { address.label = "\(name):a" }
      if random.chance(50) { address.broadcast = address.local.prefix.last }
      if random.chance(15) { address.lifetime = .until(preferred: 8_000_000, valid: 9_000_000) }
      if isManaged { address.flags = [.noPrefixRoute] }
      perform(.addAddress(address, replacing: false))
      if isManaged { statePrefix(of: address) }
    }
    if random.chance(15) {
      var point = Address(link: name, local: IPInterface(host: .v4(10, UInt8(number), 0, 1)))
      point.peer = .v4(10, UInt8(number), 0, 2)
      perform(.addAddress(point, replacing: false))
    }
    for _ in 0..<random.below(3) {
      let value = UInt128(0x2001_0db8) << 96 | UInt128(number) << 64 | UInt128(random.pick([5, 7, 9]))
      var address = Address(
        link: name, local: IPInterface(IPAddress(family: .ipv6, value: value), length: 64)!)
      if random.chance(20) { address.flags = [.noPrefixRoute] }
      perform(.addAddress(address, replacing: false))
    }
    kernel.passTime()
  }

  private mutating func statePrefix(of address: Address) {
    var route = Route(
      id: RouteID(destination: address.local.prefix, metric: 100), nexthops: [Nexthop(link: address.link)])
    route.scope = .link
    route.origin = 2  // RTPROT_KERNEL
    if managed!.chance(70) { route.preferredSource = address.local.address }
    perform(.addRoute(route, replacing: false))
  }

  private mutating func addRoutes(_ name: LinkName, _ number: Int) {
    let metric = UInt32(number * 100)
    let gateway = IPAddress.v4(192, 0, UInt8(number), 1)
    add(
      Route(
        id: RouteID(destination: .all(.ipv4), metric: metric),
        nexthops: [Nexthop(gateway: gateway, link: name)]))
    let gateway6 = IPAddress("fe80::1")!
    if random.chance(70) {
      var route = Route(
        id: RouteID(destination: .all(.ipv6), metric: 1024 + metric),
        nexthops: [Nexthop(gateway: gateway6, link: name)])
      if random.chance(30) {
        route.origin = 9  // RTPROT_RA
        route.lifetime = .until(preferred: 9_000_000, valid: 9_000_000)
      }
      add(route)
    }
    if random.chance(40) {
      var route = Route(
        id: RouteID(
          destination: IPPrefix(.v4(198, 51, UInt8(number), 0), length: 24)!, table: random.pick([254, 100])),
        nexthops: [Nexthop(gateway: gateway, link: name)])
      route.metrics = [Route.Metric(number: 2, value: 1400)]
      route.preferredSource = kernel.addresses[name]?.first { $0.local.family == .ipv4 }?.local.address
      add(route)
    }
    if random.chance(20) {
      var route = Route(
        id: RouteID(destination: IPPrefix(.v4(203, 0, UInt8(number), 0), length: 24)!),
        nexthops: [Nexthop(link: name)])
      route.scope = .link
      add(route)
    }
    addAlike(name, gateway)
    if random.chance(20) {
      let destination = IPPrefix(IPAddress("2001:db8:f0::")!, length: 48)!
      var route = Route(
        id: RouteID(destination: destination, metric: 1024 + metric),
        nexthops: [Nexthop(gateway: gateway6, link: name)])
      route.preferredSource =
        kernel.addresses[name]?.first {
          $0.local.family == .ipv6 && !$0.local.address.isLinkLocal
        }?.local.address
      add(route)
    }
  }

  /// Routes that only their order tells apart, by every link in turn.
  private mutating func addAlike(_ name: LinkName, _ gateway: IPAddress) {
    let ways = [Nexthop(link: name), Nexthop(gateway: gateway, link: name)]
    for (destination, ways) in [("203.0.113.0", ways), ("2001:db8:f2::", [ways[0]])] {
      for way in ways where random.chance(35) {
        let address = IPAddress(destination)!
        // The first address that is given to a link takes its routes along when it goes.
        if address.family == .ipv4,
          !(kernel.addresses[name] ?? []).contains(where: { $0.local.family == .ipv4 })
        {
          continue
        }
        var route = Route(
          id: RouteID(
            destination: IPPrefix(address, length: address.family == .ipv4 ? 24 : 48)!, metric: 9, ordinal: 1),
          nexthops: [way])
        route.scope = way.gateway == nil && address.family == .ipv4 ? .link : .global
        add(route)
      }
    }
  }

  /// Single ones, a group of them, routes by either; one group has members by several links.
  private mutating func addNexthops(_ name: LinkName, _ number: Int) {
    let first = UInt32(number * 10 + 20)
    let gateway = IPAddress.v4(192, 0, UInt8(number), 1)
    var hop = NexthopObject(id: first, family: .ipv4, gateway: gateway, link: name)
    hop.origin = random.pick([0, 42])
    perform(.addNexthop(hop, replacing: false))
    perform(
      .addNexthop(
        NexthopObject(id: first + 1, family: .ipv4, gateway: .v4(172, 16, 0, 1), link: name, onlink: true),
        replacing: false))
    let gateway6 = IPAddress("fe80::1")!
    perform(
      .addNexthop(
        NexthopObject(id: first + 2, family: .ipv6, gateway: gateway6, link: name), replacing: false))
    var members = [first, first + 1].filter { kernel.nexthops[$0] != nil }.map {
      NexthopObject.Member(id: $0)
    }
    if !members.isEmpty {
      members[0].weight = 3
      perform(.addNexthop(NexthopObject(id: UInt32(number + 5), group: members), replacing: false))
    }
    if random.chance(50), let other = kernel.nexthops.keys.sorted().first(where: { $0 >= 20 && $0 < first }) {
      members.append(NexthopObject.Member(id: other))
      perform(.addNexthop(NexthopObject(id: UInt32(number + 10), group: members), replacing: false))
    }
    for (place, id) in [first, UInt32(number + 5), UInt32(number + 10)].enumerated() where random.chance(60) {
      var route = Route(
        id: RouteID(destination: IPPrefix(.v4(100, UInt8(64 + number), UInt8(place), 0), length: 24)!),
        nexthops: [Nexthop(id: id)])
      if random.chance(50) {
        route.preferredSource = kernel.addresses[name]?.first { $0.local.family == .ipv4 }?.local.address
      }
      add(route)
    }
    let destination = IPPrefix(IPAddress("2001:db8:f1::")!, length: 48)!
    var route = Route(
      id: RouteID(destination: destination, metric: 1024 + first), nexthops: [Nexthop(id: first + 2)])
    route.preferredSource =
      kernel.addresses[name]?.first { $0.local.family == .ipv6 && !$0.local.address.isLinkLocal }?.local
      .address
    add(route)
  }

  private mutating func add(_ route: Route) {
    var route = route
    route.origin = route.origin ?? 3  // RTPROT_BOOT
    perform(.addRoute(route, replacing: false))
  }

  private mutating func addForeignBridge() {
    var bridge = Link(name: RandomHost.foreignBridge, kind: .bridge)
    bridge.mac = MACAddress(bits: 0x5254_0000_0200)
    if random.chance(40), kernel.features.vlanFiltering { bridge.bridge.vlanFiltering = true }
    perform(.createLink(bridge))
    change(bridge.name) { $0.up = true }
    perform(
      .addAddress(
        Address(link: bridge.name, local: IPInterface(.v4(10, 99, 0, 1), length: 24)!), replacing: false))
    var tap = Link(name: LinkName("foreign0")!, kind: .tap)
    tap.mac = MACAddress(bits: 0x5254_0000_0201)
    perform(.createTAP(tap))
    if random.chance(50), !isReplica {
      kernel.links[tap.name]!.facts = LinkFacts()
      kernel.links[tap.name]!.facts?.carrier = true
    }
    change(tap.name) {
      $0.master = .link(bridge.name)
      $0.up = true
    }
    if random.chance(50) { perform(.setPort(tap.name, .alone)) }
  }

  private mutating func addRules() {
    var rule = Rule(
      id: RuleID(
        family: .ipv4, priority: 3000, iif: RandomHost.hardware[random.below(2)], action: .lookup, table: 100)
    )
    rule.origin = 3
    perform(.addRule(rule))
    perform(.addRule(Rule(id: RuleID(family: .ipv6, priority: 3001, action: .lookup, table: 101))))
  }
}
