import Glibc
import NetPlan

extension SimulatedKernel {
  mutating func create(_ link: Link) throws(Refusal) {
    // TUNSETIFF attaches to what is there; with IFF_TUN_EXCL it says EBUSY (`tun_set_iff`).
    guard isFree(link.name) else { throw Refusal(link.kind == .tap ? EBUSY : EEXIST) }
    if link.kind == .vlan { return try stack(link) }
    if link.isStation { return try addMacvtap(link) }
    var bare = Link(name: link.name, kind: link.kind)
    bare.tap = link.tap
    bare.bridge = link.bridge
    bare.veth = link.veth
    if link.kind == .veth { try createEnd(of: link) }
    bare.mac = link.mac
    bare.mtu = link.mtu
    add(bare)
  }

  /// A name must be nobody's name nor alternative name.
  func isFree(_ name: LinkName) -> Bool {
    links[name] == nil && !links.values.contains { $0.altnames?.contains(name.text) ?? false }
  }

  func require(_ name: LinkName) throws(Refusal) -> Link {
    guard let link = links[name] else { throw Refusal(ENODEV) }
    return link
  }

  /// What one message sets, in the order of `rtnl_changelink` and `do_setlink`.
  mutating func set(_ before: Link, _ after: Link) throws(Refusal) {
    let name = after.name
    _ = try require(name)
    if before.bridge != after.bridge { try set(name, after.bridge, before.bridge) }
    if before.mac != after.mac, let mac = after.mac {
      setMAC(name, mac)
      proxies.removeAll { $0.link == name && $0.linkAddress != nil }
    }
    if before.macvtap.mode != after.macvtap.mode { try setMode(name, after.macvtap.mode!) }
    if let all = after.macvtap.allMulticast { links[name]!.macvtap.allMulticast = all }
    if before.mtu != after.mtu, let mtu = after.mtu { try setMTU(name, mtu) }
    if before.alias != after.alias { links[name]!.alias = after.alias }
    if before.master != after.master, let master = after.master { try enslave(name, master) }
    if before.up != after.up, let up = after.up {
      if up { try raise(name) } else { lower(name) }
    }
    if before.addressGeneration != after.addressGeneration, let mode = after.addressGeneration {
      links[name]!.addressGeneration = mode
    }
    if before.linkGroup != after.linkGroup, let group = after.linkGroup { links[name]!.linkGroup = group }
    if before.forwarding != after.forwarding, let forwarding = after.forwarding {
      settings[SysctlKey(family: .ipv4, link: name, name: "forwarding")] = forwarding ? "1" : "0"
    }
    settle()
  }

  private mutating func setMTU(_ name: LinkName, _ mtu: Int) throws(Refusal) {
    guard links[name]!.mtu != mtu else { return }
    if let below = links[name]!.lower, mtu > links[below]!.mtu! {
      throw Refusal(links[name]!.kind == .vlan ? ERANGE : EINVAL)
    }
    links[name]!.mtu = mtu
    lowerMTU(on: name)
    if links[name]!.kind == .bridge { pinnedMTU.insert(name) }
    if let master = links[name]!.master?.name { followPorts(master) }
  }

  /// `br_mtu_auto_adjust`
  private mutating func followPorts(_ bridge: LinkName) {
    guard links[bridge]?.kind == .bridge, !pinnedMTU.contains(bridge) else { return }
    links[bridge]!.mtu = ports(of: bridge).compactMap { links[$0]!.mtu }.min() ?? 1500
    lowerMTU(on: bridge)
  }

  func ports(of bridge: LinkName) -> [LinkName] {
    links.values.filter { $0.master == .link(bridge) }.map(\.name).sorted()
  }

  private mutating func set(_ name: LinkName, _ new: Link.Bridge, _ old: Link.Bridge) throws(Refusal) {
    guard links[name]!.kind == .bridge else { throw Refusal(EOPNOTSUPP) }
    if new.stp != old.stp, let stp = new.stp { links[name]!.bridge.stp = stp }
    if new.vlanFiltering != old.vlanFiltering, let filtering = new.vlanFiltering {
      guard features.vlanFiltering else { throw Refusal(EOPNOTSUPP) }
      links[name]!.bridge.vlanFiltering = filtering
    }
    if new.defaultPVID != old.defaultPVID, let pvid = new.defaultPVID { try setDefaultPVID(name, pvid) }
    if new.multicastSnooping != old.multicastSnooping, let snooping = new.multicastSnooping {
      links[name]!.bridge.multicastSnooping = snooping
    }
  }

