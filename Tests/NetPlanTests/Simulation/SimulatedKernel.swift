import Glibc
import NetPlan

/// A kernel in memory: links, addresses, nexthop objects, routes, rules, proxies, disciplines, settings, with the cascades and the error numbers of
/// the real one (net/core/rtnetlink.c, net/ipv4/devinet.c, net/ipv4/fib_semantics.c, net/ipv6/addrconf.c,
/// net/ipv6/route.c, net/bridge/, drivers/net/tun.c). Each rule was seen on Linux 6.18 with iproute2.
struct SimulatedKernel: Sendable {
  /// What the kernel has and lacks.
  struct Features: Sendable, Equatable {
    var vlanFiltering = true
    var vlanInterfaces = true
    var forceForwarding = true
    /// `net.ipv4.conf.IF.promote_secondaries`, which systemd turns on and the kernel has off.
    var promotesSecondaries = false
  }

  var features = Features()
  /// Every attribute is set; a port's VLANs are there whether its bridge filters or not.
  var links: [LinkName: Link] = [:]
  /// In the order of the dump: source selection follows it.
  var addresses: [LinkName: [Address]] = [:]
  /// Those that are alike in the order in which they came.
  var routes: [Route] = []
  var nexthops: [UInt32: NexthopObject] = [:]
  var rules: [Rule] = []
  var proxies: [Neighbour] = []
  var qdiscs: [LinkName: Qdisc] = [:]
  var settings: [SysctlKey: String] = [:]
  var tables: [TableID: Table] = [:]
  var netnses: [String: Netns] = [:]
  /// In chains of others.
  var passages: [PassageID: Passage] = [:]
  /// Files among the configuration of others.
  var dropIns: [DropInID: DropIn] = [:]
  var bridgeAccess: [BridgeAccessID: BridgeAccess] = [:]
  /// Whose these are.
  var managers: [ManagerFacts] = []
  /// Bindings of firewalld, by name, whether such an interface is there or not.
  var zones: [LinkName: String] = [:]
  /// The file beside the kernel.
  var ledger: [Former] = []
  /// Programs that run beside it.
  var services: [ServiceID: Service] = [:]
  /// That which outlives it.
  var reservations: [ReservationID: Reservation] = [:]

  /// Bridges whose MTU was changed by hand: they follow their ports no longer (BROPT_MTU_SET_BY_USER).
  var pinnedMTU: Set<LinkName> = []
  /// VLAN interfaces that have the MAC of the interface below because nobody gave them one.
  var inheriting: Set<LinkName> = []
  /// Links that came up and have carrier: the kernel has made their link-local addresses.
  var ready: Set<LinkName> = []
  /// Tables at the hooks of links that have another name since: they drop what comes by a name that they do not know.
  var hooks: [LinkName: TableID] = [:]
  /// IPv6 addresses on which duplicate detection has not ended; they are no source for a route yet.
  var tentative: Set<ObjectID> = []

  struct Refusal: Error {
    var errno: Int32
    init(_ errno: Int32) { self.errno = errno }
  }

  /// What an interface begins with.
  static let usualSettings: [(family: AddressFamily, name: String, value: String)] = [
    (.ipv4, "forwarding", "0"), (.ipv4, "rp_filter", "0"), (.ipv4, "arp_ignore", "0"),
    (.ipv6, "forwarding", "0"), (.ipv6, "accept_ra", "1"), (.ipv6, "proxy_ndp", "0"),
    (.ipv6, "force_forwarding", "0"),
  ]

  init(features: Features = Features()) {
    self.features = features
    addSettings(of: .default)
    settings[.ipv6ForwardingOfAll] = "0"
    var loopback = Link(name: LinkName(kernel: "lo"), kind: .device)
    loopback.mac = MACAddress(bits: 0)
    loopback.mtu = 65536
    loopback.facts = LinkFacts()
    loopback.facts?.loopback = true
    loopback.up = true
    add(loopback)
  }

  /// A link with everything that the kernel gives a new one.
  mutating func add(_ link: Link) {
    var new = link
    new.mac = link.mac ?? MACAddress(bits: 0x0600_0000_0000 | UInt64(links.count) << 8 | 0xaa)
    new.mtu = link.mtu ?? 1500
    new.up = link.up ?? false
    new.altnames = link.altnames ?? []
    new.master = Link.Master.none
    new.addressGeneration = link.addressGeneration ?? .eui64
    new.forwarding = nil
    new.linkGroup = 0
    if link.kind == .tap {
      new.tap.owner = link.tap.owner ?? Link.TAP.Account.none
      new.tap.group = link.tap.group ?? Link.TAP.Account.none
      new.tap.multiQueue = link.tap.multiQueue ?? false
    }
    if link.kind == .bridge {
      new.bridge.stp = link.bridge.stp ?? false
      new.bridge.multicastSnooping = link.bridge.multicastSnooping ?? true
      // A kernel that cannot filter says that it does not.
      new.bridge.vlanFiltering = false
      if features.vlanFiltering {
        let usual = link.bridge.defaultPVID ?? 1
        new.bridge.defaultPVID = usual
        new.bridge.vlanFiltering = link.bridge.vlanFiltering ?? false
        new.vlans = usual == 0 ? [] : [PortVLAN(id: usual, pvid: true, untagged: true)]
      }
    }
    links[link.name] = new
    addSettings(of: link.name)
  }

