import Glibc
import NetPlan
import Netlink

/// A host and requests to it, sent to the simulated kernel and to the real one, in a namespace of its own.
struct Replay: CustomStringConvertible {
  var features: SimulatedKernel.Features
  var requests: [Request]

  init(seed: UInt64, on features: SimulatedKernel.Features) {
    var random = Random(seed: seed)
    self.features = features
    self.features.promotesSecondaries = random.chance(40)
    let host = RandomHost(Random(seed: random.next()), like: self.features)
    var kernel = host.kernel
    var writer = RandomRequest(Random(seed: random.next()))
    requests = host.requests + writer.disturb(&kernel, 25, stacks: true)
  }

  var description: String { requests.map { "  \($0)" }.joined(separator: "\n") }

  /// The hardware alone.
  private var bare: SimulatedKernel {
    var kernel = SimulatedKernel(features: features)
    for (number, name) in RandomHost.hardware.enumerated() {
      var link = Link(name: name, kind: .veth)
      link.mac = MACAddress(bits: 0x5254_0000_0100 | UInt64(number))
      kernel.add(link)
    }
    return kernel
  }

  /// The first request after which the two kernels part, and how; nil where they never do.
  func divergence() throws -> (place: Int, what: String)? {
    try withNetworkNamespace {
      var real = try LinuxHost(places: StatePlaces(directory: "/nonexistent", lasting: "/nonexistent"))
      try prepare(&real)
      let machine = Machine(bare)
      var simulated = SimulatedHost(machine)
      var socket = try Socket()
      for (number, request) in requests.enumerated() {
        for change in request.changes(machine.kernel) {
          let batch = Batch(stage: .configure, steps: [Step(index: 0, change: change)])
          let answers = (simulated.perform(batch)[0].error, real.perform(batch)[0].error)
          // With detection turned off it ends wherever an address is, on a link that is down too (`addrconf_dad_begin`).
          machine.kernel.tentative = []
          if answers.0?.errno != answers.1?.errno {
            let answers = [answers.0, answers.1].map { $0?.message ?? "done" }
            return (number, "\(request)\n  simulated: \(answers[0])\n  real: \(answers[1])")
          }
        }
        try settle(&socket, machine.kernel)
        let differences = differences(machine.kernel.state, try real.observe().state)
        if !differences.isEmpty {
          return (number, "\(request)\n  " + differences.joined(separator: "\n  "))
        }
      }
      return nil
    }
  }

  /// Hardware is a veth here, and this what the names of the other ends begin with.
  private static let farEnd = "far-"

  /// An empty namespace has a loopback and nothing else.
  private func prepare(_ host: inout LinuxHost) throws {
    var socket = try Socket()
    let all = LinkName(kernel: "all")
    func perform(_ changes: [Change]) throws {
      for change in changes {
        let outcome = host.perform(Batch(stage: .configure, steps: [Step(index: 0, change: change)]))[0]
        if let error = outcome.error { throw error }
      }
    }
    // Without duplicate detection time does not matter; new links take this over.
    var changes = [all, .default].map { link in
      Change(
        before: nil,
        after: .sysctl(.init(key: .init(family: .ipv6, link: link, name: "accept_dad"), value: "0")))
    }
    let promotion = SysctlKey(family: .ipv4, link: all, name: "promote_secondaries")
    changes.append(
      Change(
        before: nil, after: .sysctl(Sysctl(key: promotion, value: features.promotesSecondaries ? "1" : "0"))))
    try perform(changes)
    let loopback = Link(name: LinkName(kernel: "lo"), kind: .device)
    var up = loopback
    up.up = true
    changes = [Change(before: .link(loopback), after: .link(up))]
    for link in bare.links.values.sorted(by: { $0.name < $1.name }) where link.name != loopback.name {
      var message = LinkMessage(name: link.name.text)
      message.kind = "veth"
      let peer = Link(name: LinkName(kernel: "\(Replay.farEnd)\(link.name)"), kind: .veth)
      message.data = .veth(peer: LinkMessage(name: peer.name.text))
      try socket.request("create \(link.name)", .create, message)
      let plain = Link(name: link.name, kind: link.kind)
      var named = plain
      named.mac = link.mac
      var raised = peer
      raised.up = true
      changes += [
        Change(before: .link(plain), after: .link(named)), Change(before: .link(peer), after: .link(raised)),
      ]
    }
    try perform(changes)
  }