  /// `br_vlan_set_default_pvid`: not while the bridge filters; the old one goes where it still is as it came.
  private mutating func setDefaultPVID(_ name: LinkName, _ pvid: UInt16) throws(Refusal) {
    guard features.vlanFiltering else { throw Refusal(EOPNOTSUPP) }
    let old = links[name]!.bridge.defaultPVID ?? 0
    guard old != pvid else { return }
    guard links[name]!.bridge.vlanFiltering == false else { throw Refusal(EPERM) }
    for member in [name] + ports(of: name) {
      var vlans = links[member]!.vlans ?? []
      let usual = PortVLAN(id: old, pvid: true, untagged: true)
      let hasUsual = old == 0 || vlans.contains(usual)
      guard hasUsual else { continue }
      vlans.removeAll { $0 == usual }
      if pvid != 0, !vlans.contains(where: { $0.id == pvid }) {
        vlans.append(PortVLAN(id: pvid, pvid: true, untagged: true))
      }
      links[member]!.vlans = vlans.sorted()
    }
    links[name]!.bridge.defaultPVID = pvid
  }

  private mutating func enslave(_ name: LinkName, _ master: Link.Master) throws(Refusal) {
    if let old = links[name]!.master?.name { leave(name, old) }
    guard let bridge = master.name else { return }
    guard let there = links[bridge] else { throw Refusal(ENODEV) }
    guard there.kind == .bridge, links[name]!.facts?.loopback != true else { throw Refusal(EINVAL) }
    if !macvtaps(on: name).isEmpty { throw Refusal(EBUSY) }
    if links[name]!.kind == .bridge { throw Refusal(ELOOP) }
    links[name]!.master = .link(bridge)
    (links[name]!.port.isolated, links[name]!.port.groupForwardMask) = (false, 0)
    if features.vlanFiltering {
      let usual = there.bridge.defaultPVID ?? 0
      links[name]!.vlans = usual == 0 ? [] : [PortVLAN(id: usual, pvid: true, untagged: true)]
    }
    followPorts(bridge)
  }

  private mutating func leave(_ name: LinkName, _ bridge: LinkName) {
    links[name]!.master = Link.Master.none
    links[name]!.port = Link.Port()
    links[name]!.vlans = nil
    followPorts(bridge)
  }

  private mutating func raise(_ name: LinkName) throws(Refusal) {
    if let below = links[name]!.vlan.link, links[below]!.up != true { throw Refusal(ENETDOWN) }
    links[name]!.up = true
    for upper in stack(on: name) { try raise(upper) }
  }

  /// Down drops the routes by the link, all its IPv6 addresses and its proxies (`neigh_ifdown`); up brings none back.
  mutating func lower(_ name: LinkName) {
    guard links[name]!.up == true else { return }
    links[name]!.up = false
    ready.remove(name)
    for address in (addresses[name] ?? []).filter({ $0.local.family == .ipv6 }) {
      drop(address, withLink: true)
    }
    dropRoutes(by: name, families: [.ipv4, .ipv6], isGone: false)
    proxies.removeAll { $0.link == name }
    for upper in stack(on: name) { lower(upper) }
  }

  /// Links that are up and have carrier now get their link-local address.
  mutating func settle() {
    for link in links.values where link.up == true && !ready.contains(link.name) && hasCarrier(link) {
      ready.insert(link.name)
      guard link.addressGeneration == .eui64, link.facts?.loopback != true, let mac = link.mac else {
        continue
      }
      let own = IPAddress(family: .ipv6, value: (0xfe80 << 112) | mac.interfaceIdentifier)
      guard !(addresses[link.name] ?? []).contains(where: { $0.local.address == own }) else { continue }
      var address = Address(link: link.name, local: IPInterface(own, length: 64)!)
      address.origin = 3  // IFAPROT_KERNEL_LL
      try? addAddress(address, replacing: false)
    }
    for name in ready where links[name].map({ !hasCarrier($0) }) ?? true { ready.remove(name) }
    flushNexthops()
  }

  func hasCarrier(_ link: Link) -> Bool {
    switch link.kind {
    case .bridge:
      links.values.contains {
        $0.master == .link(link.name) && $0.up == true && $0.kind != .bridge && hasCarrier($0)
      }
    case .tap: link.facts?.carrier == true
    case .vlan: link.vlan.link.flatMap { links[$0] }.map(hasCarrier) ?? true
    case .macvtap, .macvlan: links[link.macvtap.link!].map { $0.up == true && hasCarrier($0) } ?? false
    default: true
    }
  }

  // MARK: Names

