/// What the kernel does on its own, written down as changes, so that reversing the list restores it.
///
/// An object that goes with another and is to stay has the same before and after: it is put back.
struct Cascades {
  private(set) var changes: [Change]
  private let observed: State
  private let renamed: [LinkName: LinkName]
  /// What is to stay in any case.
  private let wanted: State
  private let restoresOrder: Bool
  private var touched: Set<ObjectID>

  init(_ changes: [Change], _ observed: State, _ target: Target) {
    self.changes = changes
    self.observed = observed
    renamed = target.renamed
    wanted = target.wanted
    restoresOrder = target.restoresOrder
    touched = Set(changes.map(\.id) + changes.compactMap(\.before?.id))
  }

  mutating func explain() {
    var gone: Set<LinkName> = []
    var replaced: [LinkName: Link] = [:]
    var converted: Set<LinkName> = []
    var lowered: Set<LinkName> = []
    var relabelled: Set<LinkName> = []
    var departed: Set<LinkName> = []
    var readdressed: Set<LinkName> = []
    for change in changes {
      guard let before = change.before?.link else { continue }
      if change.action == .delete { gone.insert(before.name) }
      if let after = change.after?.link {
        if change.action == .replace {
          replaced[after.name] = after
          if before.kind != after.kind { converted.insert(after.name) }
          continue
        }
        if before.up == true, after.up == false { lowered.insert(after.name) }
        if before.name != after.name { relabelled.insert(after.name) }
        if let mac = after.mac, mac != before.mac { readdressed.insert(after.name) }
        if after.isAway, !after.isWith(before) { departed.insert(after.name) }
      }
    }
    explainFunctions()
    if !gone.isEmpty || !replaced.isEmpty { explainStacks(on: &gone, Set(replaced.keys)) }
    if !gone.isEmpty { explainDeletion(of: gone) }
    if !replaced.isEmpty { explainReplacement(of: replaced, converted) }
    if !lowered.isEmpty { explainLowering(of: lowered) }
    if !readdressed.isEmpty { explainReaddressing(of: readdressed) }
    if !relabelled.isEmpty { explainLabels(on: relabelled) }
    if !departed.isEmpty { explainDeparture(of: departed) }
    explainForwarding(without: gone.union(replaced.keys))
    explainNexthops()
    if restoresOrder { explainOrder() }
    explainAddresses(gone.union(replaced.keys))
  }

  /// What is there and in no change yet, under the names that links will have.
  private func untouched(_ isMeant: (Object) -> Bool) -> [Object] {
    observed.objects.values.lazy.map { [renamed] in $0.renamed(renamed) }
      .filter { [touched] in !touched.contains($0.id) && isMeant($0) }
  }

  private mutating func append(_ before: Object, _ after: Object?) {
    // What only an advertisement makes is not put back.
    let isAdvertised = before.route?.id.advertisement != nil
    let after = isAdvertised ? nil : after ?? (wanted[before.id] == nil ? nil : before)
    changes.append(Change(before: before, after: after))
    touched.insert(before.id)
  }

  /// Another number of virtual functions takes all along.
  private mutating func explainFunctions() {
    for change in changes {
      guard let before = change.before?.link, let after = change.after?.link,
        after.functions ?? 0 < before.functions ?? 0
      else { continue }
      for function in untouched({ $0.function?.id.link == after.name }) { append(function, nil) }
    }
  }

  /// VLAN interfaces and macvtaps go with what they stand on (`vlan_device_event`, net/8021q/vlan.c;
  /// `macvlan_device_event`, drivers/net/macvlan.c).
  private mutating func explainStacks(on gone: inout Set<LinkName>, _ replaced: Set<LinkName>) {
    for link in observed.links
    where !touched.contains(.link(link.name))
      && link.lower.map({ gone.contains($0) || replaced.contains($0) }) == true
    {
      append(.link(link), nil)
      gone.insert(link.name)
    }
  }