  private mutating func addSettings(of link: LinkName) {
    settings[SysctlKey(family: .ipv4, link: link, name: "route_localnet")] = "0"
    for setting in SimulatedKernel.usualSettings {
      if setting.name == "force_forwarding", !features.forceForwarding { continue }
      let key = SysctlKey(family: setting.family, link: link, name: setting.name)
      let usual = SysctlKey(family: setting.family, link: .default, name: setting.name)
      settings[key] = settings[usual] ?? setting.value
    }
  }

  static let zoneNames = ["home", "public", "trusted"]

  // MARK: What is seen

  /// With the settings of `settled` in any case.
  func observe(_ settled: Set<LinkName> = []) -> Observation {
    var facts = HostFacts()
    facts.machineID = "0123456789abcdef0123456789abcdef"
    facts.vlanFiltering = features.vlanFiltering
    facts.vlanInterfaces = features.vlanInterfaces
    facts.ipv6 = true
    facts.forceForwarding = features.forceForwarding
    facts.ipv6ForwardsAll = settings[.ipv6ForwardingOfAll] == "1"
    facts.tun = true
    facts.nft = true
    facts.namespaces = netnses.keys.sorted()
    facts.entersNetns = true
    facts.macvtaps = true
    facts.deviceNodes = true
    facts.managers = managers
    facts.zones = Self.zoneNames
    facts.users = [HostFacts.NamedID(name: "alice", id: 1000), HostFacts.NamedID(name: "bob", id: 1001)]
    facts.groups = [HostFacts.NamedID(name: "kvm", id: 108)]
    return Observation(state: state(settled), facts: facts)
  }

  var state: State { state([]) }

  private func state(_ settled: Set<LinkName>) -> State {
    var state = State()
    for former in ledger { state.insert(.former(former)) }
    for netns in netnses.values where ledger.contains(where: { $0.id.netns == netns.name }) {
      state.insert(.netns(netns))
    }
    let mentioned = settled.union(ledger.compactMap(\.mentionedLink))
    for link in links.values {
      var seen = link
      seen.veth = Link.Veth()
      seen.forwarding = settings[SysctlKey(family: .ipv4, link: link.name, name: "forwarding")] != "0"
      state.insert(.link(seen))
    }
    state.joinEnds()
    for (key, value) in settings
    where isObserved(key.link, mentioned) || key.followsAll && !features.forceForwarding {
      state.insert(.sysctl(Sysctl(key: key, value: value)))
    }
    for list in addresses.values {
      for (order, address) in list.enumerated() {
        var seen = address
        seen.order = order
        if isSecondary(address, in: list[..<order]) { seen.secondary = true }
        state.insert(.address(seen))
      }
    }
    for nexthop in nexthops.values { state.insert(.nexthop(nexthop)) }
    for route in routes {
      var seen = route
      while state[.route(seen.id)] != nil { seen.id.ordinal += 1 }
      state.insert(.route(seen))
    }
    for rule in rules { state.insert(.rule(rule)) }
    for proxy in proxies { state.insert(.neighbour(proxy)) }
    for qdisc in qdiscs.values { state.insert(.qdisc(qdisc)) }
    for table in tables.values { state.insert(.table(table)) }
    for passage in passages.values { state.insert(.passage(passage)) }
    for dropIn in dropIns.values { state.insert(.dropIn(dropIn)) }
    for access in bridgeAccess.values { state.insert(.bridgeAccess(access)) }
    for (link, zone) in zones { state.insert(.zone(ZoneBinding(interface: link, zone: zone))) }
    for service in services.values { state.insert(.service(service)) }
    for reservation in reservations.values { state.insert(.reservation(reservation)) }
    return state
  }

  /// As `LinuxHost` has it: ports, foreign TAPs and the loopback only where the ledger or a plan speaks of them.
  private func isObserved(_ name: LinkName?, _ mentioned: Set<LinkName>) -> Bool {
    guard let name, name != .default, let link = links[name] else { return true }
    if mentioned.contains(name) { return true }
    return link.master == Link.Master.none && !(link.kind == .tap && link.owner == nil)
      && link.facts?.loopback != true
  }

  func isSecondary(_ address: Address, in earlier: some Sequence<Address>) -> Bool {
    address.local.family == .ipv4
      && earlier.contains {
        $0.local.family == .ipv4 && $0.local.length == address.local.length && $0.prefix == address.prefix
      }
  }

  /// The end of duplicate detection, a second or so later; it does not begin before the link has carrier
  /// (IF_READY, `addrconf_dad_begin`).
  mutating func passTime() {
    tentative = tentative.filter { id in
      guard case .address(let link, _, _) = id else { return false }
      return !ready.contains(link)
    }
  }
}

extension Address {
  /// The subnet, which for a point-to-point address is the peer's.
  var prefix: IPPrefix { peer.flatMap { IPInterface($0, length: local.length)?.prefix } ?? local.prefix }
}

extension Former {
  var mentionedLink: LinkName? {
    if id.object.hasPrefix("sysctl/") { return SysctlKey(String(id.object.dropFirst(7)))?.link }
    if id.object.hasPrefix("link/") { return LinkName(id.object.dropFirst(5)) }
    return nil
  }
}
