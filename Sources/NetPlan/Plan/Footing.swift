/// What a step's place depends on besides its own change.
struct Footing {
  /// Links of a new name, whose settings cannot be set under it before.
  var created: Set<LinkName> = []
  var removed: Set<LinkName> = []
  /// Links that are deleted and made anew.
  var replaced: Set<LinkName> = []
  /// Links that go down, and lose the IPv6 addresses they have by then.
  var lowered: Set<LinkName> = []
  /// Links that something is taken from, with which the kernel drops routes.
  var unsettled: Set<LinkName> = []
  /// Bridges that hardware leaves: their addresses go in the same send, so that no packet falls between.
  var released: Set<LinkName> = []
  /// Links that lose IPv4 addresses and get none before: with the last one go the routes.
  var losing: Set<LinkName> = []
  /// Links that are deleted after their addresses have moved to others.
  var vacated: Set<LinkName> = []
  /// Something that goes with an address is put back, so that the address has to go before.
  var putsBack = false
  /// Links on which addresses are put back, behind those that are new.
  var reordered: [AddressFamily: Set<LinkName>] = [:]
  /// Local addresses that leave a link, and those that appear on one: in both, they move.
  var leaving: Set<IPAddress> = []
  var arriving: Set<IPAddress> = []
  /// Addresses that routes to be set name as their source.
  var sources: Set<IPAddress> = []
  /// Subnets of IPv4 addresses that leave their link: a new address of the subnet would be a secondary of the old one
  /// and go with it, so it comes after.
  var leftSubnets: Set<ObjectID> = []
  /// Those of them that get a new address.
  var isFollowed: Set<ObjectID> = []
  /// Addresses that go and come again.
  var restored: [Address] = []
  /// New addresses, and those of links that are made anew, that come only when others have gone.
  var late: [Address] = []
  /// New nexthop objects that come only when hardware has joined the bridge on which they are, with which it gets its carrier
  /// (`rtm_to_nh_config`, net/ipv4/nexthop.c), and groups of such.
  var lateNexthops: Set<UInt32> = []
  /// VLANs of links in which an interface comes to be: there is one at most (`register_vlan_dev`).
  var stacked: Set<Link.VLAN> = []
  /// Ends of veths in network namespaces, by the names of these: they go early, with the other ends.
  var cut: [String: Set<LinkName>] = [:]
  /// Hardware that a macvtap takes whole from now on, or takes anew.
  var given: Set<LinkName> = []
  /// Hardware whose macvtap goes, and that is the host's again only then.
  var freed: Set<LinkName> = []
  /// Interfaces whose devices go to user space.
  var unbound: Set<LinkName> = []
  /// Hardware that becomes a port.
  let joining: Set<LinkName>

  /// What IPv6 forwarding of all interfaces becomes, and that of each with it; nil where it stays.
  var forwardingOfAll: String?

  init(_ changes: [Change]) {
    joining = Footing.joining(changes)
    for change in changes where change.action == .delete || change.action == .replace {
      if let address = change.before?.address, address.local.family == .ipv4 {
        leftSubnets.insert(address.subnet)
      }
      if let address = change.before?.address { unsettled.insert(address.link) }
      if let link = change.before?.link { unsettled.insert(link.name) }
      if change.action == .replace, case .link(let name) = change.id {
        replaced.insert(name)
        if let end = change.before?.link?.veth, let netns = end.netns, let peer = end.peer {
          cut[netns, default: []].insert(peer)
        }
      }
    }
    noteGiven(changes)
    for change in changes {
      switch change.id {
      case .link(let name):
        if change.action == .create || change.before.map({ $0.id != change.id }) ?? false || change.comesHome
        {
          created.insert(name)
        }
        if change.action == .delete { removed.insert(name) }
        if change.movesHardware, change.after?.link?.vfio != nil { unbound.insert(name) }
        if change.action == .create || change.action == .replace, let link = change.after?.link,
          link.kind == .vlan
        {
          stacked.insert(link.vlan)
        }
        if let before = change.before?.link, !before.isForVM, let after = change.after?.link,
          after.master == Link.Master.none, let bridge = before.master?.name
        {
          released.insert(bridge)
        }
        if change.before?.link?.up == true, change.after?.link?.up == false { lowered.insert(name) }
      case .address(let link, let local, _):
        if change.action == .create { arriving.insert(local.address) }
        if change.action == .delete {
          if change.before?.address?.origin != Ownership.origin { leaving.insert(local.address) }
          if local.family == .ipv4 { losing.insert(link) }
        }
        // On a link that is made anew there is nothing to be behind.
        if change.action == .replace, !replaced.contains(link) {
          putsBack = true
          if let address = change.after?.address { restored.append(address) }
          reordered[local.family, default: []].insert(link)
        }
      case .route:
        if change.action == .replace { putsBack = true }
        if let source = change.after?.route?.preferredSource { sources.insert(source) }
      case .sysctl(.ipv6ForwardingOfAll): forwardingOfAll = change.after?.sysctl?.value
      default: break
      }
    }
    for change in changes where change.action == .create || change.action == .replace {
      guard let address = change.after?.address, change.before == nil || replaced.contains(address.link)
      else { continue }
      if follows(address) { isFollowed.insert(address.subnet) }
      if isLate(address) {
        late.append(address)
      } else if address.local.family == .ipv4 {
        losing.remove(address.link)
      }
    }
    noteLateNexthops(changes)
    for change in changes where change.action == .delete {
      if let address = change.before?.address, removed.contains(address.link), moves(address) {
        vacated.insert(address.link)
      }
    }
  }

