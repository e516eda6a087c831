// VMs in network namespaces of their own: what joins their NICs to the host, and what is in there.
//
//     host ─ veth ┊ veth ─ bridge ─ TAP      the guest is what the host knows it as
//     host ─ veth ┊ veth ─ router ─ TAP      `inner-address`: it is translated for, one to one

extension Composer {
  /// What is to be in a namespace.
  struct Inside {
    /// The VM that asks for it first.
    var reason: String
    var objects = State()
    var translations = TranslationTable()
  }

  /// The veth behind whose end on the host a NIC is; nil for one in the host's own namespace.
  func end(of nic: NIC, _ vm: VM) -> Link.Veth? {
    guard let netns = vm.netns?.value, let enclosure = nic.enclosure else { return nil }
    var veth = Link.Veth()
    if host.facts.entersNetns != false {
      veth.netns = netns
      veth.peer = inside(nic, vm, Netns.out)?.name ?? enclosure.peer
    }
    return veth
  }

  /// Who may open a device.
  mutating func setAccess(_ link: inout Link, _ nic: NIC, _ vm: VM, _ path: String) {
    link.tap.group = account(vm.owner?.group, among: host.facts.groups, "group", path)
    link.tap.owner = account(vm.owner?.user, among: host.facts.users, "user", path)
    // A TAP of nobody is everybody's: with neither owner nor group the kernel asks for nothing (`tun_not_capable`,
    // drivers/net/tun.c), and /dev/net/tun is open to all. A device node is somebody's in any case.
    if link.tap.owner == Link.TAP.Account.none,
      link.kind != .tap || link.tap.group == Link.TAP.Account.none
    {
      link.tap.owner = .id(0)
    }
    if link.kind == .tap { link.tap.multiQueue = (nic.queues?.value ?? 1) > 1 }
  }

  /// Whether there can be a namespace for this NIC; what is in the way is said.
  mutating func canEnclose(_ nic: NIC, in netns: Sourced<String>?, _ path: String) -> Bool {
    guard let netns, nic.enclosure != nil else { return true }
    let name = netns.value
    let place = "vms.\(nic.vm).netns"
    if let there = observed[.netns(name)]?.netns {
      guard there.owner != topology.name else { return true }
      conflict(
        netns.position, place,
        "the network namespace '\(name)' is that of the configuration '\(there.owner)'",
        hint: "choose another name")
      return false
    }
    if host.facts.namespaces?.contains(name) == true {
      conflict(
        netns.position, place, "the host has a network namespace '\(name)' that is not ours",
        hint: "choose another name, or remove it: ip netns delete \(name)")
      return false
    }
    return true
  }

  // MARK: Inside

  /// What is in the namespace for a NIC whose end on the host is `outer`.
  mutating func enclose(_ nic: NIC, of vm: VM, behind outer: Link, _ path: String) {
    guard let netns = vm.netns?.value, let enclosure = nic.enclosure, let peer = outer.veth.peer else {
      return
    }
    if namespaces[netns] == nil { namespaces[netns] = Inside(reason: "vms.\(vm.name)") }
    var end = inner(peer, .veth, path + Netns.out, mtu: outer.mtu)
    var tap = inner(innerDevice(of: nic, vm), .tap, path, mtu: outer.mtu)
    tap.altnames = ["\(topology.name).\(nic.vm).\(nic.name)"]
    setAccess(&tap, nic, vm, path)
    if nic.innerAddresses.isEmpty {
      let name = inside(nic, vm, Netns.wire)?.name ?? enclosure.bridge
      var wire = inner(name, .bridge, path + Netns.wire, mtu: outer.mtu)
      wire.bridge.stp = false
      wire.bridge.multicastSnooping = false
      wire.forwarding = false
      (end.master, tap.master) = (.link(name), .link(name))
      add(wire, to: netns)
      set(wire.name, in: netns, ["proxy_arp": "0", "accept_ra": "0", "disable_ipv6": "1"])
    } else {
      end.mac = nic.mac
      end.addressGeneration = host.facts.ipv6 == false ? nil : .eui64
      // What a guest has learned of its router outlives a snapshot: the same for all clones of it.
      tap.mac = (enclosure.innerMAC ?? nic.mac).routers
      (end.forwarding, tap.forwarding) = (true, true)
      set(end.name, in: netns, ["proxy_arp": "0", "accept_ra": "0", "disable_ipv6": "0"])
      // Whatever router the guest knows of is here.
      set(tap.name, in: netns, ["proxy_arp": "1", "accept_ra": "0", "disable_ipv6": "0"])
      translate(nic, end.name, tap.name, netns, path)
    }
    add(end, to: netns)
    add(tap, to: netns)
  }