  /// The kernel does some things in the background: to ask for a link settles its carrier, and duplicate detection,
  /// turned off or not, ends there.
  private func settle(_ socket: inout Socket, _ kernel: SimulatedKernel) throws {
    for name in kernel.links.keys where name.text != "lo" { _ = try socket.link(named: name.text) }
    for _ in 0..<30 {
      let tentative = try socket.dumpAddresses().contains { ($0.flags ?? 0) & 0x40 != 0 }
      if !tentative { return }
      usleep(1000)
    }
  }

  // MARK: Comparison

  private func differences(_ simulated: State, _ real: State) -> [String] {
    let (mine, theirs) = (comparable(simulated), comparable(real))
    var lines: [String] = []
    for id in Set(mine.keys).union(theirs.keys).sorted()
    where mine[id] != theirs[id] && !(mine[id] == nil && theirs[id].map(isLeftPrefix) ?? false) {
      // The simulation knows some settings only.
      if case .sysctl = id, mine[id] == nil { continue }
      lines.append(
        "\(id)\n    simulated \(mine[id]?.json.text() ?? "none")\n    real      \(theirs[id]?.json.text() ?? "none")"
      )
    }
    let (order, realOrder) = (order(simulated), order(real))
    for link in order.keys where order[link] != realOrder[link] {
      lines.append("order on \(link): simulated \(order[link]!), real \(realOrder[link] ?? [])")
    }
    return lines
  }

  /// What the kernel leaves of an IPv6 address that goes while another one of its prefix stays, though that one was made
  /// without a route (docs/atomicity.md, "Known limits").
  private func isLeftPrefix(_ object: Object) -> Bool {
    guard let route = object.route else { return false }
    return route.origin == 2 && route.id.family == .ipv6 && route.nexthops.allSatisfy { $0.gateway == nil }
  }

  private func comparable(_ state: State) -> [ObjectID: Object] {
    var result: [ObjectID: Object] = [:]
    for (id, object) in state.objects where isCompared(object) {
      if case .link(var link) = object {
        link.facts = nil
        result[id] = .link(link)
      } else {
        result[id] = object
      }
    }
    return result
  }

  private func isCompared(_ object: Object) -> Bool {
    func isOther(_ name: LinkName) -> Bool { name.text == "lo" || name.text.hasPrefix(Replay.farEnd) }
    if object.links.contains(where: isOther) || object.link.map({ isOther($0.name) }) ?? false {
      return false
    }
    switch object {
    // The kernel's own.
    case .rule(let rule): return rule.id.priority != 0 && rule.id.priority < 32766
    case .address: return !StatePair.isKernels(object)
    case .former: return false
    default: return true
    }
  }

  private func order(_ state: State) -> [LinkName: [String]] {
    var result: [LinkName: [String]] = [:]
    let list = state.addresses.filter { isCompared(.address($0)) }.sorted { $0.order! < $1.order! }
    for family in AddressFamily.allCases {
      for address in list where address.local.family == family {
        result[address.link, default: []].append(
          "\(address.local)\(address.secondary == true ? " secondary" : "")")
      }
    }
    return result
  }

  // MARK: Smaller

