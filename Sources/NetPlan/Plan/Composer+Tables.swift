extension Composer {
  /// The nftables tables that the NICs of this file need, once all of them are known.
  mutating func addTables() {
    var bridge = BridgeTable()
    var router = RouterTable()
    for network in topology.networks {
      guard let link = interface(of: network) else { continue }
      add(network, link, &bridge, &router)
    }
    for (nic, tap) in filtered { add(nic, tap, &bridge, &router) }
    for port in named { add(port, &bridge, &router) }
    addReach(&router)
    router.separatesIPv6 = separatesIPv6 && guestRoutes.contains { $0.id.family == .ipv6 }
    if refusesNames() { return }
    if !bridge.isEmpty { want(bridge.table(TableID(.bridge, of: topology.name))) }
    if !router.isEmpty { want(router.table(TableID(.inet, of: topology.name))) }
  }

  mutating func want(_ table: Table) {
    // What cannot be read is not compared; who may apply may read.
    if host.facts.filters == false { return noticeUnreadTables() }
    if host.facts.nft == false {
      return lackingNft()
    }
    target.want(.table(table), because: "filters")
  }

  mutating func lackingNft() {
    lacking(
      nil, "vms", "the program 'nft' is not installed, and filters are made with it",
      hint: "install the package nftables", isShared: true)
  }

  mutating func noticeUnreadTables() {
    noticeUnread("nftables can be read with CAP_NET_ADMIN only: filters are not compared")
  }

  mutating func noticeUnread(_ what: String) {
    let notice = Risk("unread", object: topology.name, what, refusable: false)
    if !target.risks.contains(notice) { target.risks.append(notice) }
  }

  /// What is ours and no longer asked for.
  mutating func pruneTables() {
    for table in observed.tables where table.id.owner.map({ $0 == topology.name }) ?? false {
      if target.wanted[.table(table.id)] == nil { target.drop(.table(table.id), because: "filters") }
    }
  }

  // MARK: Networks

  /// The host alone is on it besides guests.
  func isInside(_ network: Network) -> Bool {
    (network.segment == .own || network.portGroup != nil) && !hostAddresses(of: network).isEmpty
  }

  private func add(
    _ network: Network, _ link: Link, _ bridge: inout BridgeTable, _ router: inout RouterTable
  ) {
    for address in hostAddresses(of: network) { bridge.reserve(address.address) }
    // A bridge of somebody else takes another MAC with each port (`br_stp_recalculate_bridge_id`).
    if isOurs(link) || target.wanted.link(link.name) != nil, let identifier = link.mac?.interfaceIdentifier {
      bridge.reserve(IPAddress(family: .ipv6, value: UInt128(0xfe80) << 112 | identifier))
    }
    guard isInside(network) else { return }
    let name = quoted(link.name)
    router.addInside(name)
    router.insert("reach", "\(name) . \(name)")
    router.limitHost(name, in: "host-reach", to: network.toHost)
    for address in hostAddresses(of: network) where !address.address.isLinkLocal {
      router.insert("home-\(address.family.shortName)", "\(name) . \(address.prefix.element)")
      if let nat = network.nat { router.translate(address.prefix, nat) }
    }
    if network.nat?.out == nil, network.nat != nil || network.route { router.insert("outbound", name) }
    if let out = network.nat?.out, let hardware = hardware(out) {
      router.insert("outbound-by", "\(name) . \(quoted(place(of: hardware)))")
    }
    if network.route { router.insert("inbound", name) }
  }

  /// The interface that a network's `nat: {out: …}` means, found when its bridge was added.
  private func hardware(_ reference: Sourced<HardwareReference>) -> LinkName? { outbound[reference.value] }

  // MARK: NICs

  private mutating func add(
    _ nic: NIC, _ tap: LinkName, _ bridge: inout BridgeTable, _ router: inout RouterTable
  ) {
    let network = nic.network.flatMap { self.network(named: $0.value) }
    let guest = guest(nic, tap.text, network)
    mark(nic)
    for address in guestAddresses(of: nic) { bridge.reserve(address.address) }
    guard let network else {
      router.check(guest)
      return addRouted(nic, tap, &router)
    }
    bridge.add(guest)
    add(nic, on: network, &router)
  }

  /// A guest behind a port that its VM software makes.
  private mutating func add(_ port: NamedPort, _ bridge: inout BridgeTable, _ router: inout RouterTable) {
    let nic = port.nic
    let guest = guest(nic, port.name.text, port.network)
    mark(nic)
    if !port.name.isPattern { target.guestMarks["vms.\(nic.vm).nics.\(nic.name)"]?.port = guest.interface }
    for address in guestAddresses(of: nic) { bridge.reserve(address.address) }
    if isSeen(port) { bridge.add(guest, port, receivingAtMost: nic.limitIn) }
    add(nic, on: port.network, &router)
  }

  private mutating func mark(_ nic: NIC) {
    target.guestMarks["vms.\(nic.vm).nics.\(nic.name)"] = GuestMarks(
      mac: nic.mac, addresses: guestAddresses(of: nic).map(\.address))
  }

  /// What the router knows of a guest by its bridge and MAC.
  private mutating func add(_ nic: NIC, on network: Network, _ router: inout RouterTable) {
    if let nat = network.nat, isInside(network) {
      for prefix in nic.routes { router.translate(prefix.value, nat) }
    }
    for link in interfaces(of: nic, on: network) {
      let name = quoted(link)
      if nic.isolated {
        for address in guestAddresses(of: nic) {
          router.insert("isolated-\(address.family.shortName)", "\(name) . \(address.address)")
        }
      }
      let isItsNetworks = isInside(network) && link == interfaceName(of: network)
      for mac in nic.macs {
        let key = "\(name) . \(mac)"
        if nic.isolated {
          router.insert("isolated", key)
          if isInside(network) { router.insert("isolated-among", "\(key) . \(name)") }
        }
        // Of a network with an uplink others use the same interface, and what one of another network uses says less.
        if !isItsNetworks {
          router.limitHost(key, in: "nic-host-reach", to: nic.toHost)
        } else if nic.toHost != network.toHost {
          router.setHostReach(key, in: "nic-host-reach", to: nic.toHost)
        }
      }
    }
    addForwards(nic, &router)
  }

  func guest(_ nic: NIC, _ interface: String, _ network: Network?) -> GuestChecks.Guest {
    var guest = GuestChecks.Guest(
      interface: "\"\(interface)\"", macs: nic.macs, checks: nic.antiSpoof)
    let own = guestAddresses(of: nic).map(\.address)
    let behind = nic.routes.map(\.value) + nic.alsoPrefixes
    func known(_ family: AddressFamily) -> [IPPrefix] {
      let addresses = own.filter { $0.family == family }.map(IPPrefix.init(host:))
      return addresses.isEmpty ? [] : addresses + behind.filter { $0.family == family }
    }
    guest.ipv4 = known(.ipv4)
    guest.ipv6 = known(.ipv6)
    if let network, network.ra {
      guest.prefixes = hostAddresses(of: network).filter { $0.family == .ipv6 }.map(\.prefix)
    }
    guest.mayTag = !nic.trunk.isEmpty
    guest.blocked = nic.block
    guest.rate = nic.limitOut
    return guest
  }

  private mutating func addRouted(_ nic: NIC, _ tap: LinkName, _ router: inout RouterTable) {
    let name = quoted(tap)
    router.addInside(name)
    router.insert("outbound", name)
    if nic.mode == .tap { router.insert("inbound", name) }
    router.limitHost(name, in: "host-reach", to: nic.toHost)
    for address in guestAddresses(of: nic) {
      router.insert(
        "home-\(address.family.shortName)", "\(name) . \(IPPrefix(host: address.address).element)")
      if nic.mode == .shared { router.translate(IPPrefix(host: address.address), NAT()) }
    }
    if nic.mode == .shared { for prefix in nic.routes { router.translate(prefix.value, NAT()) } }
    addForwards(nic, &router)
  }

  // MARK: Who may talk to whom

  private func addReach(_ router: inout RouterTable) {
    var inside: [String: String] = [:]
    for network in topology.networks {
      if let link = interface(of: network) { inside[network.name] = quoted(link.name) }
    }
    let taps = filtered.filter { $0.nic.network == nil }.map { quoted($0.tap) }
    func ways(_ reach: Reach) -> [String] {
      switch reach {
      case .all: inside.values + taps
      case .networks(let names): names.compactMap { inside[$0] }
      }
    }
    for network in topology.networks where isInside(network) {
      guard let name = inside[network.name] else { continue }
      for way in ways(network.reach) { router.insert("reach", "\(name) . \(way)") }
    }
    for (nic, tap) in filtered where nic.network == nil {
      for way in ways(nic.reach) { router.insert("reach", "\(quoted(tap)) . \(way)") }
    }
    for nic in guestNICs {
      guard let network = nic.network.flatMap({ self.network(named: $0.value) }) else { continue }
      for link in interfaces(of: nic, on: network)
      where nic.reach != network.reach || link != interfaceName(of: network) {
        let name = quoted(link)
        for key in nic.macs.map({ "\(name) . \($0)" }) {
          // In place of its network's, on which it is all the same.
          if isInside(network), link == interfaceName(of: network) {
            router.insert("nic-reaches", key)
            router.insert("nic-reach", "\(key) . \(name)")
          }
          for way in ways(nic.reach) { router.insert("nic-reach", "\(key) . \(way)") }
        }
      }
    }
  }

  /// Names of interfaces are bytes to the kernel and a string in quotes to nft, which knows no escapes and takes a `*` at
  /// the end for a pattern. Names of ours are letters, digits and `_.-`; those of others may be anything.
  private mutating func refusesNames() -> Bool {
    let names = bridges.values.map(\.name) + interfaces.values.map(\.name) + outbound.values.map(place)
    guard let name = names.sorted().first(where: { !$0.text.utf8.allSatisfy(Name.isLetter) }) else {
      return false
    }
    conflict(
      nil, "networks", "the name of the interface '\(name)' cannot stand in nftables rules",
      hint: "give it a name of letters, digits, '_', '.' and '-'")
    return true
  }

  private func quoted(_ name: LinkName) -> String { "\"\(name.text)\"" }
}

extension NIC {
  /// Its own, and those for which it may speak besides.
  fileprivate var macs: [MACAddress] { [mac] + alsoMACs }
}
