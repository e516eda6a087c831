internal import Netlink

extension LinuxHost {
  /// Hardware joins or leaves bridges, and what the host has on one of the two goes to the other.
  ///
  /// A port loses what arrives between the moment when it is given to the bridge and its forwarding (`br_add_if` registers
  /// the receiver first), and between the end of that and its leaving (`del_nbp` disables the port first, and with VLANs
  /// waits for RCU in between); what the host still sends by the bridge goes nowhere then. With a detour the
  /// interfaces of the bridge and of the hardware are one to the host. Nothing depends on it: a kernel that cannot make
  /// one loses a packet now and then.
  mutating func flip(_ batch: Batch, _ outcomes: inout [StepOutcome]) {
    detours = detours(for: batch)
    let successors = successors(in: batch)
    let neighbours = introduceNeighbours(successors)
    defer { for (_, new) in successors { solicitRouters(on: new) } }
    let all = batch.steps.indices
    for detour in detours { detour.open() }
    var steps = all
    if let leave = batch.leave {
      request(all.lowerBound..<leave, of: batch, &outcomes)
      if let failure = outcomes[..<leave].first(where: { $0 != .done }) {
        for index in leave..<all.upperBound { outcomes[index] = .untried(after: failure) }
        for detour in detours { detour.close() }
        return
      }
      steps = leave..<all.upperBound
    }
    guard !detours.isEmpty else { return request(steps, of: batch, &outcomes) }
    let rest = steps.first { batch.steps[$0].change.id.isAddress } ?? steps.upperBound
    request(steps.lowerBound..<rest, of: batch, &outcomes)
    if rest < steps.upperBound {
      remindOfNeighbours(neighbours)
      // Reverse path filtering lets nothing in at an interface that has no IPv4 address (`no_addr` in
      // `__fib_validate_source`, net/ipv4/fib_frontend.c).
      for detour in detours { detour.closeReceivingIPv4() }
      Detour.settle()
      request(rest..<steps.upperBound, of: batch, &outcomes)
    }
    for detour in detours { detour.close() }
    // Otherwise the next stage takes the hardware's addresses.
    if rest == steps.upperBound { Detour.settle() }
  }

  private mutating func detours(for batch: Batch) -> [Detour] {
    var detours: [Detour] = []
    for step in batch.steps {
      guard let before = step.change.before?.link, let after = step.change.after?.link, !after.isForVM,
        before.master != after.master, let bridge = after.master?.name ?? before.master?.name,
        let ends = try? (links.index(after.name), links.index(bridge)),
        let detour = try? Detour(between: ends.0, and: ends.1)
      else { continue }
      detours.append(detour)
    }
    return detours
  }
}

extension ObjectID {
  fileprivate var isAddress: Bool { if case .address = self { true } else { false } }
}
