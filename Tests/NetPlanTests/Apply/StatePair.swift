import NetPlan

/// Two states in which one kernel can be.
struct StatePair: CustomStringConvertible {
  var from: SimulatedKernel
  var to: SimulatedKernel

  init(seed: UInt64) {
    var random = Random(seed: seed)
    var base = RandomHost(Random(seed: random.next())).kernel
    var writer = RandomRequest(Random(seed: random.next()))
    writer.disturb(&base, random.below(12))
    (from, to) = (base, base)
    writer.disturb(&from, random.below(10))
    writer.disturb(&to, random.below(14))
  }

  /// A route that outlived its gateway's subnet cannot come back, so it cannot be asked for; nor can one whose source waits
  /// for duplicate detection, which only the rise of its link would begin; nor can it be asked for that a bridge has been told
  /// the MTU that it has anyway; and an attribute that is
  /// there cannot be wished away, since to leave it open is to leave it as it is.
  var isSound: Bool {
    if from.hasStrandedRoutes || to.hasStrandedRoutes { return false }
    if from.awaits(to) || to.awaits(from) || from.hides(to) { return false }
    let (a, b) = (from.state, to.state)
    return a.objects.allSatisfy { id, object in
      guard let other = b[id] else { return true }
      return switch (object, other) {
      case (.route(let x), .route(let y)): StatePair.states(x) == StatePair.states(y)
      case (.address(let x), .address(let y)): StatePair.states(x) == StatePair.states(y)
      default: true
      }
    }
  }

  /// The attributes that are set.
  private static func states<Kind: Described>(_ value: Kind) -> [String] {
    Kind.fields.filter { $0.json(value) != nil && $0.name != "order" && $0.name != "secondary" }.map(\.name)
  }

  var description: String {
    let lines = to.differences(from: from)
    return "\(from.features)\nfrom:\n\(StatePair.list(from))\nand then\n  \(lines.joined(separator: "\n  "))"
  }

  private static func list(_ kernel: SimulatedKernel) -> String {
    kernel.state.sorted.filter { $0.sysctl == nil }.map { "  \($0.id) \($0.json.text())" }.joined(
      separator: "\n")
  }

  /// What leads to `goal` from `start`: everything that is there is wanted, everything else is not.
  static func target(_ start: SimulatedKernel, _ goal: SimulatedKernel) -> Target {
    var target = Target()
    let wanted = goal.state
    for object in wanted.objects.values where !isKernels(object) {
      guard case .link(var link) = object else {
        target.want(object, because: "")
        continue
      }
      link.forwarding = nil  // Its setting says the same.
      if let bridge = link.master?.name, let usual = goal.links[bridge]?.bridge.defaultPVID, usual != 0 {
        link.facts = link.facts ?? LinkFacts()
        link.facts?.joinPVID = usual
      }
      target.want(.link(link), because: "")
    }
    for object in start.state.objects.values where wanted[object.id] == nil && !isKernels(object) {
      if object.sysctl == nil { target.drop(object.id, because: "") }
    }
    return target
  }

  /// The kernel makes link-local addresses whenever a link comes up.
  static func isKernels(_ object: Object) -> Bool { object.address?.origin == 3 }

  /// What is not as it should be; the order of addresses is nobody's wish here.
  static func differences(_ kernel: SimulatedKernel, from goal: SimulatedKernel) -> [String] {
    var kernel = kernel
    let (seen, wanted) = (kernel.state, goal.state)
    // Settings of ports are not looked at, so nobody can wish for them.
    for (key, value) in goal.settings where seen[.sysctl(key)] == nil || wanted[.sysctl(key)] == nil {
      kernel.settings[key] = value
    }
    return kernel.differences(from: goal, leavingOut: isKernels).filter { !$0.hasPrefix("order on") }
  }

  // MARK: Smaller