  private mutating func translate(
    _ nic: NIC, _ out: LinkName, _ tap: LinkName, _ netns: String, _ path: String
  ) {
    let outer = guestAddresses(of: nic).filter { isUsable($0.family) }
    for family in AddressFamily.allCases where isUsable(family) {
      let (insiders, others) = (
        nic.innerAddresses.filter { $0.family == family }, outer.filter { $0.family == family }
      )
      guard insiders.count == others.count else {
        conflict(
          nic.written["inner-address"] ?? nic.position, "\(path).inner-address",
          "\(nic.id) has \(insiders.count) inner \(family == .ipv4 ? "IPv4" : "IPv6") addresses for \(others.count) by which others reach it",
          hint: "each address needs one inside")
        return
      }
      if insiders.isEmpty { continue }
      guard let router = router(of: nic, family) else {
        conflict(
          nic.written["inner-address"] ?? nic.position, "\(path).inner-address",
          "on '\(nic.network?.value ?? "")' nobody knows the router of \(nic.id)",
          hint:
            "the host has no address there: `inner-address` needs one (`address`, or `host: {address: …}`)")
        return
      }
      for (insider, other) in zip(insiders, others) {
        add(
          .address(ownAddress(nic.network == nil ? IPInterface(host: other.address) : other, on: out)),
          to: netns)
        add(route(to: IPPrefix(host: insider.address), Nexthop(link: tap)), to: netns)
        namespaces[netns]!.translations.translate(
          insider.address, to: other.address, outside: "\"\(out.text)\"")
      }
      for host in innerHosts(of: nic) where host.family == family {
        add(.address(ownAddress(host, on: tap)), to: netns)
      }
      add(route(to: .all(family), Nexthop(gateway: router, link: out, onlink: true)), to: netns)
    }
  }

  /// What the guest finds as its router, unless it knows another.
  private func innerHosts(of nic: NIC) -> [IPInterface] {
    nic.hostAddresses.isEmpty ? NIC.usualHostSide : nic.hostAddresses
  }

  private func router(of nic: NIC, _ family: AddressFamily) -> IPAddress? {
    guard let network = nic.network.flatMap({ network(named: $0.value) }) else {
      return hostSide(of: nic).first { $0.family == family }?.address
    }
    return hostAddresses(of: network).first { $0.family == family }?.address
  }

  /// The host's addresses at a routed NIC. The guest's router has its own where that is a namespace, and must not be
  /// taken for the host.
  func hostSide(of nic: NIC) -> [IPInterface] {
    guard nic.enclosure != nil, !nic.innerAddresses.isEmpty else { return nic.hostAddresses }
    let taken = innerHosts(of: nic).map(\.address)
    let families = Set(nic.addresses.map(\.value.family))
    return AddressFamily.allCases.filter(families.contains).compactMap { family in
      let usual = NIC.usualHostSide.first { $0.family == family }!
      return (1...16).lazy.compactMap { step in
        IPInterface(IPAddress(family: family, value: usual.address.value + step), length: usual.length)
      }.first { !taken.contains($0.address) }
    }
  }

  private func inner(_ name: LinkName, _ kind: Link.Kind, _ path: String, mtu: Int?) -> Link {
    var link = Link(name: name, kind: kind)
    link.alias = alias(path)
    link.up = true
    link.mtu = mtu
    link.master = Link.Master.none
    link.addressGeneration = host.facts.ipv6 == false ? nil : Link.AddressGeneration.none
    return link
  }

