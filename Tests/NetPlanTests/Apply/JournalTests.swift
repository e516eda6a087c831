import NetPlan
import Testing

@Suite("Journal")
struct JournalTests {
  /// Changes of every kind that random states can give.
  private static func changes(_ seeds: ClosedRange<UInt64>) -> [Change] {
    seeds.flatMap { seed in
      let pair = StatePair(seed: seed)
      return StatePairTests.plan(pair.from, pair.to).changes
    }
  }

  /// An object of each kind with every attribute set.
  private static let full: [Object] = {
    let br = LinkName("br0")!
    var link = Link(name: LinkName("tap0")!, kind: .tap)
    link.alias = "vnet:a \"b\"\n/é"
    link.altnames = ["lab.a.b", "x"]
    link.mac = MACAddress(bits: 0xfe00_0000_0001)
    link.mtu = 1500
    link.up = true
    link.master = .link(br)
    link.addressGeneration = .stableSecret
    link.token = IPAddress("::99")
    link.forwarding = true
    link.linkGroup = 214
    link.bridge.stp = false
    link.bridge.vlanFiltering = true
    link.bridge.multicastSnooping = false
    link.bridge.defaultPVID = 1
    link.port.isolated = true
    link.port.groupForwardMask = Link.Port.bpdus
    link.tap.owner = .id(1000)
    link.tap.group = Link.TAP.Account.none
    link.tap.multiQueue = true
    link.vlans = [PortVLAN(id: 1, pvid: true, untagged: true), PortVLAN(id: 4094)]
    link.facts = LinkFacts()
    link.facts?.permanentMAC = link.mac
    link.facts?.parentDevice = "0000:03:00.0"
    link.facts?.lower = br
    link.facts?.loopback = false
    link.facts?.wireless = true
    link.facts?.carrier = true
    link.facts?.joinPVID = 1
    link.facts?.held = true
    link.vlan = Link.VLAN(4094, on: br)
    link.veth.peer = br
    link.veth.netns = "jail"
    link.netns = "jail"
    link.vfio = "0000:03:00.0"
    link.driver = Link.vfioDriver
    (link.functions, link.offersFunctions) = (7, false)
    link.facts?.functionRoom = FunctionRoom(total: 7, offset: 128, stride: 2)
    link.facts?.function = FunctionID(link: br, number: 3)
    link.macvtap.mode = .vepa
    link.macvtap.allMulticast = true
    var function = VirtualFunction(id: FunctionID(link: br, number: 63))
    function.mac = link.mac
    (function.vlan, function.qos) = (4094, 7)
    (function.spoofCheck, function.trust) = (false, true)
    function.linkState = .disable
    (function.maxRate, function.minRate) = (10_000, 1)
    (function.device, function.driver) = ("0000:03:10.0", "igbvf")
    function.interface = LinkName("eth1v63")
    var address = Address(link: br, local: IPInterface("192.0.2.1/24")!)
    address.peer = IPAddress("192.0.2.2")
    address.broadcast = IPAddress("192.0.2.255")
    address.origin = 214
    address.scope = .other(7)
    address.label = "br0:1"
    address.flags = [.noDetection, .managesTemporary]
    address.lifetime = .until(preferred: 0, valid: .init(UInt32.max))
    address.metric = .max
    address.order = 3
    address.secondary = true
    var route = Route(
      id: RouteID(
        destination: IPPrefix("2001:db8::/32")!, table: .max, metric: .max, tos: 255,
        source: IPPrefix("2001:db8:1::/48"), ordinal: 2),
      kind: .blackhole,
      nexthops: [Nexthop(gateway: IPAddress("fe80::1"), link: br, weight: 256, onlink: true), Nexthop()])
    route.id.advertisement = Advertisement(link: br, router: IPAddress("fe80::1"))
    route.origin = 255
    route.scope = .nowhere
    route.preferredSource = IPAddress("2001:db8::1")
    route.metrics = [Route.Metric(number: 2, value: .max)]
    route.congestionControl = "bbr"
    route.preference = 3
    route.lifetime = .forever
    route.companions = 2
    route.foreign = [30]
    var rule = Rule(
      id: RuleID(
        family: .ipv6, priority: .max, iif: br, oif: br, action: .prohibit, table: .max, rest: "00ff"))
    rule.origin = 214
    var proxy = Neighbour(link: br, address: IPAddress("::1")!)
    proxy.origin = 214
    proxy.linkAddress = MACAddress("52:54:00:00:00:01")
    let sysctl = Sysctl(
      key: SysctlKey(family: .ipv6, link: LinkName("eth0.10")!, name: "accept_ra"), value: "2")
    let qdisc = Qdisc(link: br, rate: 1 << 62, buffer: .max, limit: .max)
    let former = Former(
      id: FormerID(object: "link/eth0", attribute: "up"), value: "false", set: "{\"a\":\"\\n\"}",
      users: ["a", "b"])
    let netns = Netns(name: "jail", owner: "lab", state: .unmounted, objects: [.link(link), .sysctl(sysctl)])
    return [
      .link(link), .netns(netns), .function(function), .address(address), .route(route), .rule(rule),
      .neighbour(proxy),
      .qdisc(qdisc),
      .sysctl(sysctl),
      .former(former),
    ]
  }()

