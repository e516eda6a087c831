internal import Glibc
internal import Netlink

extension LinuxHost {
  package mutating func perform(_ batch: Batch) -> [StepOutcome] {
    let part = Stopwatch.part()
    defer { Stopwatch.end(part, "execute: \(batch.stage)") }
    var outcomes = [StepOutcome](repeating: .done, count: batch.steps.count)
    ports.insert(socket.port)
    defer { ports.insert(socket.port) }
    ledger.perform(batch, &outcomes)
    reservations.perform(batch, &outcomes)
    let tables = beginTables(batch, &outcomes)
    // Beside the making of links; else what comes next may rely on them.
    let areBeside = batch.stage == .create
    if !areBeside { end(tables, of: batch, &outcomes) }
    if areBeside, let failure = outcomes.first(where: { $0 != .done }) {
      return outcomes.map { $0 == .done ? .untried(after: failure) : $0 }
    }
    if batch.stage == .filter || batch.stage == .unfilter {
      performPassages(batch, &outcomes)
      performZones(batch, &outcomes)
    }
    dropIns.perform(batch, &outcomes)
    bridgeAccess.perform(batch, &outcomes)
    performDeletions(batch, &outcomes)
    performNamespaces(batch, &outcomes)
    if batch.stage == .flip {
      flip(batch, &outcomes)
    } else {
      request(batch.steps.indices, of: batch, &outcomes)
    }
    for (index, step) in batch.steps.enumerated() where !step.cascades {
      if case .sysctl(let sysctl)? = step.change.after { outcomes[index] = write(sysctl) }
    }
    services.perform(batch, &outcomes)
    if areBeside, !tables.steps.isEmpty {
      end(tables, of: batch, &outcomes)
      // Listing them takes as long as making them, and ports are still to be joined.
      if listsAhead, outcomes.allSatisfy({ $0 == .done }) {
        listing = try? beginRuleset(all: hasPassages || batch.steps.count * 3 > links.count)
      }
    }
    announceMoved(by: batch)
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

  private mutating func performDeletions(_ batch: Batch, _ outcomes: inout [StepOutcome]) {
    var doomed: [(Int, Link)] = []
    for (index, step) in batch.steps.enumerated() where step.change.after == nil {
      guard case .link(let link)? = step.change.before else { continue }
      if let function = link.facts?.function {
        outcomes[index] = unbind(link, function)
      } else {
        doomed.append((index, link))
      }
    }
    guard !doomed.isEmpty else { return }
    for ((index, _), outcome) in zip(doomed, delete(doomed.map(\.1))) { outcomes[index] = outcome }
  }

  /// Everything that goes as requests, in one send; the TAPs by ioctl before.
  mutating func request(_ steps: Range<Int>, of batch: Batch, _ outcomes: inout [StepOutcome]) {
    // The clock of address lifetimes.
    let now = Deadline.now / 1000
    var requests = Netlink.Batch(reserving: steps.count * 2)
    var origins: [Int] = []
    for index in steps where !batch.steps[index].cascades {
      let step = batch.steps[index]
      do throws(NetlinkError) {
        let count = requests.count
        if let outcome = try add(step.change, to: &requests, now: now) { outcomes[index] = outcome }
        origins += Array(repeating: index, count: requests.count - count)
      } catch {
        // As where the kernel says so: its link is gone.
        if step.change.after == nil, LinuxHost.saysGone(error.errno) { continue }
        outcomes[index] = .failed(HostError(error))
      }
    }
    defer { openNamespaces = [:] }
    guard !requests.isEmpty else { return }
    for (index, outcome) in zip(origins, socket.transact(requests)) {
      if case .done = outcome { continue }
      if batch.steps[index].change.after == nil, let error = outcome.error, LinuxHost.saysGone(error.errno) {
        continue
      }
      outcomes[index] = StepOutcome(outcome)
    }
    for step in batch.steps[steps] {
      guard case .link(let before)? = step.change.before, case .link(let after)? = step.change.after else {
        continue
      }
      if before.name != after.name {
        links.forget(before.name)
        links.forget(after.name)
      }
    }
  }

  /// Of the namespace in which the other end of a veth comes to be.
  private mutating func descriptor(ofNetns name: String?, for link: Link) throws(NetlinkError) -> Int32 {
    guard let name else {
      throw NetlinkError(
        operation: "create veth \(link.name)", errno: ENODEV, message: "its other end is gone")
    }
    if let open = openNamespaces[name] { return open.namespace.descriptor }
    _ = Descriptors.raiseLimit()
    let open = try OpenNamespace(name)
    openNamespaces[name] = open
    return open.namespace.descriptor
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
      if link.kind == .macvtap { return try createMacvtap(link) }
      if let function = link.facts?.function { return bind(link, function) }
      links.forget(link.name)
      if link.kind == .veth {
        requests.addVeth(link, peerIn: try descriptor(ofNetns: link.veth.netns, for: link))
      } else {
        try requests.addCreation(of: link, &links)
      }
    case (.link(let before)?, .link(let after)?) where before.vfio != nil || after.vfio != nil:
      return assign(before, to: after)
    case (.link(let before)?, .link(let after)?) where before.netns != after.netns:
      return move(before, to: after)
    case (.link(let before)?, .link(let after)?) where before.functions != after.functions:
      return divide(before, into: after.functions ?? 0)
    case (.link(let before)?, .link(let after)?):
      if before.tap.owner != after.tap.owner || before.tap.group != after.tap.group {
        let outcome = after.kind == .tap ? changeOwner(before, after) : try changeNodeOwner(after)
        if outcome != .done { return outcome }
      }
      if let isOn = after.offersFunctions, isOn != before.offersFunctions {
        let outcome = offerFunctions(of: after, isOn)
        if outcome != .done { return outcome }
      }
      try requests.add(before, after, &links)
    case (.link?, nil): break
    case (let before, let after):
      switch (after ?? before)! {
      case .function: requests.add(before?.function, after?.function)
      case .address: try requests.add(before?.address, after?.address, &links, now: now)
      case .nexthop: try requests.add(before?.nexthop, after?.nexthop, &links)
      case .route:
        try requests.add(before?.route, after?.route, beside: advertised, &links, now: now)
      case .rule: requests.add(before?.rule, after?.rule)
      case .neighbour(let proxy):
        try requests.add(before == nil ? nil : proxy, after == nil ? nil : proxy, &links)
      case .qdisc: try requests.add(before?.qdisc, after?.qdisc, &links)
      case .link, .netns, .sysctl, .former, .table, .passage, .dropIn, .zone, .bridgeAccess, .reservation,
        .service:
        break
      }
    }
    return nil
  }
}
