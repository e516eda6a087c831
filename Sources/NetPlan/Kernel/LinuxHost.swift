internal import Glibc
internal import Netlink

/// The kernel of this machine, in the network namespace of the calling thread.
package struct LinuxHost: Host, ~Copyable {
  var socket: Socket
  var links = LinkTable()
  var ledger: Ledger
  /// Looked up once: neither changes while a plan is made and applied.
  private var facts: HostFacts?
  private var wireless: Set<Int32>?
  /// Routes that are alike to advertised ones, as of the last look.
  private var advertised: Set<RouteID> = []
  /// Open while a plan is carried out.
  var monitor: Monitor?
  /// Of the sockets that requests have gone out on: what they cause is ours.
  var ports: Set<UInt32> = []

  /// `stateDirectory` holds the ledger.
  package init(stateDirectory: String) throws(HostError) {
    do throws(NetlinkError) {
      socket = try Socket()
    } catch {
      throw HostError(error)
    }
    ledger = Ledger(path: stateDirectory + "/ledger.json")
  }

  // MARK: Observing

  package mutating func observe() throws(HostError) -> Observation {
    let formers = try ledger.read()
    do throws(NetlinkError) {
      var state = State()
      for former in formers { state.insert(.former(former)) }
      try observe(into: &state, mentioned: Set(formers.compactMap(\.mentionedLink)))
      return Observation(state: state, facts: try readFacts())
    } catch {
      throw HostError(error)
    }
  }

  package mutating func observe(concerning names: Set<LinkName>) throws(HostError) -> State {
    // To be asked for one link costs the kernel as much as to list three.
    if names.count * 3 > links.count { return try observe().state }
    let formers = try ledger.read()
    do throws(NetlinkError) {
      var state = State()
      for former in formers { state.insert(.former(former)) }
      try observe(into: &state, mentioned: Set(formers.compactMap(\.mentionedLink)), only: names)
      return state
    } catch {
      throw HostError(error)
    }
  }

  /// Of the links and their settings, those of `names` or all.
  private mutating func observe(
    into state: inout State, mentioned: Set<LinkName>, only names: Set<LinkName>? = nil
  ) throws(NetlinkError) {
    let now = bootSeconds()
    let messages = if let names { try askForLinks(names) } else { try listLinks() }
    let facts = try readFacts()
    let wireless = try findWireless(among: messages)
    var vlans: [Int32: [PortVLAN]] = [:]
    // Ports have VLANs whether their bridge filters by them yet or not.
    if facts.vlanFiltering == true { vlans = try readVLANs(of: messages, all: names == nil) }
    state.objects.reserveCapacity(messages.count * 2)
    for message in messages {
      guard var link = Link(message, links) else { continue }
      if wireless.contains(message.index) {
        link.facts = link.facts ?? LinkFacts()
        link.facts?.wireless = true
      }
      link.vlans = vlans[message.index]
      observeSettings(of: link, message, mentioned: mentioned, &state)
      state.insert(.link(link))
    }
    if names?.contains(.default) ?? true {
      for key in Sysctl.observedKeys(of: .default) {
        if let value = ProcFile.read("/proc/sys/" + key.path) {
          state.insert(.sysctl(Sysctl(key: key, value: value)))
        }
      }
    }
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

  private func observeSettings(
    of link: Link, _ message: LinkMessage, mentioned: Set<LinkName>, _ state: inout State
  ) {
    let isPort = link.master != Link.Master.none
    let isForeignTAP = link.kind == .tap && link.owner == nil
    guard mentioned.contains(link.name) || (!isPort && !isForeignTAP && link.facts?.loopback != true) else {
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
    for family in AddressFamily.allCases {
      let messages = try socket.dumpRoutes(family: family.rawValue)
      let kernels = AdvertisedRoutes(among: messages)
      for message in messages {
        guard var route = Route(message, links, now: now, isAdvertised: kernels.contains(message, links))
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

  /// Only hardware can be Wi-Fi.
  private mutating func findWireless(among messages: [LinkMessage]) throws(NetlinkError) -> Set<Int32> {
    guard messages.contains(where: { $0.kind == nil && !$0.isLoopback }) else { return [] }
    if let wireless { return wireless }
    var generic = try GenericSocket()
    let found = try generic.wirelessLinks()
    wireless = found
    return found
  }

  /// `RTM_GETVLAN` is unknown to a kernel without CONFIG_BRIDGE_VLAN_FILTERING, and to one whose bridge module is
  /// not loaded yet; nil for the latter.
  private mutating func canFilterVLANs() throws(NetlinkError) -> Bool? {
    do throws(NetlinkError) {
      // The loopback, which is no bridge: it is asked whether it can be asked.
      _ = try socket.dumpVLANs(index: 1)
      return true
    } catch {
      switch error.errno {
      case EINVAL, ENODEV: return true
      case EOPNOTSUPP: return access("/sys/module/bridge", F_OK) == 0 ? false : nil
      default: throw error
      }
    }
  }

  private mutating func readFacts() throws(NetlinkError) -> HostFacts {
    if let facts { return facts }
    var facts = HostFacts()
    facts.machineID = ProcFile.read("/etc/machine-id")
    facts.vlanFiltering = try canFilterVLANs()
    facts.ipv6 = access("/proc/sys/net/ipv6", F_OK) == 0
    facts.forceForwarding = access("/proc/sys/net/ipv6/conf/all/force_forwarding", F_OK) == 0
    facts.ipv4ForwardsAll = ProcFile.read("/proc/sys/net/ipv4/conf/all/forwarding") == "1"
    facts.ipv6ForwardsAll = ProcFile.read("/proc/sys/net/ipv6/conf/all/forwarding") == "1"
    let tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC)
    facts.tun = tun >= 0 || errno == EACCES || errno == EPERM
    if tun >= 0 { close(tun) }
    self.facts = facts
    return facts
  }

  /// Adds the accounts of those names to the facts of later observations; nil for all that the host lists.
  package mutating func lookUp(users: [String]?, groups: [String]?) throws(HostError) {
    do throws(NetlinkError) {
      var facts = try readFacts()
      facts.users = users.map { $0.compactMap(Accounts.user(named:)) } ?? Accounts.users()
      facts.groups = groups.map { $0.compactMap(Accounts.group(named:)) } ?? Accounts.groups()
      self.facts = facts
    } catch {
      throw HostError(error)
    }
  }

  package func names(users: Set<UInt32>, groups: Set<UInt32>) -> AccountNames {
    Accounts.names(users: users, groups: groups)
  }

  /// Who has these TAPs open.
  package func holders(of names: Set<LinkName>) -> [LinkName: [Holder]] {
    names.isEmpty ? [:] : tapHolders(of: names, inNamespace: threadNamespaceInode())
  }

  // MARK: Performing

  package mutating func perform(_ batch: Batch) -> [StepOutcome] {
    var outcomes = [StepOutcome](repeating: .done, count: batch.steps.count)
    ports.insert(socket.port)
    defer { ports.insert(socket.port) }
    if batch.steps.contains(where: { $0.change.id.isFormer }) { performLedger(batch, &outcomes) }
    performDeletions(batch, &outcomes)
    performRequests(batch, &outcomes)
    for (index, step) in batch.steps.enumerated() where !step.cascades {
      if case .sysctl(let sysctl)? = step.change.after { outcomes[index] = write(sysctl) }
    }
    return outcomes
  }

  private func write(_ sysctl: Sysctl) -> StepOutcome {
    do throws(HostError) {
      try ProcFile.write("/proc/sys/" + sysctl.key.path, sysctl.value)
      return .done
    } catch {
      return .failed(error)
    }
  }

  private func performLedger(_ batch: Batch, _ outcomes: inout [StepOutcome]) {
    var result = StepOutcome.done
    do throws(HostError) {
      var formers = Dictionary(try ledger.read().map { ($0.id, $0) }, uniquingKeysWith: { $1 })
      for case .former(let id) in batch.steps.map(\.change.id) { formers[id] = nil }
      for case .former(let former)? in batch.steps.map(\.change.after) { formers[former.id] = former }
      try ledger.write(Array(formers.values))
    } catch {
      result = .failed(error)
    }
    for (index, step) in batch.steps.enumerated() where step.change.id.isFormer { outcomes[index] = result }
  }

  private mutating func performDeletions(_ batch: Batch, _ outcomes: inout [StepOutcome]) {
    var doomed: [(Int, Link)] = []
    for (index, step) in batch.steps.enumerated() where step.change.after == nil {
      if case .link(let link)? = step.change.before { doomed.append((index, link)) }
    }
    guard !doomed.isEmpty else { return }
    for ((index, _), outcome) in zip(doomed, delete(doomed.map(\.1))) { outcomes[index] = outcome }
  }

  /// Everything that goes as requests, in one send; the TAPs by ioctl before.
  private mutating func performRequests(_ batch: Batch, _ outcomes: inout [StepOutcome]) {
    let now = bootSeconds()
    var requests = Netlink.Batch(reserving: batch.steps.count * 2)
    var steps: [Int] = []
    for (index, step) in batch.steps.enumerated() where !step.cascades {
      do throws(NetlinkError) {
        let count = requests.count
        if let outcome = try add(step.change, to: &requests, now: now) { outcomes[index] = outcome }
        steps += Array(repeating: index, count: requests.count - count)
      } catch {
        outcomes[index] = .failed(HostError(error))
      }
    }
    guard !requests.isEmpty else { return }
    let successors = batch.stage == .flip ? successors(in: batch) : []
    introduceNeighbours(successors)
    defer { for (_, new) in successors { solicitRouters(on: new) } }
    for (index, outcome) in zip(steps, socket.transact(requests)) {
      if case .done = outcome { continue }
      if batch.steps[index].change.after == nil, let error = outcome.error, LinuxHost.saysGone(error.errno) {
        continue
      }
      outcomes[index] = StepOutcome(outcome)
    }
    for step in batch.steps {
      guard case .link(let before)? = step.change.before, case .link(let after)? = step.change.after else {
        continue
      }
      if before.name != after.name {
        links.forget(before.name)
        links.forget(after.name)
      }
    }
  }

  /// Gone is gone: the kernel took the object along with another one, its primary address or its link.
  private static func saysGone(_ errno: Int32) -> Bool {
    [ENODEV, ESRCH, ENOENT, EADDRNOTAVAIL].contains(errno)
  }

  /// Adds the requests of a change; an outcome where it went by ioctl.
  private mutating func add(
    _ change: Change, to requests: inout Netlink.Batch, now: UInt64
  ) throws(NetlinkError) -> StepOutcome? {
    switch (change.before, change.after) {
    case (nil, .link(let link)?):
      if link.kind == .tap {
        let outcome = createTAP(link)
        if outcome == .done { requests.addSettling(of: link.name) }
        return outcome
      }
      links.forget(link.name)
      requests.addBridge(link)
    case (.link(let before)?, .link(let after)?):
      if before.tap.owner != after.tap.owner || before.tap.group != after.tap.group {
        let outcome = changeOwner(before, after)
        if outcome != .done { return outcome }
      }
      try requests.add(before, after, &links)
    case (.link?, nil): break
    case (let before, let after):
      switch (after ?? before)! {
      case .address: try requests.add(before?.address, after?.address, &links, now: now)
      case .nexthop: try requests.add(before?.nexthop, after?.nexthop, &links)
      case .route:
        try requests.add(before?.route, after?.route, beside: advertised, &links, now: now)
      case .rule: requests.add(before?.rule, after?.rule)
      case .neighbour(let proxy):
        try requests.add(before == nil ? nil : proxy, after == nil ? nil : proxy, &links)
      case .link, .sysctl, .former: break
      }
    }
    return nil
  }
}

extension ObjectID {
  fileprivate var isFormer: Bool { if case .former = self { true } else { false } }
}

extension Former {
  /// The link whose settings the ledger keeps.
  fileprivate var mentionedLink: LinkName? {
    if id.object.hasPrefix("sysctl/") { return SysctlKey(String(id.object.dropFirst(7)))?.link }
    if id.object.hasPrefix("link/") { return LinkName(id.object.dropFirst(5)) }
    return nil
  }
}

/// Seconds since boot, suspended time included: the clock of address lifetimes.
private func bootSeconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_BOOTTIME, &time)
  return UInt64(time.tv_sec)
}