  /// Deleting a link drops its addresses, routes, proxies and settings, and frees its ports.
  private mutating func explainDeletion(of gone: Set<LinkName>) {
    for (id, object) in observed.objects where !touched.contains(id) {
      if object.links.contains(where: gone.contains) {
        append(object, nil)
      } else if case .link(let link) = object, let master = link.master?.name, gone.contains(master) {
        var free = link
        free.master = Link.Master.none
        free.port = Link.Port()
        free.vlans = nil
        append(object, .link(free))
      }
    }
  }

  /// To another network namespace a link takes nothing along of what is on it (`__dev_change_net_namespace`).
  private mutating func explainDeparture(of departed: Set<LinkName>) {
    for object in untouched({ $0.links.contains(where: departed.contains) }) { append(object, nil) }
  }

  /// A link that is made anew has nothing of what stood on the old one.
  private mutating func explainReplacement(of replaced: [LinkName: Link], _ converted: Set<LinkName>) {
    for object in untouched({ $0.links.contains { replaced[$0] != nil } }) {
      // IFAPROT_KERNEL_LL: the kernel makes it again, of the MAC that there is then.
      if let address = object.address, address.origin == 3 {
        if !(replaced[address.link]?.makes(address) ?? false) { append(object, nil) }
        continue
      }
      // The file says it of the link, in place of what it was.
      if let key = object.sysctl?.key, key.family == .ipv4, key.name == "forwarding",
        key.link.flatMap({ replaced[$0]?.forwarding }) != nil, wanted[object.id] == nil
      {
        continue
      }
      // Another kind of link has other settings, and begins with its own.
      if object.sysctl?.key.link.map(converted.contains) ?? false, wanted[object.id] == nil { continue }
      // Where that of all changes, a link that is made then is as any that is new; the old one comes back as it was.
      if case .sysctl(var setting) = object, setting.key.followsAll, wanted[object.id] == nil,
        touched.contains(.sysctl(.ipv6ForwardingOfAll))
      {
        var usual = setting.key
        usual.link = .default
        setting.value = observed[.sysctl(usual)]?.sysctl?.value ?? setting.value
        append(object, .sysctl(setting))
        continue
      }
      // What is new has no carrier yet, without which it can have no nexthop object (`rtm_to_nh_config`).
      append(object, object.nexthop == nil ? object : nil)
    }
  }

  /// A link that goes down loses its routes, its IPv6 addresses and its nexthop objects (`fib_netdev_event`,
  /// `addrconf_ifdown`, `nexthop_flush_dev`); it can have addresses again then, but for those that the kernel makes.
  private mutating func explainLowering(of lowered: Set<LinkName>) {
    for object in untouched({ $0.links.contains(where: lowered.contains) }) {
      switch object {
      case .address(let address) where address.local.family == .ipv6:
        // IFAPROT_KERNEL_RA, IFAPROT_KERNEL_LL
        append(object, address.origin == 2 || address.origin == 3 ? nil : object)
      // `neigh_ifdown` (net/core/neighbour.c); a link that is down may have some all the same.
      case .neighbour: append(object, object)
      case .nexthop: append(object, nil)
      case .route(let route) where route.nexthopID == nil && route.links.allSatisfy(lowered.contains):
        append(object, nil)
      default: break
      }
    }
  }

  /// With another MAC a link loses its neighbours, the permanent ones too, and keeps its proxies (`neigh_changeaddr`,
  /// net/core/neighbour.c).
  private mutating func explainReaddressing(of links: Set<LinkName>) {
    for case .neighbour(let entry) in untouched({ $0.links.contains(where: links.contains) })
    where entry.linkAddress != nil {
      append(.neighbour(entry), .neighbour(entry))
    }
  }

  /// `forwarding` of IPv6 for all sets that of each interface, and of those to come (`addrconf_forward_change`,
  /// net/ipv6/addrconf.c).
  private mutating func explainForwarding(without gone: Set<LinkName>) {
    guard
      let value = changes.lazy.compactMap({ $0.after?.sysctl }).first(where: {
        $0.key == .ipv6ForwardingOfAll
      })?.value
    else { return }
    for object in untouched({ $0.sysctl?.key.followsAll ?? false }) {
      guard let sysctl = object.sysctl, sysctl.value != value, !gone.contains(sysctl.key.link!) else {
        continue
      }
      append(object, object)
    }
  }

