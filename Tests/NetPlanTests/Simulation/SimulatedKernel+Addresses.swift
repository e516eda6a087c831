import Glibc
import NetPlan

extension SimulatedKernel {
  /// `inet_insert_ifa`, `ipv6_add_addr`
  mutating func addAddress(_ wanted: Address, replacing: Bool) throws(Refusal) {
    let link = try require(wanted.link)
    let list = addresses[wanted.link] ?? []
    let place = list.firstIndex {
      // An IPv6 address is one whatever the length of its prefix.
      wanted.local.family == .ipv6
        ? $0.local.address == wanted.local.address
        : $0.local == wanted.local && $0.prefix == wanted.prefix
    }
    if let place {
      guard replacing else { throw Refusal(EEXIST) }
      modify(&addresses[wanted.link]![place], wanted)
      return
    }
    var new = wanted
    new.order = nil
    new.secondary = nil
    new.origin = wanted.origin ?? 0
    new.lifetime = wanted.lifetime ?? .forever
    new.flags = wanted.flags ?? []
    new.metric = wanted.metric ?? 0
    if wanted.local.family == .ipv4 {
      new.label = wanted.label ?? link.name.text
      new.scope = wanted.scope ?? .global
      try insertIPv4(new)
    } else {
      new.label = nil
      new.broadcast = nil
      new.scope = wanted.local.address.isLinkLocal ? .link : .global
      insertIPv6(new)
      if new.flags?.contains(.noDetection) != true { tentative.insert(Object.address(new).id) }
    }
  }

  /// Label, broadcast address, scope and peer of an IPv4 address stay what they were.
  private func modify(_ address: inout Address, _ wanted: Address) {
    address.lifetime = wanted.lifetime ?? .forever
    address.metric = wanted.metric ?? address.metric
    address.origin = wanted.origin ?? 0
    guard address.local.family == .ipv6 else { return }
    address.flags = wanted.flags ?? []
    address.peer = wanted.peer ?? address.peer
  }

  /// A primary goes behind the last primary of its scope, a secondary to the end.
  private mutating func insertIPv4(_ new: Address) throws(Refusal) {
    var list = addresses[new.link] ?? []
    var place = list.startIndex
    var secondary = false
    for (index, other) in list.enumerated() where other.local.family == .ipv4 {
      let isPrimary = !isSecondary(other, in: list[..<index])
      if isPrimary, new.scope!.rawValue <= other.scope!.rawValue { place = index + 1 }
      if other.local.length == new.local.length, other.prefix == new.prefix {
        guard other.scope == new.scope else { throw Refusal(EINVAL) }
        secondary = true
      }
    }
    if secondary { place = list.lastIndex { $0.local.family == .ipv4 }! + 1 }
    list.insert(new, at: place)
    addresses[new.link] = list
  }

  /// Before those of its scope that were there (`ipv6_link_dev_addr`).
  private mutating func insertIPv6(_ new: Address) {
    var list = addresses[new.link] ?? []
    let place = list.firstIndex { $0.local.family == .ipv6 && !($0.scope == .global && new.scope == .link) }
    list.insert(new, at: place ?? list.endIndex)
    addresses[new.link] = list
  }

  mutating func deleteAddress(_ gone: Address) throws(Refusal) {
    _ = try require(gone.link)
    let there = (addresses[gone.link] ?? []).first {
      $0.local == gone.local && (gone.local.family == .ipv6 || $0.prefix == gone.prefix)
    }
    guard let there else { throw Refusal(EADDRNOTAVAIL) }
    drop(there)
  }

  /// With what hangs on it: secondaries, routes that name it as source, and with the last IPv4 address all routes and proxies by
  /// the link. An IPv6 address that goes with its link, or as that goes down, is named on (`addrconf_ifdown`).
  mutating func drop(_ gone: Address, withLink: Bool = false) {
    guard var list = addresses[gone.link],
      let place = list.firstIndex(where: { $0.local == gone.local && $0.peer == gone.peer })
    else { return }
    let wasPrimary = !isSecondary(gone, in: list[..<place])
    list.remove(at: place)
    addresses[gone.link] = list
    tentative.remove(Object.address(gone).id)
    if !withLink || gone.local.family == .ipv4 { releaseSource(gone.local.address) }
    guard gone.local.family == .ipv4 else { return }
    let secondaries = wasPrimary ? list.filter { isSibling($0, gone) } : []
    if features.promotesSecondaries {
      if let heir = secondaries.first { promote(heir) }
    } else {
      for secondary in secondaries { drop(secondary) }
    }
    if !(addresses[gone.link] ?? []).contains(where: { $0.local.family == .ipv4 }) {
      dropRoutes(by: gone.link, families: [.ipv4], isGone: false)
      proxies.removeAll { $0.link == gone.link && $0.address.family == .ipv4 }
    }
  }

  private func isSibling(_ a: Address, _ b: Address) -> Bool {
    a.local.family == .ipv4 && a.local.length == b.local.length && a.prefix == b.prefix
  }

  /// It takes its place behind the last primary that stands before it.
  private mutating func promote(_ heir: Address) {
    var list = addresses[heir.link]!
    list.removeAll { $0 == heir }
    var place = list.startIndex
    for (index, other) in list.enumerated()
    where other.local.family == .ipv4 && !isSecondary(other, in: list[..<index]) && !isSibling(other, heir) {
      place = index + 1
    }
    list.insert(heir, at: place)
    addresses[heir.link] = list
  }

  func isLocal(_ address: IPAddress) -> Bool {
    addresses.values.contains {
      $0.contains { $0.local.address == address && !tentative.contains(Object.address($0).id) }
    }
  }

  /// IPv4 drops the routes that name an address of nobody as source, IPv6 only the naming, and not
  /// that of routes by a nexthop object
  /// (`fib_sync_down_addr`, `fib6_remove_prefsrc`).
  private mutating func releaseSource(_ address: IPAddress) {
    guard !addresses.values.contains(where: { $0.contains { $0.local.address == address } }) else { return }
    if address.family == .ipv4 {
      routes.removeAll { $0.preferredSource == address && $0.id.isInMain }
    } else {
      for index in routes.indices
      where routes[index].preferredSource == address && routes[index].nexthopID == nil {
        routes[index].preferredSource = nil
      }
    }
  }
}