  private mutating func add(_ link: Link, to netns: String) { add(.link(link), to: netns) }

  private mutating func add(_ object: Object, to netns: String) { namespaces[netns]!.objects.insert(object) }

  private mutating func set(_ link: LinkName, in netns: String, _ values: [String: String]) {
    for (name, value) in values {
      let family: AddressFamily = name == "proxy_arp" ? .ipv4 : .ipv6
      if !isUsable(family) { continue }
      add(.sysctl(Sysctl(key: SysctlKey(family: family, link: link, name: name), value: value)), to: netns)
    }
  }

  private func route(to prefix: IPPrefix, _ nexthop: Nexthop) -> Object {
    var route = Route(id: RouteID(destination: prefix, metric: metric(prefix.family)), nexthops: [nexthop])
    route.origin = Ownership.origin
    route.scope = prefix.family == .ipv4 && nexthop.gateway == nil ? .link : .global
    return .route(route)
  }

  /// What a NIC has in its namespace by now, under its own path or a former one.
  private func inside(_ nic: NIC, _ vm: VM, _ end: String) -> Link? {
    guard let there = vm.netns.flatMap({ observed[.netns($0.value)]?.netns }) else { return nil }
    return paths(of: nic, vm).lazy.compactMap { there.link(at: $0 + end) }.first
  }

  /// A name is the namespace's own affair: one that is there stays.
  private func innerDevice(of nic: NIC, _ vm: VM) -> LinkName {
    switch nic.device {
    case .written(let name): name
    case .derived(let preferred, _):
      inside(nic, vm, "").map(\.name).flatMap { isWritten($0, besides: nic, vm) ? nil : $0 } ?? preferred
    case .pattern(let text): LinkName(kernel: text)
    }
  }

  /// Another NIC in the same namespace is to have that name.
  private func isWritten(_ name: LinkName, besides nic: NIC, _ vm: VM) -> Bool {
    topology.vms.contains { other in
      other.netns?.value == vm.netns?.value
        && other.nics.contains { $0.id != nic.id && $0.device == .written(name) }
    }
  }

  // MARK: All of them

  mutating func wantNamespaces() {
    for (name, inside) in namespaces {
      var objects = inside.objects
      if isUsable(.ipv6) {
        let forwards = !inside.translations.isEmpty
        objects.insert(.sysctl(Sysctl(key: .ipv6ForwardingOfAll, value: forwards ? "1" : "0")))
      }
      if !inside.translations.isEmpty {
        if host.facts.nft == false { lackingNft() }
        objects.insert(.table(inside.translations.table(TableID(.inet, of: topology.name))))
      }
      let netns = Netns(name: name, owner: topology.name, objects: objects.sorted)
      target.want(.netns(netns), because: inside.reason)
      holdNetns(name)
    }
    if topology.vms.contains(where: { $0.netns != nil }), host.facts.entersNetns == false {
      noticeUnread("network namespaces can be entered with CAP_SYS_ADMIN only: they are not compared")
      for netns in observed.netnses where netns.owner == topology.name { holdNetns(netns.name) }
      return
    }
    for netns in observed.netnses where netns.owner == topology.name && namespaces[netns.name] == nil {
      target.drop(.netns(netns.name), because: netns.vm ?? "netns")
    }
  }

  /// The ledger says which namespaces are worth a look.
  private mutating func holdNetns(_ name: String) {
    held[FormerID(object: ObjectID.netns(name).description, attribute: Netns.record)] = Holding(
      object: .netns(name), set: "true", otherwise: "false", isAlwaysKept: true)
  }
}

extension MACAddress {
  /// That of the router of whoever has this one: locally administered, unicast, another.
  fileprivate var routers: MACAddress { MACAddress(bits: bits ^ 1 | 0xfe << 40) }
}

extension Topology {
  package var hasNamespaces: Bool { vms.contains { $0.netns != nil } }
}