  /// With a nexthop object go its places in groups, the groups that have no other member, and the routes that name one
  /// that goes (`__remove_nexthop`, net/ipv4/nexthop.c).
  private mutating func explainNexthops() {
    var gone: Set<UInt32> = []
    for change in changes where change.after == nil {
      if let nexthop = change.before?.nexthop { gone.insert(nexthop.id) }
    }
    if gone.isEmpty { return }
    for object in untouched({ $0.nexthop?.group.contains { gone.contains($0.id) } ?? false }) {
      guard case .nexthop(var group) = object else { continue }
      group.group.removeAll { gone.contains($0.id) }
      if group.group.isEmpty {
        gone.insert(group.id)
        append(object, nil)
      } else {
        append(object, .nexthop(group))
      }
    }
    for object in untouched({ $0.route?.nexthopID.map(gone.contains) ?? false }) { append(object, nil) }
  }

  /// With the name of its link change the labels of its IPv4 addresses, which cannot be set in place
  /// (`inetdev_changename`, net/ipv4/devinet.c): the first gets the new name, the others the new name and what followed
  /// the colon in the old label, or their number. Those behind one that is put back are put back as well, for the order.
  private mutating func explainLabels(on links: Set<LinkName>) {
    for link in links {
      let list = observed.addresses.map { [renamed] in Object.address($0).renamed(renamed).address! }
        .filter { $0.link == link && $0.local.family == .ipv4 }.sorted { $0.order ?? 0 < $1.order ?? 0 }
      let wrong = list.enumerated().first { place, address in
        place == 0
          ? address.label != link.text : address.label != Cascades.label(address.label, place + 1, link)
      }
      guard let wrong else { continue }
      for address in list[wrong.offset...] where !touched.contains(Object.address(address).id) {
        append(.address(address), .address(address))
      }
    }
  }

  private static func label(_ old: String?, _ number: Int, _ link: LinkName) -> String {
    let suffix =
      old.flatMap { label in label.firstIndex(of: ":").map { String(label[$0...]) } } ?? ":\(number)"
    let room = 15 - suffix.utf8.count
    return String(link.text.prefix(link.text.utf8.count > room ? max(0, room) : 15)) + suffix
  }

  /// What is put back behind (IPv6: before) an address that it preceded takes that one along; and where a round of the way
  /// back went wrong half-way, those are put back that have come to stand out of order.
  private mutating func explainOrder() {
    let there = untouched { [wanted] in $0.address != nil && wanted[$0.id]?.address?.order != nil }
    for list in Dictionary(grouping: there, by: { "\($0.links[0]) \($0.address!.local.family)" }).values {
      let seen = list.sorted { $0.address!.order ?? 0 < $1.address!.order ?? 0 }
      let right = list.sorted { wanted[$0.id]!.address!.order! < wanted[$1.id]!.address!.order! }
      let isIPv4 = list[0].address!.local.family == .ipv4
      let pairs = isIPv4 ? Array(zip(seen, right)) : zip(seen, right).reversed()
      for (_, object) in pairs.drop(while: { $0.id == $1.id }) {
        append(wanted[object.id]!, wanted[object.id]!)
      }
    }
    for new in changes.compactMap({ $0.before == nil ? $0.after?.address : nil }) {
      guard let order = new.order else { continue }
      for other in untouched({ $0.address?.link == new.link }) {
        guard other.address?.local.family == new.local.family, let place = wanted[other.id]?.address?.order,
          let kept = wanted[other.id]
        else { continue }
        if new.local.family == .ipv4 ? order < place : order > place { append(kept, kept) }
      }
    }
  }

  // MARK: Addresses

