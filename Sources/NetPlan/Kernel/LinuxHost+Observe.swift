internal import Glibc
internal import Netlink

extension LinuxHost {
  package mutating func observe() throws(HostError) -> Observation {
    let part = Stopwatch.part()
    defer { Stopwatch.end(part, "observe") }
    return try look()
  }

  private mutating func look() throws(HostError) -> Observation {
    // nft takes as long for its tables as the kernel for its links.
    let reading = try beginRuleset(all: true)
    let listed: [LinkMessage]
    do throws(NetlinkError) {
      listed = try listLinks()
    } catch {
      throw HostError(error)
    }
    let ruleset = end(reading)
    var state = try readRecords(ruleset)
    // Who may not look at rules may not ask for them either.
    if ruleset != nil { try readZones(into: &state) }
    if managers == nil { managers = try Managers.facts() }
    let namespaces = asksNamespaces ? try Disk.entries(Netns.folder) : nil
    do throws(NetlinkError) {
      try observe(into: &state, listed)
      var facts = try readFacts()
      facts.managers = managers ?? []
      facts.filters = ruleset != nil
      facts.firewalls = foreignChains
      (facts.zones, facts.zonesUnread) = (zones, zonesUnread)
      facts.listeners = listeners
      if let namespaces {
        facts.namespaces = namespaces
        facts.entersNetns = Capability.sysAdmin.isEffective
      }
      return Observation(state: state, facts: facts)
    } catch {
      throw HostError(error)
    }
  }

  package mutating func observe(concerning names: Set<LinkName>) throws(HostError) -> State {
    let part = Stopwatch.part()
    defer { Stopwatch.end(part, "verify") }
    // To be asked for one link costs the kernel as much as to list three.
    if names.count * 3 > links.count { return try look().state }
    var state = try readRecords(readRuleset(all: hasPassages))
    try readZones(into: &state)
    do throws(NetlinkError) {
      try observe(into: &state, only: names)
      return state
    } catch {
      throw HostError(error)
    }
  }

  /// What of nftables is ours, and what is kept in files because no kernel keeps it.
  private mutating func readRecords(_ ruleset: [Object]?) throws(HostError) -> State {
    var state = State(
      try (ruleset ?? []) + ledger.read() + reservations.read() + services.read() + dropIns.read()
        + bridgeAccess.read())
    for netns in try readNamespaces(state) { state.insert(netns) }
    for link in try readAssigned(state) { state.insert(link) }
    return state
  }

  /// Of the links and their settings, those of `names` or all, which may be `listed` already.
  mutating func observe(
    into state: inout State, _ listed: [LinkMessage]? = nil, only names: Set<LinkName>? = nil
  ) throws(NetlinkError) {
    // The clock of address lifetimes.
    let now = Deadline.now / 1000
    let mentioned = Set(state.formers.compactMap(\.mentionedLink))
    let messages =
      if let listed { listed } else if let names { try askForLinks(names) } else { try listLinks() }
    let facts = try readFacts()
    let wireless = try findWireless(among: messages)
    var vlans: [Int32: [PortVLAN]] = [:]
    // Ports have VLANs whether their bridge filters by them yet or not.
    if facts.vlanFiltering == true { vlans = try readVLANs(of: messages, all: names == nil) }
    let qdiscs = try readQdiscs(of: messages)
    state.objects.reserveCapacity(messages.count * 2)
    for message in messages {
      guard var link = Link(message, links) else { continue }
      if wireless.contains(message.index) {
        link.facts = link.facts ?? LinkFacts()
        link.facts?.wireless = true
      }
      link.vlans = vlans[message.index]
      if let message = qdiscs[message.index] { observe(message, of: &link, &state) }
      observeSettings(of: link, message, mentioned: mentioned, &state)
      state.insert(.link(link))
    }
    if names?.contains(.default) ?? true {
      for key in Sysctl.observedKeys(of: .default) + [.ipv6ForwardingOfAll] {
        if let value = try ProcFile.setting("/proc/sys/" + key.path) {
          state.insert(.sysctl(Sysctl(key: key, value: value)))
        }
      }
    }
    state.joinEnds()
    try observeFunctions(of: messages, &state)
    observeNodes(of: messages, isWhole: names == nil, &state)
    try observeAddresses(&state, now)
    try observeRouting(&state, now)
  }

  private mutating func listLinks() throws(NetlinkError) -> [LinkMessage] {
    let messages = try dumpLinks()
    links.removeAll()
    for message in messages {
      if let name = message.name { links.insert(LinkName(kernel: name), UInt32(message.index)) }
    }
    return messages
  }

  /// Those of them that are there.
  private mutating func askForLinks(_ names: Set<LinkName>) throws(NetlinkError) -> [LinkMessage] {
    var messages: [LinkMessage] = []
    for name in names {
      links.forget(name)
      do throws(NetlinkError) {
        let message = try socket.link(named: name.text)
        // The kernel also looks among the alternative names.
        guard message.name == name.text else { continue }
        links.insert(name, UInt32(message.index))
        messages.append(message)
      } catch {
        guard error.errno == ENODEV else { throw error }
      }
    }
    return messages
  }

