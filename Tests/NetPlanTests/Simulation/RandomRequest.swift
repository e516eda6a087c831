import NetPlan

/// Requests at random, most of which fit the state they are made for: whatever a kernel accepts is a state it can be in.
struct RandomRequest {
  var random: Random
  /// For rates: a seed gives what it gave before there were any.
  private var others: Random

  /// Decides what VLAN interfaces there are, by itself: all else is the same without them.
  var vlans: Random
  /// The same for zones.
  private var zones: Random

  init(_ random: Random) {
    self.random = random
    var copy = random
    let seed = copy.next()
    (vlans, others, zones) = (Random(seed: seed), Random(seed: ~seed), Random(seed: seed &+ 1))
  }

  private mutating func port() -> Link.Port {
    var port = Link.Port()
    port.isolated = random.chance(60)
    if others.chance(30) { port.groupForwardMask = others.chance(50) ? Link.Port.bpdus : 0 }
    return port
  }

  static let names = ["br0", "br1", "br2", "t0", "t1", "t2", "t3"].map { LinkName($0)! }

  /// `count` requests, one after another; those that are refused change nothing.
  /// With `stacks` there are VLAN interfaces in the end. Plans make them on bridges alone, which random topologies try.
  @discardableResult
  mutating func disturb(_ kernel: inout SimulatedKernel, _ count: Int, stacks: Bool = false) -> [Request] {
    var requests: [Request] = []
    func perform(_ request: Request) {
      requests.append(request)
      try? kernel.perform(request)
    }
    for _ in 0..<count {
      let request = request(kernel)
      perform(request)
      switch request {
      // An alias that was never set cannot be taken away again: links have one from the start.
      case .createTAP(let link), .createLink(let link):
        guard let bare = kernel.links[link.name], bare.alias == nil else { break }
        var named = bare
        named.alias = "vnet:lab/x"
        perform(.set(bare, named))
      default: break
      }
      if let discipline = discipline(kernel) { perform(discipline) }
      if zones.chance(15) {
        perform(.setZone(zones.pick(Self.names), zones.pick([nil, "public", "trusted"])))
      }
      kernel.passTime()
    }
    for _ in 0..<(stacks ? 1 + vlans.below(8) : 0) {
      for request in stacking(kernel) { perform(request) }
      kernel.passTime()
    }
    return requests
  }

  private mutating func request(_ kernel: SimulatedKernel) -> Request {
    switch random.below(20) {
    case 0, 1: creation(kernel)
    case 2: .deleteLinks([random.pick(Self.names)])
    case 3...7: change(of: link(kernel), kernel)
    case 8...11: .addAddress(address(on: link(kernel)), replacing: false)
    case 12: removal(kernel)
    case 13...15: .addRoute(route(kernel), replacing: random.chance(20))
    case 16: rule()
    case 17: .addProxy(proxy(on: link(kernel)))
    case 18: .write(setting(of: link(kernel)))
    default: ledger()
    }
  }

  private mutating func link(_ kernel: SimulatedKernel) -> LinkName {
    random.pick(
      kernel.links.values.filter { $0.kind != .vlan && !["lo", "virbr0", "foreign0"].contains($0.name.text) }
        .map(\.name).sorted())
  }

  private mutating func creation(_ kernel: SimulatedKernel) -> Request {
    let name = random.pick(Self.names)
    var link = Link(name: name, kind: name.text.hasPrefix("b") ? .bridge : .tap)
    link.mac = MACAddress(bits: 0x0200_0000_0000 | UInt64(random.below(1 << 16)))
    guard link.kind == .tap else {
      link.bridge.defaultPVID = kernel.features.vlanFiltering ? 0 : nil
      return .createLink(link)
    }
    link.tap.multiQueue = random.chance(30)
    link.tap.owner = random.chance(30) ? .id(1000) : Link.TAP.Account.none
    return .createTAP(link)
  }

  private mutating func change(of name: LinkName, _ kernel: SimulatedKernel) -> Request {
    let before = kernel.links[name]!
    var after = before
    switch random.below(9) {
    case 0: after.mtu = random.pick([1300, 1400, 1500, 9000])
    case 1: after.up = random.chance(75)
    case 2: after.addressGeneration = random.pick([.eui64, Link.AddressGeneration.none])
    case 3 where before.alias != nil: after.alias = random.pick(["vnet:lab/x", "vnet:lab/y", "somebody's"])
    case 4, 5:
      guard before.kind != .bridge else { return .set(before, before) }
      let bridges = kernel.links.values.filter { $0.kind == .bridge && $0.name != RandomHost.foreignBridge }
        .map(\.name).sorted()
      after.master = bridges.isEmpty || random.chance(25) ? Link.Master.none : .link(random.pick(bridges))
    case 6:
      if before.kind == .tap {
        var tap = before.tap
        tap.owner = .id(UInt32(1000 + random.below(2)))
        return .setAccounts(name, tap)
      }
      return .setPort(name, port())
    case 7: return .setPort(name, port())
    default:
      if before.kind == .bridge {
        after.bridge.stp = random.chance(30)
        after.bridge.vlanFiltering = kernel.features.vlanFiltering ? random.chance(50) : nil
      } else {
        let id = UInt16(random.pick([10, 20, 30]))
        return .addVLANs(name, [PortVLAN(id: id, pvid: random.chance(40), untagged: random.chance(40))])
      }
    }
    return .set(before, after)
  }

