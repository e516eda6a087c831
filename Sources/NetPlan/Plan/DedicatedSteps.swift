// Hardware that a macvtap takes whole (mode passthru): the two have one MAC, whichever is told, and with the hardware's MTU
// falls the macvtap's (`macvlan_set_mac_address`, `macvlan_device_event`, drivers/net/macvlan.c).

extension Footing {
  mutating func noteGiven(_ changes: [Change]) {
    for change in changes {
      let (before, after) = (change.before?.link?.given, change.after?.link?.given)
      if let after { given.insert(after) }
      if let before, after != before {
        if change.action == .delete { freed.insert(before) } else { given.insert(before) }
      }
    }
    freed.subtract(given)
  }

  /// MAC and MTU are there when the macvtap comes to be, which begins with them; the former ones come back when it has
  /// gone, and until then belong to it.
  func steps(ofHardware after: Link, _ before: Link) -> [(Stage, Change)]? {
    guard after.owner == nil, before.name == after.name, before.mac != after.mac || before.mtu != after.mtu
    else { return nil }
    if given.contains(after.name) {
      var early = before
      (early.mac, early.mtu) = (after.mac, after.mtu)
      return [(.free, Change(before: .link(before), after: .link(early)))] + after.updating(early)
    }
    guard freed.contains(after.name) else { return nil }
    var early = after
    (early.mac, early.mtu) = (before.mac, before.mtu)
    return early.updating(before) + [(.unfilter, Change(before: .link(early), after: .link(after)))]
  }
}

extension Link {
  /// The hardware that it takes whole.
  fileprivate var given: LinkName? { macvtap.mode == .passthru ? macvtap.link : nil }
}

extension Link {
  /// Out of reach when nothing of the host's is on it any more; back before anything is put on it.
  func moving(_ before: Link) -> [(Stage, Change)]? {
    guard !isWith(before) else { return nil }
    if isAway { return [(.handOver, Change(before: .link(before), after: .link(self)))] }
    // As the kernel lets it arrive.
    var arrived = before
    (arrived.netns, arrived.up, arrived.addressGeneration) = (nil, false, .eui64)
    arrived.forwarding = forwarding
    if before.vfio != nil {
      (arrived.vfio, arrived.driver, arrived.tap, arrived.altnames) = (nil, nil, Link.TAP(), [])
    }
    // What it begins with when it comes up is made for its MTU (`psched_mtu`).
    var sized = arrived
    if before.vfio != nil { sized.mtu = mtu }
    return [
      (.create, Change(before: .link(before), after: .link(arrived))),
      (.configure, Change(before: .link(arrived), after: .link(sized))),
    ].filter { $0.1.before != $0.1.after } + updating(sized)
  }
}

extension Change {
  /// Hardware goes away or comes back.
  var movesHardware: Bool {
    guard let before = before?.link, let after = after?.link else { return false }
    return !before.isWith(after)
  }

  /// The hardware that becomes a guest's own by it.
  var takes: LinkName? {
    if movesHardware { return after?.link?.isAway == true ? after?.link?.name : nil }
    let hardware = after?.link?.given
    return hardware == before?.link?.given ? nil : hardware
  }

  var comesHome: Bool { movesHardware && after?.link?.isAway == false }
}