  mutating func rename(_ old: LinkName, to new: LinkName) throws(Refusal) {
    var link = try require(old)
    guard isFree(new) else { throw Refusal(EEXIST) }
    links[old] = nil
    link.name = new
    links[new] = link
    for (name, other) in links {
      if other.master == .link(old) { links[name]!.master = .link(new) }
      if other.facts?.lower == old { links[name]!.facts?.lower = new }
      if other.lower == old { links[name]!.lower = new }
    }
    if pinnedMTU.remove(old) != nil { pinnedMTU.insert(new) }
    if let table = tables.keys.first(where: { $0.device == old }) { hooks[new] = table }
    if ready.remove(old) != nil { ready.insert(new) }
    renameAddresses(old, new)
    for index in routes.indices {
      for leg in routes[index].nexthops.indices where routes[index].nexthops[leg].link == old {
        routes[index].nexthops[leg].link = new
      }
    }
    for (id, nexthop) in nexthops where nexthop.link == old { nexthops[id]!.link = new }
    for index in proxies.indices where proxies[index].link == old { proxies[index].link = new }
    if var qdisc = qdiscs.removeValue(forKey: old) {
      qdisc.link = new
      qdiscs[new] = qdisc
    }
    // Rules go by the name alone and stay as they are.
    for (key, value) in settings where key.link == old {
      var moved = key
      moved.link = new
      settings[key] = nil
      settings[moved] = value
    }
  }

  /// The first IPv4 address takes the new name for its label, the others the new name and a suffix of the old label
  /// or their number (`inetdev_changename`).
  private mutating func renameAddresses(_ old: LinkName, _ new: LinkName) {
    guard var list = addresses.removeValue(forKey: old) else { return }
    var number = 0
    for index in list.indices {
      list[index].link = new
      guard list[index].local.family == .ipv4 else { continue }
      number += 1
      let label = list[index].label ?? old.text
      if number == 1 {
        list[index].label = new.text
      } else {
        let suffix = label.firstIndex(of: ":").map { String(label[$0...]) } ?? ":\(number)"
        list[index].label =
          new.text.utf8.count + suffix.utf8.count < 16
          ? new.text + suffix : String(new.text.prefix(15 - suffix.utf8.count)) + suffix
      }
    }
    addresses[new] = list
    tentative = Set(
      tentative.map { id in
        if case .address(old, let local, let peer) = id { return .address(new, local, to: peer) }
        return id
      })
  }

  mutating func addAltnames(_ name: LinkName, _ names: [String]) throws(Refusal) {
    _ = try require(name)
    for new in names {
      guard isFree(LinkName(kernel: new)) else { throw Refusal(EEXIST) }
      links[name]!.altnames = (links[name]!.altnames! + [new]).sorted()
    }
  }

  mutating func removeAltnames(_ name: LinkName, _ names: [String]) throws(Refusal) {
    _ = try require(name)
    for old in names {
      guard links[name]!.altnames!.contains(old) else { throw Refusal(ENOENT) }
      links[name]!.altnames!.removeAll { $0 == old }
    }
  }

  // MARK: TAPs

  /// TUNSETOWNER needs a queue of its own, and a single-queue TAP has but one (`tun_attach`).
  mutating func setAccounts(_ name: LinkName, _ tap: Link.TAP) throws(Refusal) {
    guard let link = links[name], link.isForVM else { throw Refusal(ENODEV) }
    if link.kind == .macvtap { return links[name]!.tap = tap }
    guard link.facts?.carrier != true || link.tap.multiQueue == true else { throw Refusal(EBUSY) }
    // TUNSETOWNER and TUNSETGROUP take no "nobody" (make_kuid must be valid).
    if tap.owner != link.tap.owner {
      guard case .id? = tap.owner else { throw Refusal(EINVAL) }
      links[name]!.tap.owner = tap.owner
    }
    if tap.group != link.tap.group {
      guard case .id? = tap.group else { throw Refusal(EINVAL) }
      links[name]!.tap.group = tap.group
    }
  }

  // MARK: Deletion

  /// What stands on a link goes with it; its ports are free.
  mutating func delete(_ name: LinkName) throws(Refusal) {
    let link = try require(name)
    guard link.kind != .device else { throw Refusal(EOPNOTSUPP) }
    for upper in links.values.filter({ $0.facts?.lower == name }) { try delete(upper.name) }
    for port in ports(of: name) { leave(port, name) }
    for address in (addresses[name] ?? []).reversed() { drop(address, withLink: true) }
    dropRoutes(by: name, families: [.ipv4, .ipv6], isGone: true)
    let master = link.master?.name
    links[name] = nil
    addresses[name] = nil
    proxies.removeAll { $0.link == name }
    qdiscs[name] = nil
    for key in settings.keys where key.link == name { settings[key] = nil }
    pinnedMTU.remove(name)
    ready.remove(name)
    if let netns = link.veth.netns, let peer = link.veth.peer {
      netnses[netns]?.objects.removeAll { $0.link?.name == peer || $0.links.contains(peer) }
    }
    if let master { followPorts(master) }
    settle()
  }
}