  /// The shortest sequence near this one that parts the two, and how.
  func shrunk() throws -> (Replay, String)? {
    guard var failure = try divergence() else { return nil }
    var small = self
    small.requests.removeLast(small.requests.count - failure.place - 1)
    var size = small.requests.count / 2
    while size > 0 {
      var end = small.requests.count
      while end > 0 {
        var candidate = small
        candidate.requests.removeSubrange(max(0, end - size)..<end)
        end -= size
        if let other = try candidate.divergence() {
          (small, failure) = (candidate, other)
          small.requests.removeLast(small.requests.count - failure.place - 1)
          end = min(end, small.requests.count)
        }
      }
      size /= 2
    }
    return (small, failure.what)
  }
}

extension Request {
  /// What a host would be asked for in its place.
  fileprivate func changes(_ kernel: SimulatedKernel) -> [Change] {
    func link(_ name: LinkName, _ edit: (inout Link) -> Void) -> [Change] {
      let before = kernel.links[name] ?? Link(name: name, kind: .tap)
      var after = before
      edit(&after)
      return [Change(before: .link(before), after: .link(after))]
    }
    switch self {
    case .createLink(let link): return [Change(before: nil, after: .link(link))]
    case .createTAP(let link):
      // The ioctl takes no MAC.
      var bare = link
      bare.mac = nil
      return [Change(before: nil, after: .link(bare))]
        + (kernel.links[link.name] == nil ? [Change(before: .link(bare), after: .link(link))] : [])
    case .setAccounts(let name, let tap):
      return link(name) { ($0.tap.owner, $0.tap.group) = (tap.owner, tap.group) }
    case .deleteLinks(let names):
      return names.map { Change(before: .link(kernel.links[$0] ?? Link(name: $0, kind: .tap)), after: nil) }
    case .set(let before, let after): return [Change(before: .link(before), after: .link(after))]
    case .setPort(let name, let port): return link(name) { $0.port.set(port) }
    case .addVLANs(let name, let vlans):
      return link(name) { link in
        link.vlans = ((link.vlans ?? []).filter { old in !vlans.contains { $0.id == old.id } } + vlans)
          .sorted()
      }
    case .addAddress(let address, let replacing):
      return [Change(before: replacing ? .address(address) : nil, after: .address(address))]
    case .deleteAddress(let address): return [Change(before: .address(address), after: nil)]
    case .addNexthop(let nexthop, let replacing):
      return [Change(before: replacing ? .nexthop(nexthop) : nil, after: .nexthop(nexthop))]
    // A shorter sequence may not have made it.
    case .deleteNexthop(let id):
      return kernel.nexthops[id].map { [Change(before: .nexthop($0), after: nil)] } ?? []
    case .addRoute(let route, let replacing):
      return [Change(before: replacing ? .route(route) : nil, after: .route(route))]
    case .deleteRoute(let route): return [Change(before: .route(route), after: nil)]
    case .addRule(let rule): return [Change(before: nil, after: .rule(rule))]
    case .deleteRule(let rule): return [Change(before: .rule(rule), after: nil)]
    case .addProxy(let proxy): return [Change(before: nil, after: .neighbour(proxy))]
    case .deleteProxy(let proxy): return [Change(before: .neighbour(proxy), after: nil)]
    case .setQdisc(let qdisc, let replacing):
      return [Change(before: replacing ? .qdisc(qdisc) : nil, after: .qdisc(qdisc))]
    case .deleteQdisc(let qdisc): return [Change(before: .qdisc(qdisc), after: nil)]
    case .write(let sysctl): return [Change(before: nil, after: .sysctl(sysctl))]
    // A file, and nothing of the kernel's; the others are not made at random.
    case .setNetns, .setTable, .deleteTable, .setPassage, .setZone, .ledger, .rename, .addAltnames,
      .removeAltnames,
      .removeVLANs,
      .writeFile, .writeAccess, .tell,
      .reserve,
      .serve:
      return []
    }
  }
}

/// Runs `body` in an empty network namespace of its own. It must stay synchronous: the namespace is the thread's.
func withNetworkNamespace<Result>(_ body: () throws -> Result) throws -> Result {
  let before = try NetworkNamespace.current()
  try NetworkNamespace.unshare()
  defer { try! before.enter() }
  return try body()
}