  private mutating func address(on link: LinkName) -> Address {
    let number = UInt8(random.below(3))
    var address: Address
    if random.chance(55) {
      let local = IPInterface(
        .v4(10, 1, number, UInt8(1 + random.below(4))), length: random.pick([24, 25, 32]))!
      address = Address(link: link, local: local)
      if random.chance(30) { address.broadcast = local.prefix.last }
      if random.chance(15) { address.label = "\(link):x" }
    } else {
      let value = UInt128(0x2001_0db8) << 96 | UInt128(number) << 64 | UInt128(1 + random.below(4))
      address = Address(
        link: link,
        local: IPInterface(IPAddress(family: .ipv6, value: value), length: random.pick([64, 64, 128]))!)
      if random.chance(20) { address.flags = [.noDetection] }
    }
    address.origin = random.chance(50) ? 214 : 0
    return address
  }

  private mutating func removal(_ kernel: SimulatedKernel) -> Request {
    let objects = kernel.state.sorted.filter {
      $0.link == nil && $0.netns == nil && $0.sysctl == nil && $0.qdisc == nil && $0.zone == nil
    }
    if objects.isEmpty { return ledger() }
    switch random.pick(objects) {
    case .address(let address): return .deleteAddress(address)
    case .route(let route): return .deleteRoute(route)
    case .nexthop(let nexthop): return .deleteNexthop(nexthop.id)
    case .rule(let rule): return .deleteRule(rule)
    case .neighbour(let proxy): return .deleteProxy(proxy)
    case .former(let former): return .ledger(gone: [former.id], new: [])
    case .table(let table): return .deleteTable(table.id)
    case .passage(let passage): return .setPassage(passage.id, nil)
    case .dropIn(let dropIn): return .writeFile(dropIn.id, nil)
    case .bridgeAccess(let access): return .writeAccess(access.id, nil)
    case .service(let service): return .serve(service.id, nil)
    case .reservation(let reservation): return .reserve(gone: [reservation.id], new: [])
    case .link, .netns, .function, .qdisc, .sysctl, .zone: return ledger()
    }
  }

  private mutating func route(_ kernel: SimulatedKernel) -> Route {
    let number = UInt8(random.below(4))
    let name = link(kernel)
    let isIPv4 = random.chance(60)
    let destination =
      isIPv4
      ? IPPrefix(.v4(172, 30, number, 0), length: 24)!
      : IPPrefix(
        IPAddress(family: .ipv6, value: UInt128(0x2001_0db9) << 96 | UInt128(number) << 64), length: 64)!
    var nexthop = Nexthop(link: name)
    let own = (kernel.addresses[name] ?? []).filter {
      $0.local.family == destination.family && $0.local.length < $0.local.family.bits
    }
    if !own.isEmpty, random.chance(60) {
      nexthop.gateway = random.pick(own).local.prefix.address.advanced(by: 77)
    }
    var route = Route(
      id: RouteID(destination: destination, table: random.pick([254, 100]), metric: isIPv4 ? 0 : 1024),
      nexthops: [nexthop])
    route.origin = random.chance(50) ? 214 : 3
    route.scope = isIPv4 && nexthop.gateway == nil ? .link : .global
    let sources = kernel.addresses.values.joined().filter {
      $0.local.family == destination.family && $0.origin != 3
    }
    .map(\.local.address).sorted()
    if !sources.isEmpty, random.chance(15) { route.preferredSource = random.pick(sources) }
    return route
  }

  private mutating func rule() -> Request {
    let id = RuleID(
      family: random.pick([.ipv4, .ipv6]), priority: UInt32(300 + random.below(4)),
      iif: random.chance(40) ? random.pick(Self.names) : nil, action: .lookup, table: 100)
    return .addRule(Rule(id: id))
  }

  private mutating func proxy(on link: LinkName) -> Neighbour {
    var proxy = Neighbour(link: link, address: .v4(10, 9, 9, UInt8(random.below(4))))
    proxy.origin = random.pick([0, 214])
    return proxy
  }

  /// Comes, changes or goes.
  private mutating func discipline(_ kernel: SimulatedKernel) -> Request? {
    let taps = kernel.links.values.filter { $0.kind == .tap && $0.owner != nil }.map(\.name).sorted()
    guard !taps.isEmpty, others.chance(15) else { return nil }
    let link = others.pick(taps)
    if let there = kernel.qdiscs[link], others.chance(30) { return .deleteQdisc(there) }
    let rate = others.pick([1_000, 100_000_000, 40_000_000_000] as [UInt64])
    let qdisc = Qdisc(link: link, rate: rate, mtu: others.pick([1500, 9000]))
    return .setQdisc(qdisc, replacing: kernel.qdiscs[link] != nil)
  }

  private mutating func setting(of link: LinkName) -> Sysctl {
    let usual = random.pick(SimulatedKernel.usualSettings)
    return Sysctl(
      key: SysctlKey(family: usual.family, link: link, name: usual.name), value: String(random.below(3)))
  }

  private mutating func ledger() -> Request {
    let id = FormerID(object: "link/eth\(random.below(3))", attribute: random.pick(["up", "addrgenmode"]))
    let former = Former(id: id, value: "false", set: "true", users: random.some(of: ["a", "b"], 70))
    return .ledger(gone: [], new: [former])
  }
}