  var smaller: [StatePair] {
    var list: [StatePair] = []
    func without(_ change: (inout SimulatedKernel) -> Void) {
      var both = self
      change(&both.from)
      change(&both.to)
      list.append(both)
      var one = self
      change(&one.from)
      list.append(one)
      var other = self
      change(&other.to)
      list.append(other)
    }
    let objects = Set(from.state.objects.keys).union(to.state.objects.keys).sorted()
    for id in objects { without { StatePair.remove(id, &$0) } }
    for name in Set(from.links.keys).intersection(to.links.keys).sorted()
    where from.links[name] != to.links[name] {
      var copy = self
      copy.to.links[name] = from.links[name]
      list.append(copy)
    }
    return list.filter(\.isSound)
  }

  private static func remove(_ id: ObjectID, _ kernel: inout SimulatedKernel) {
    guard let object = kernel.state[id], !isKernels(object) else { return }
    switch object {
    case .link(let link): try? kernel.perform(.deleteLinks([link.name]))
    case .netns(let netns): try? kernel.perform(.setNetns(netns.name, nil))
    // The simulated hardware has none.
    case .function: break
    case .address(let address): try? kernel.perform(.deleteAddress(address))
    case .route(let route): try? kernel.perform(.deleteRoute(route))
    case .nexthop(let nexthop): try? kernel.perform(.deleteNexthop(nexthop.id))
    case .rule(let rule): try? kernel.perform(.deleteRule(rule))
    case .neighbour(let proxy): try? kernel.perform(.deleteProxy(proxy))
    case .qdisc(let qdisc): try? kernel.perform(.deleteQdisc(qdisc))
    case .former(let former): try? kernel.perform(.ledger(gone: [former.id], new: []))
    case .table(let table): try? kernel.perform(.deleteTable(table.id))
    case .passage(let passage): kernel.passages[passage.id] = nil
    case .dropIn(let dropIn): kernel.dropIns[dropIn.id] = nil
    case .bridgeAccess(let access): kernel.bridgeAccess[access.id] = nil
    case .zone(let binding): kernel.zones[binding.interface] = nil
    case .service(let service): kernel.services[service.id] = nil
    case .reservation(let reservation): kernel.reservations[reservation.id] = nil
    case .sysctl(let sysctl):
      let usual = SimulatedKernel.usualSettings.first {
        $0.family == sysctl.key.family && $0.name == sysctl.key.name
      }
      // What is not in that list is `route_localnet`, which is off everywhere.
      kernel.settings[sysctl.key] = usual?.value ?? "0"
    }
  }

  func shrunk(_ law: (StatePair) -> String?) -> (StatePair, String)? {
    guard var failure = law(self) else { return nil }
    var small = self
    var tries = 0
    search: while tries < 1500 {
      for candidate in small.smaller {
        tries += 1
        if let worse = law(candidate) {
          guard
            candidate.to.differences(from: candidate.from).count + candidate.from.state.objects.count
              < small.to.differences(from: small.from).count + small.from.state.objects.count
          else { continue }
          (small, failure) = (candidate, worse)
          continue search
        }
      }
      break
    }
    return (small, failure)
  }
}

extension SimulatedKernel {
  /// A bridge follows its ports in one of the two and not in the other, and nobody can see that.
  fileprivate func hides(_ other: SimulatedKernel) -> Bool {
    pinnedMTU.symmetricDifference(other.pinnedMTU).contains { name in
      links[name].map { $0.mtu == other.links[name]?.mtu } ?? false
    }
  }

  /// A route of the other names an address that is tentative here.
  fileprivate func awaits(_ other: SimulatedKernel) -> Bool {
    let waiting = Set(
      tentative.compactMap { id -> IPAddress? in
        guard case .address(let link, let local, _) = id, !ready.contains(link) else { return nil }
        return local.address
      })
    return !waiting.isEmpty && other.routes.contains { $0.preferredSource.map(waiting.contains) ?? false }
  }
}
