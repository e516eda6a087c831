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
    var replaced: Set<LinkName> = []
    var lowered: Set<LinkName> = []
    var relabelled: Set<LinkName> = []
    for change in changes {
      guard let before = change.before?.link else { continue }
      if change.action == .delete { gone.insert(before.name) }
      if let after = change.after?.link {
        if change.action == .replace {
          replaced.insert(after.name)
          continue
        }
        if before.up == true, after.up == false { lowered.insert(after.name) }
        if before.name != after.name { relabelled.insert(after.name) }
      }
    }
    if !gone.isEmpty { explainDeletion(of: gone) }
    if !replaced.isEmpty { explainReplacement(of: replaced) }
    if !lowered.isEmpty { explainLowering(of: lowered) }
    if !relabelled.isEmpty { explainLabels(on: relabelled) }
    if restoresOrder { explainOrder() }
    explainAddresses(gone.union(replaced))
  }

  /// What is there and in no change yet, under the names that links will have.
  private func untouched(_ isMeant: (Object) -> Bool) -> [Object] {
    observed.objects.values.lazy.map { [renamed] in $0.renamed(renamed) }
      .filter { [touched] in !touched.contains($0.id) && isMeant($0) }
  }

  private mutating func append(_ before: Object, _ after: Object?) {
    changes.append(Change(before: before, after: after ?? (wanted[before.id] == nil ? nil : before)))
    touched.insert(before.id)
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

  /// A link that is made anew has nothing of what stood on the old one.
  private mutating func explainReplacement(of replaced: Set<LinkName>) {
    for object in untouched({ $0.links.contains(where: replaced.contains) }) {
      // IFAPROT_KERNEL_LL: the kernel makes it again.
      if object.address?.origin == 3 { continue }
      append(object, object)
    }
  }

  /// A link that goes down loses its routes and its IPv6 addresses (`fib_netdev_event`, `addrconf_ifdown`); it can have
  /// addresses again then, but for those that the kernel makes.
  private mutating func explainLowering(of lowered: Set<LinkName>) {
    for object in untouched({ $0.links.contains(where: lowered.contains) }) {
      switch object {
      case .address(let address) where address.local.family == .ipv6:
        // IFAPROT_KERNEL_RA, IFAPROT_KERNEL_LL
        append(object, address.origin == 2 || address.origin == 3 ? nil : object)
      case .route(let route) where route.links.allSatisfy(lowered.contains): append(object, nil)
      default: break
      }
    }
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

  /// What is put back behind (IPv6: before) an address that it preceded takes that one along.
  private mutating func explainOrder() {
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

  /// Deleting a primary IPv4 address drops the secondaries of its subnet (`inet_del_ifa`); with an address go the IPv4
  /// routes that name it as source (`fib_sync_down_addr`), from IPv6 routes the naming (`fib6_remove_prefsrc`), and
  /// with the last IPv4 address of a link the IPv4 routes by it (`fib_inetaddr_event`).
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
    explainRoutes(leaving)
  }

  private mutating func explainRoutes(_ leaving: [Address]) {
    let ids = Set(leaving.map { Object.address($0).id })
    let staying = observed.addresses.filter { [renamed] in
      !ids.contains(Object.address($0).renamed(renamed).id)
    }
    let left = Set(leaving.filter { $0.local.family == .ipv4 }.map(\.subnet))
    let new = changes.compactMap { $0.before == nil ? $0.after?.address : nil }
    // One that would be a secondary of what leaves comes only after that.
    let arriving = new.filter { $0.local.family == .ipv6 || !left.contains($0.subnet) }
    let late = new.filter { $0.local.family == .ipv4 && left.contains($0.subnet) }
    let putBack = changes.compactMap { $0.action == .replace ? $0.after?.address : nil } + late
    let remaining = Set((Array(staying) + arriving).map(\.local.address))
    let returning = Set(putBack.map(\.local.address))
    let sources = Set(leaving.map(\.local.address)).subtracting(remaining)
    let bare = Set(leaving.map(\.link)).filter { link in
      !staying.contains { renamed[$0.link] ?? $0.link == link && $0.local.family == .ipv4 }
        && !arriving.contains { $0.link == link && $0.local.family == .ipv4 }
    }
    for object in untouched({ $0.route != nil }) {
      guard case .route(var route) = object else { continue }
      let isBare = route.id.family == .ipv4 && !route.links.isEmpty && route.links.allSatisfy(bare.contains)
      if let source = route.preferredSource, sources.contains(source) {
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