  package mutating func look(for changes: [Change]) {
    asksZones = asksZones || changes.contains { $0.id.isZone }
    settled.formUnion(changes.compactMap(\.id.settledLink))
    listsAhead = !changes.contains { change in (change.after ?? change.before)?.table?.id.device != nil }
  }

  /// Ports, TAPs of others and the loopback only where the ledger or a plan speaks of their settings.
  private func observeSettings(
    of link: Link, _ message: LinkMessage, mentioned: Set<LinkName>, _ state: inout State
  ) {
    let isPort = link.master != Link.Master.none
    let isForeignTAP = link.kind == .tap && link.owner == nil
    guard
      mentioned.contains(link.name) || settled.contains(link.name)
        || (!isPort && !isForeignTAP && link.facts?.loopback != true)
    else {
      // It changes with that of all.
      if facts?.forceForwarding == false, let own = Sysctl.ipv6Forwarding(of: message, link.name) {
        state.insert(.sysctl(own))
      }
      return
    }
    for sysctl in Sysctl.settings(of: message, link.name) { state.insert(.sysctl(sysctl)) }
  }

  mutating func dumpLinks() throws(NetlinkError) -> [LinkMessage] {
    try socket.dumpLinks()
  }

  /// Of every bridge and every port of one, by index.
  private mutating func readVLANs(
    of messages: [LinkMessage], all: Bool
  ) throws(NetlinkError) -> [Int32: [PortVLAN]] {
    var result: [Int32: [PortVLAN]] = [:]
    for message in messages where message.kind == "bridge" || message.portKind == "bridge" {
      result[message.index] = []
      if !all { try addVLANs(of: UInt32(message.index), to: &result) }
    }
    if all, !result.isEmpty { try addVLANs(of: 0, to: &result) }
    return result
  }

  private mutating func addVLANs(of index: UInt32, to result: inout [Int32: [PortVLAN]]) throws(NetlinkError)
  {
    for message in try socket.dumpVLANs(index: index) {
      result[message.index]? += [PortVLAN](message.vlans)
    }
  }

  private mutating func observeAddresses(_ state: inout State, _ now: UInt64) throws(NetlinkError) {
    for (order, message) in try socket.dumpAddresses().enumerated() {
      if let address = Address(message, links, now: now, order: order) { state.insert(.address(address)) }
    }
  }

  private mutating func observeRouting(_ state: inout State, _ now: UInt64) throws(NetlinkError) {
    advertised.removeAll()
    for message in try dumpNexthops() {
      if let nexthop = NexthopObject(message, links) { state.insert(.nexthop(nexthop)) }
    }
    let stated = StatedPrefixes(of: state.addresses)
    // Of a family that it does not have the kernel tells nothing, or what there is of the others (`rtnl_dump_all`).
    let hasIPv6 = try readFacts().ipv6 != false
    for family in AddressFamily.allCases where family == .ipv4 || hasIPv6 {
      let messages = try socket.dumpRoutes(family: family.rawValue)
      let kernels = AdvertisedRoutes(among: messages)
      for message in messages {
        guard
          var route = Route(
            message, links, now: now, isAdvertised: kernels.contains(message, links),
            isStated: stated.contains(message, links))
        else { continue }
        if route.id.advertisement != nil { advertised.insert(route.id.first) }
        while state[.route(route.id)] != nil { route.id.ordinal += 1 }
        state.insert(.route(route))
      }
      for rule in try socket.dumpRules(family: family.rawValue).compactMap(Rule.init) {
        state.insert(.rule(rule))
      }
      for message in try socket.dumpProxies(family: family.rawValue) {
        if let proxy = Neighbour(message, links) { state.insert(.neighbour(proxy)) }
      }
      for message in try socket.dumpNeighbours(family: family.rawValue) where message.state & 0x80 != 0 {
        if let neighbour = Neighbour(message, links) { state.insert(.neighbour(neighbour)) }
      }
    }
  }

  /// Linux before 5.3 has no nexthop objects.
  private mutating func dumpNexthops() throws(NetlinkError) -> [NexthopMessage] {
    do throws(NetlinkError) {
      return try socket.dumpNexthops()
    } catch {
      if error.errno == EOPNOTSUPP { return [] }
      throw error
    }
  }
}

extension Former {
  /// The link whose settings the ledger keeps.
  fileprivate var mentionedLink: LinkName? {
    if id.object.hasPrefix("sysctl/") { return SysctlKey(String(id.object.dropFirst(7)))?.link }
    if id.object.hasPrefix("link/") { return LinkName(id.object.dropFirst(5)) }
    return nil
  }
}