  /// Deleting a primary IPv4 address drops the secondaries of its subnet (`inet_del_ifa`). With an address go the IPv4 routes
  /// of the main table that name it as source (`fib_sync_down_addr`; on a host with VRFs, whose tables count for their links,
  /// those of any table are put back), and from IPv6 routes the naming (`fib6_remove_prefsrc`; not from those by a nexthop
  /// object). With the last IPv4 address of a link go the IPv4 routes by it and its proxies (`fib_inetaddr_event`,
  /// `arp_ifdown`).
  private mutating func explainAddresses(_ without: Set<LinkName>) {
    var leaving: [Address] = []
    func isLeaving(_ change: Change) -> Bool { change.action == .delete || change.action == .replace }
    for change in changes where isLeaving(change) {
      guard let address = change.before?.address, !without.contains(address.link) else { continue }
      leaving.append(address)
    }
    if leaving.isEmpty { return }
    for secondary in untouched({ $0.address?.secondary == true }).compactMap(\.address)
    where leaving.contains(where: {
      $0.secondary != true && $0.local.family == .ipv4 && $0.subnet == secondary.subnet
    }) {
      append(.address(secondary), .address(secondary))
      leaving.append(secondary)
    }
    explainRoutes(leaving, without)
  }

  private mutating func explainRoutes(_ leaving: [Address], _ without: Set<LinkName>) {
    let new = changes.compactMap { $0.before == nil ? $0.after?.address : nil }
    let replaced = changes.compactMap { $0.action == .replace ? $0.after?.address : nil }
    let left = Set(leaving.filter { $0.local.family == .ipv4 }.map(\.subnet))
    // What comes to a link on which others are put back comes as late as those, for the order; and what would be a
    // secondary of one that leaves, after that.
    let late = new.filter { address in
      replaced.contains { $0.link == address.link && $0.local.family == address.local.family }
        || address.local.family == .ipv4 && left.contains(address.subnet)
    }
    let arriving = new.filter { !late.contains($0) }
    // Until then such a one is nowhere, since it has left even a link that is about to go.
    let absent = changes.compactMap { $0.action == .delete ? $0.before?.address : nil }.filter { address in
      without.contains(address.link) && late.contains { $0.local.address == address.local.address }
    }
    let ids = Set((leaving + absent).map { Object.address($0).id })
    let staying = observed.addresses.filter { [renamed] in
      !ids.contains(Object.address($0).renamed(renamed).id)
    }
    let putBack = replaced + late
    let remaining = Set((Array(staying) + arriving).map(\.local.address))
    let returning = Set(putBack.map(\.local.address))
    let sources = Set((leaving + absent).map(\.local.address)).subtracting(remaining)
    let bare = Set(leaving.filter { $0.local.family == .ipv4 }.map(\.link)).filter { link in
      !staying.contains { renamed[$0.link] ?? $0.link == link && $0.local.family == .ipv4 }
        && !arriving.contains { $0.link == link && $0.local.family == .ipv4 }
    }
    let hasVRF = observed.links.contains { $0.kind == .other("vrf") }
    for case .neighbour(let entry) in untouched({ _ in !bare.isEmpty })
    where entry.address.family == .ipv4 && bare.contains(entry.link) {
      append(.neighbour(entry), .neighbour(entry))
    }
    for object in untouched({ $0.route != nil }) {
      guard case .route(var route) = object else { continue }
      let isBare = route.id.family == .ipv4 && !route.links.isEmpty && route.links.allSatisfy(bare.contains)
      let isConcerned = route.id.family == .ipv6 || route.id.isInMain || hasVRF
      if isConcerned, let source = route.preferredSource, sources.contains(source) {
        if route.id.family == .ipv6, route.nexthopID != nil { continue }
        if returning.contains(source) {
          append(object, object)
        } else if route.id.family == .ipv4 {
          append(object, nil)
        } else {
          route.preferredSource = nil
          append(object, .route(route))
        }
      } else if isBare {
        let needsNone = route.nexthops.allSatisfy { $0.gateway == nil || $0.onlink == true }
        append(object, needsNone || putBack.contains { route.links.contains($0.link) } ? object : nil)
      }
    }
  }
}
