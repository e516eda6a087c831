/// One object as it was and as it is to be. Creation has no `before`, deletion no `after`.
///
/// Its inverse is the swap of the two: there is no other undo.
package struct Change: Sendable, Equatable {
  package let before: Object?
  package let after: Object?

  /// At least one of the two exists.
  package init(before: Object?, after: Object?) {
    precondition(before != nil || after != nil, "a change of nothing")
    self.before = before
    self.after = after
  }

  package var inverse: Change { Change(before: after, after: before) }

  /// A renamed link goes by its new name.
  package var id: ObjectID { (after ?? before)!.id }

  package enum Action: String, Sendable, Hashable {
    case create, change, delete, replace

    /// As in terraform.
    package var symbol: String {
      switch self {
      case .create: "+"
      case .change: "~"
      case .delete: "-"
      case .replace: "-/+"
      }
    }
  }

  package var action: Action {
    guard let before else { return .create }
    guard let after else { return .delete }
    // An object that goes with another and is put back is the same before and after.
    return before == after || Change.needsReplacement(before, after) ? .replace : .change
  }

  /// Attributes that the kernel fixes at creation.
  private static func needsReplacement(_ before: Object, _ after: Object) -> Bool {
    switch (before, after) {
    case (.link(let a), .link(let b)):
      // IFF_MULTI_QUEUE must be alike at every attach (tun_set_iff, drivers/net/tun.c).
      if a.kind != b.kind || a.tap.multiQueue != b.tap.multiQueue || a.vlan != b.vlan { return true }
      // The ends of a veth are chosen when it is made (`veth_newlink`, drivers/net/veth.c).
      if a.veth != b.veth { return true }
      // A node whose number another namespace's macvtap has is nobody's to give: one made anew gets another number.
      if b.isStation {
        return a.macvtap.needsReplacement(by: b.macvtap) || a.tap.owner == nil && b.tap.owner != nil
      }
      if b.kind != .tap { return false }
      // TUNSETOWNER needs a descriptor of the TAP, which whoever holds it has (EBUSY).
      if a.tap != b.tap, a.facts?.carrier == true { return true }
      // TUNSETOWNER and TUNSETGROUP take no "nobody" (make_kuid must be valid).
      return a.tap.owner != b.tap.owner && b.tap.owner == Link.TAP.Account.none
        || a.tap.group != b.tap.group && b.tap.group == Link.TAP.Account.none
    case (.address(let a), .address(let b)):
      if a.local != b.local { return true }
      // inet_rtm_newaddr (net/ipv4/devinet.c) replaces lifetimes, metric and protocol alone.
      return a.local.family == .ipv4
        && (a.label != b.label || a.broadcast != b.broadcast || a.scope != b.scope || a.peer != b.peer)
    // An entry that is there keeps its maker, unless another one is named (neigh_add, net/core/neighbour.c).
    case (.neighbour(let a), .neighbour(let b)): return a.origin != b.origin && b.origin == 0
    // A group cannot become a single one, nor the reverse (replace_nexthop, net/ipv4/nexthop.c).
    case (.nexthop(let a), .nexthop(let b)): return a.group.isEmpty != b.group.isEmpty
    default: return false
    }
  }
}
