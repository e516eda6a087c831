/// The order of an apply. Whatever has a successor exists before its predecessor goes; what cannot come back goes last.
package enum Stage: Int, Sendable, Comparable, CaseIterable {
  /// Former values are written down before anything foreign changes.
  case ledger
  /// Settings that must hold before others: forwarding off, router advertisements accepted in spite of forwarding.
  case prepare
  /// Filters for what comes, beside those of what goes: they match interfaces by name and wait for them.
  case filter
  /// IPv6 forwarding of all interfaces together, on or off; what each of them says for itself stays as it was.
  case forward
  /// Network namespaces come to be, empty: ends of links go there.
  case enclose
  /// Renames, and the removal half of replacements: names become free.
  case free
  /// Hardware gets its virtual functions, and is told of each.
  case divide
  /// Drivers make interfaces of them.
  case bind
  /// Links come to be, down and bare.
  case create
  /// Their attributes, while a change of them notifies nobody.
  case configure
  /// Ports join bridges that are still down, which costs one recomputation instead of one a port.
  case join
  /// What only a port has.
  case ports
  case raiseBridges
  /// VLAN interfaces, of bridges that are up: with its own rise a bridge would take them along (`vlan_device_event`).
  case stack
  case settings
  /// Addresses appear on their new links, those that move without duplicate detection.
  case addresses
  case raise
  /// What is in network namespaces, but for what goes.
  case furnish
  case routes
  /// Nexthop objects, whose gateways the kernel checks like a route's; groups after their members.
  case nexthops
  /// Routes by a gateway, which the kernel checks against the routes before, and by a nexthop object.
  case gateways
  /// Forwarding on, the guard rules being in place.
  case open
  /// Ports change bridges and routes change links, together in one send.
  case flip
  /// Addresses leave the links they moved from.
  case retire
  /// Moved IPv6 addresses shed the mark that kept duplicate detection away.
  case confirm
  /// Changes in place that interrupt.
  case rearrange
  /// Routes, rules, addresses, settings that are no longer asked for, and virtual functions that user space had; each could
  /// come back.
  case release
  /// Hardware leaves for the network namespace of a VM, or for user space.
  case handOver
  /// Programs that serve a network: those that are not asked for stop before others start, which may want their ports.
  case serve
  // —— the commit lies here ——
  /// Links go; what stands on them goes with them.
  case remove
  /// Filters of what has gone.
  case unfilter
  case forget

  package init?(named name: some StringProtocol) {
    guard let stage = Stage.allCases.first(where: { "\($0)" == name }) else { return nil }
    self = stage
  }

  package static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }

  /// Takes away what by then has a successor, or is not wanted.
  package var breaks: Bool { self == .free || self == .flip || self == .retire || isDeferred }

  /// Done only when the outcome is decided, since it cannot be taken back.
  package var isDeferred: Bool { self >= .remove }
}

/// Steps whose effects do not depend on each other: they go to the kernel together.
package struct Batch: Sendable, Equatable {
  package var stage: Stage
  package var steps: [Step]

  package init(stage: Stage, steps: [Step]) {
    self.stage = stage
    self.steps = steps
  }
}

extension Batch {
  /// The step with which hardware leaves its bridge behind nexthop objects. Without hardware the bridge has no carrier, and
  /// the kernel drops the objects that are still on it with all that names them (`nexthop_flush_dev`): so it leaves only
  /// when every step before has been done.
  package var leave: Int? {
    guard stage == .flip,
      let leave = steps.firstIndex(where: { $0.change.after?.link?.master == Link.Master.none }),
      steps[..<leave].contains(where: { $0.change.after?.nexthop != nil })
    else { return nil }
    return leave
  }
}

/// One part of a change, itself a change of the same object.
package struct Step: Sendable, Equatable {
  /// Which of the plan's changes it belongs to.
  package var index: Int
  package var change: Change
  /// The kernel does it by itself when the object's link goes.
  package var cascades: Bool

  package init(index: Int, change: Change, cascades: Bool = false) {
    self.index = index
    self.change = change
    self.cascades = cascades
  }
}