  @Test("an object of each kind comes back from JSON with every attribute", arguments: full)
  func attributes(_ object: Object) throws {
    let json = object.json
    let read = try #require(Object(json: json))
    #expect(read == object)
    #expect(read.json == json)
    func count<Kind: Described>(_ value: Kind) -> (Int, Int) {
      (Kind.fields.count, Kind.fields.count { $0.json(value) != nil })
    }
    let (all, set) = count(object.described)
    #expect(all == set, "an attribute is not set here, and so not tried")
  }

  @Test("a change comes back from JSON as it was")
  func changes() throws {
    for change in Self.changes(1...200) {
      let text = change.json.text()
      let json = try JSON(parsing: Array(text.utf8))
      let read = try #require(Change(json: json), "\(text)")
      #expect(read == change)
      #expect(read.json.text() == text)
    }
  }

  @Test("a journal comes back with its changes and the last stage that was announced")
  func roundTrip() throws {
    let changes = Self.changes(1...20)
    var bytes = Journal(name: "lab", pid: 7, changes: changes).opening
    var last: Stage?
    for stage in Stage.allCases {
      let journal = try #require(try Journal.parse(bytes + [UInt8](repeating: 0, count: 64)))
      #expect(journal.header == Journal(name: "lab", pid: 7, changes: changes).header)
      #expect(journal.changes == changes)
      #expect(journal.announced == last)
      bytes += Journal.mark(stage)
      last = stage
    }
  }

  @Test("an opening that is not complete is no journal, and half a mark is no mark")
  func truncated() throws {
    let opening = Journal(name: "lab", pid: 7, changes: Self.changes(1...5)).opening
    for length in 0..<opening.count {
      let written = Array(opening[..<length])
      #expect(try Journal.parse(written) == nil, "\(length) bytes")
      #expect(
        try Journal.parse(written + [UInt8](repeating: 0, count: opening.count - length)) == nil,
        "\(length) bytes")
    }
    #expect(
      try Journal.parse(opening + Journal.mark(.filter) + Journal.mark(.create).dropLast())?.announced
        == .filter)
    // A way back that goes on behind it ends its line.
    let half = opening + Journal.mark(.raiseBridges).prefix(7) + Journal.mark(puttingBack: [])
    #expect(try Journal.parse(half)?.announced == nil)
  }

  @Test("no damage makes the reader fail in another way than by saying so")
  func damaged() throws {
    let changes = Self.changes(1...6)
    let sound =
      Journal(name: "lab", pid: 7, changes: changes).opening + Journal.mark(.filter) + Journal.mark(.create)
    var random = Random(seed: 3)
    var (damaged, read) = (0, 0)
    for _ in 0..<4000 {
      var bytes = sound
      for _ in 0...random.below(3) {
        switch random.below(4) {
        case 0: bytes[random.below(bytes.count)] = UInt8(random.below(256))
        case 1: bytes.remove(at: random.below(bytes.count))
        case 2: bytes.insert(random.pick(Array("\n+{}\"0,".utf8)), at: random.below(bytes.count))
        default: bytes.removeLast(random.below(bytes.count))
        }
        if bytes.isEmpty { bytes = [0] }
      }
      do {
        if let journal = try Journal.parse(bytes) {
          read += 1
          #expect(journal.changes.count == journal.header.changes)
        }
      } catch {
        damaged += 1
      }
    }
    #expect(damaged > 100 && read > 10, "\(damaged) \(read)")
  }

  @Test("a journal of another version is not half understood")
  func version() {
    let text = "{\"format\":3,\"name\":\"lab\",\"pid\":1,\"changes\":0}\n"
    #expect(throws: Journal.Damage.self) { try Journal.parse(Array(text.utf8)) }
    let more = "{\"format\":2,\"name\":\"lab\",\"pid\":1,\"changes\":0,\"mood\":1}\n"
    #expect(throws: Journal.Damage.self) { try Journal.parse(Array(more.utf8)) }
    let stage = "{\"format\":2,\"name\":\"lab\",\"pid\":1,\"changes\":0}\n+ filter +\n+ unheard-of +\n"
    let damage = #expect(throws: Journal.Damage.self) { try Journal.parse(Array(stage.utf8)) }
    #expect(damage?.line == 3)
    let negative = "{\"format\":2,\"name\":\"lab\",\"pid\":1,\"changes\":-1}\n"
    #expect(throws: Journal.Damage.self) { try Journal.parse(Array(negative.utf8)) }
  }
}