  private mutating func noteLateNexthops(_ changes: [Change]) {
    let joined = Set(
      changes.compactMap { change -> LinkName? in
        guard let before = change.before?.link, let after = change.after?.link, !after.isForVM,
          before.master != after.master
        else { return nil }
        return after.master?.name
      })
    if joined.isEmpty { return }
    let new = changes.filter { $0.before == nil }.compactMap(\.after?.nexthop)
    lateNexthops = Set(new.filter { $0.link.map(joined.contains) ?? false }.map(\.id))
    let groups = new.filter { $0.group.contains { lateNexthops.contains($0.id) } }
    lateNexthops.formUnion(groups.map(\.id))
  }

  /// A VLAN interface whose place another one takes, or that goes with what it stands on.
  func makesRoom(_ link: Link) -> Bool {
    link.kind == .vlan && (stacked.contains(link.vlan) || link.lower.map(replaced.contains) ?? false)
  }

  /// A new IPv4 address of a subnet that another one leaves.
  func follows(_ address: Address) -> Bool {
    address.local.family == .ipv4 && leftSubnets.contains(address.subnet)
  }

  /// A new address that comes only when others have gone.
  func isLate(_ address: Address) -> Bool {
    let family = address.local.family
    return reordered[family]?.contains(address.link) ?? false || follows(address)
      || family == .ipv6 && lowered.contains(address.link)
  }

  /// A new route that the kernel would refuse before one of those is there: it is the route's source, or the way to its
  /// gateway, or names such a nexthop object.
  func isLate(_ route: Route) -> Bool {
    if let id = route.nexthopID, lateNexthops.contains(id) { return true }
    return late.contains { address in
      route.preferredSource == address.local.address
        || route.nexthops.contains { $0.gateway.map(address.local.prefix.contains) ?? false }
    }
  }

  /// A route that the kernel would drop with an address that goes and comes again: its source, or, of a new one, the way to
  /// its gateway.
  func falls(_ route: Route, isNew: Bool) -> Bool {
    restored.contains { address in
      route.preferredSource == address.local.address
        || isNew && route.nexthops.contains { $0.gateway.map(address.local.prefix.contains) ?? false }
    }
  }

  /// Somebody's address that goes to another link; ours come anew.
  func moves(_ address: Address) -> Bool {
    arriving.contains(address.local.address) && address.origin != Ownership.origin
  }

  /// What the kernel drops when a link goes down.
  func goesDown(_ object: Object) -> Bool {
    if lowered.isEmpty || object.links.isEmpty || !object.links.allSatisfy(lowered.contains) { return false }
    return switch object {
    case .address(let address): address.local.family == .ipv6
    case .route, .nexthop, .neighbour: true
    default: false
    }
  }

  /// Whether the kernel does it by itself when the object's link goes, or goes down.
  func cascades(_ step: Change, in stage: Stage) -> Bool {
    if step.id.isLink { return false }
    // Functions come and go by their number alone.
    if step.after == nil, step.before?.function != nil { return true }
    switch stage {
    case .free: return true
    case .remove: return step.before!.links.contains(where: removed.contains)
    case .flip: return step.after == nil && goesDown(step.before!)
    default: return false
    }
  }

  /// A link that has this name only from now on, or is made anew: its settings are set when it is there.
  func isNew(_ link: LinkName?) -> Bool {
    link.map { created.contains($0) || replaced.contains($0) } ?? false
  }
}
