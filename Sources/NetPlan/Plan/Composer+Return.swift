// Uplinks that are given back.

extension Composer {
  /// Gives back what ports that are hardware have lent to bridges which are not to hold them any longer.
  mutating func releaseUplinks() {
    for link in observed.links where link.owner == nil {
      guard let master = link.master?.name, let bridge = observed.link(master), isOurs(bridge) else {
        continue
      }
      if uplinks[link.name] == master { continue }
      // A foreign port that this configuration never asked for is somebody's own doing.
      guard wasUplink(link, of: bridge) else { continue }
      let reason = String(bridge.path ?? "")
      var free = target.wanted.link(link.name) ?? Link(name: link.name, kind: link.kind)
      if free.master == nil { free.master = Link.Master.none }
      target.want(.link(free), because: reason)
      // To another bridge of ours the host's addresses went with it (`take`).
      if uplinks[link.name] != nil { continue }
      if goesDown(link.name), !isUsed(master, by: link.name) {
        goingDown.insert(link.name)
        move(from: master, to: link.name, because: reason) { $0.canBeOnDownLink }
      } else {
        move(from: master, to: link.name, because: reason)
      }
      moveHolds(from: master, to: link.name, because: reason)
    }
  }

  /// It was down before it was taken, and nobody else wants it up.
  func goesDown(_ uplink: LinkName) -> Bool {
    let id = FormerID(object: ObjectID.link(uplink).description, attribute: "up")
    guard let former = observed[.former(id)]?.former else { return false }
    return former.value == false.json.text() && former.users == [topology.name]
  }

  /// Whether routes by what has the host in place of hardware would not survive that hardware's going down: somebody has
  /// added them since, so it stays up for them.
  func isUsed(_ bridge: LinkName, by hardware: LinkName) -> Bool {
    returning().contains { $0.route != nil && $0.links.contains(hardware) }
      || observed.nexthops.contains { $0.link == bridge }
      || observed.routes.contains {
        $0.links.contains(bridge) && $0.origin != Ownership.origin && $0.lifetime?.expires != true
      }
  }
}

extension Object {
  /// A link that is down has no routes (`fib_netdev_event`), and no addresses of the kernel's own making.
  var canBeOnDownLink: Bool {
    switch self {
    // IFAPROT_KERNEL_RA, IFAPROT_KERNEL_LL
    case .address(let address): address.origin != 2 && address.origin != 3
    case .nexthop, .route: false
    default: true
    }
  }
}
