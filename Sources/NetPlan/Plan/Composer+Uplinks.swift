/// IPv4 and IPv6 settings of an interface that follow the host's addresses onto the bridge.
private let followingSettings: [(AddressFamily, String)] = [
  (.ipv4, "rp_filter"), (.ipv4, "arp_filter"), (.ipv4, "arp_announce"), (.ipv4, "arp_ignore"),
  (.ipv4, "arp_accept"), (.ipv4, "arp_notify"), (.ipv4, "forwarding"), (.ipv4, "src_valid_mark"),
  (.ipv6, "accept_ra"), (.ipv6, "use_tempaddr"), (.ipv6, "forwarding"), (.ipv6, "force_forwarding"),
]

extension Composer {
  /// The uplink joins the bridge; what the host has on it moves, or goes, as `host` says.
  mutating func take(_ uplink: Link, into network: Network, _ bridge: Link, _ path: String) {
    let joins = uplink.master?.name != bridge.name
    var port = target.wanted.link(uplink.name) ?? Link(name: uplink.name, kind: uplink.kind)
    port.master = .link(bridge.name)
    if network.vlanFiltering {
      port.vlans =
        ([native(network)]
        + network.uplinkVLANs.filter { $0 != network.native }.map { PortVLAN(id: UInt16($0)) })
        .sorted()
    } else if host.facts.vlanFiltering == true {
      port.vlans = []
    }
    target.want(.link(port), because: path)
    hold(uplink.name, "up", true.json, because: path)
    hold(uplink.name, "addrgenmode", Link.AddressGeneration.none.json, because: path)
    held[mode(of: uplink.name)]?.isAlwaysKept = true
    if let mtu = network.mtu, let has = uplink.mtu, mtu.value > has {
      conflict(
        mtu.position, "\(path).mtu",
        "MTU \(mtu.value) is above the uplink's (\(has)): larger frames would be lost",
        hint: "raise the MTU of '\(uplink.name)' first")
    }
    if network.host != .keep { mark(uplink, network) }
    guard joins else { return keepTaken(uplink, network, bridge, path) }
    target.risks.append(
      Risk(
        "foreign-object", object: ObjectID.link(uplink.name).description,
        "'\(uplink.name)' is not ours and becomes a port of '\(bridge.name)', as \(path) asks",
        refusable: false))
    refuseStranding(uplink, path)
    refuseAlike(uplink, path)
    let former = formerBridge(of: uplink)
    switch network.host {
    case .keep:
      warnOfManager(uplink, bridge, path)
      refuseDelay(uplink, network, path)
      move(from: uplink.name, to: bridge.name, because: path)
      if let former { move(from: former, to: bridge.name, because: path) }
      copySettings(from: uplink, to: bridge, because: path)
      moveHolds(from: uplink.name, to: bridge.name, because: path)
    case .none, .stated:
      suspend(from: uplink.name, of: uplink.name, network, path)
      moveHolds(from: uplink.name, to: bridge.name, because: path, except: ["accept_ra"])
      guard let former else { return }
      isAbsent(uplink.name)
        ? keepSuspended(uplink.name) : suspend(from: former, of: uplink.name, network, path)
    }
  }

  /// The bridge of ours that has an uplink by now, and with it what the host has there.
  private func formerBridge(of uplink: Link) -> LinkName? {
    guard let name = uplink.master?.name, let bridge = observed.link(name), isOurs(bridge),
      wasUplink(uplink, of: bridge)
    else { return nil }
    return name
  }

  /// A bridge has no carrier while its ports listen and learn, and without one a link can have no nexthop object
  /// (`rtm_to_nh_config`, net/ipv4/nexthop.c).
  private mutating func refuseDelay(_ uplink: Link, _ network: Network, _ path: String) {
    guard network.stp,
      let nexthop = observed.nexthops.filter({ $0.link == uplink.name }).min(by: { $0.id < $1.id })
    else { return }
    lacking(
      nil, "\(path).stp",
      "nexthop \(nexthop.summary) cannot move to a bridge that waits for its ports before it forwards",
      hint: "leave out 'stp', or replace it by ordinary routes")
  }

  /// The bridge that an uplink leaves for another one loses its carrier, and with it the nexthop objects on it, before
  /// they can go to one that has none yet.
  private mutating func refuseStranding(_ uplink: Link, _ path: String) {
    guard let bridge = uplink.master?.name,
      let nexthop = observed.nexthops.filter({ $0.link == bridge }).min(by: { $0.id < $1.id })
    else { return }
    lacking(
      nil, "\(path).uplink",
      "nexthop \(nexthop.summary) would go when '\(uplink.name)' leaves that bridge for another one",
      hint: "name the former network in 'was', or remove it first")
  }

  /// Of routes that only their order tells apart the kernel replaces the first, whichever was meant
  /// (`fib_table_insert`, net/ipv4/fib_trie.c; `fib6_add_rt2node`, net/ipv6/ip6_fib.c).
  private mutating func refuseAlike(_ uplink: Link, _ path: String) {
    let moving = observed.routes.filter { route in
      observed.links(of: route).contains(uplink.name) && route.origin != Ownership.origin
        && route.nexthopID == nil
    }
    let ids = Set(moving.map(\.id.first))
    let groups = Dictionary(grouping: observed.routes.filter { ids.contains($0.id.first) }, by: \.id.first)
    guard let alike = groups.filter({ $0.value.count > 1 }).min(by: { $0.key < $1.key })?.value else {
      return
    }
    let routes = alike.sorted { $0.id < $1.id }.map(\.summary)
    lacking(
      nil, "\(path).uplink",
      "the host's routes differ in their order only, which moving one of them would lose: \(routes.joined(separator: "; "))",
      hint: "give one of them another metric, or remove it first")
  }

  /// The ledger's entry that says that the host is not on the bridge of an uplink as it was on the uplink.
  private func absence(on uplink: LinkName) -> FormerID {
    FormerID(object: ObjectID.link(uplink).description, attribute: "host")
  }

  private mutating func mark(_ uplink: Link, _ network: Network) {
    held[absence(on: uplink.name)] = Holding(
      object: .link(uplink.name), set: "\"stated\"", otherwise: "\"keep\"")
  }

  /// An uplink that is a port already: what was taken away from it stays away as long as the file says so; when the
  /// file changes its mind, what the host has goes from the bridge, or comes back on it.
  private mutating func keepTaken(_ uplink: Link, _ network: Network, _ bridge: Link, _ path: String) {
    let wasAbsent = isAbsent(uplink.name)
    if network.host == .keep {
      guard wasAbsent else { return }
      copySettings(from: uplink, to: bridge, because: path)
      for former in observed.formers where former.users == [topology.name] && former.set == uplink.name.text {
        guard let object = suspended(former),
          observed[object.id]?.origin ?? Ownership.origin == Ownership.origin
        else { continue }
        target.want(object, because: path)
      }
      return
    }
    keepSuspended(uplink.name)
    if !wasAbsent { suspend(from: bridge.name, of: uplink.name, network, path) }
  }

  private func isAbsent(_ uplink: LinkName) -> Bool {
    observed[.former(absence(on: uplink))]?.former?.users.contains(topology.name) ?? false
  }

  /// What was taken off an uplink stays in the ledger.
  private mutating func keepSuspended(_ uplink: LinkName) {
    for former in observed.formers
    where former.users.contains(topology.name) && former.id.attribute == "object" && former.set == uplink.text
    {
      held[former.id] = Holding(object: .link(uplink), set: former.set, otherwise: former.value)
    }
  }

  /// Addresses, nexthop objects, routes, rules and proxies go from one link to the other.
  mutating func move(
    from old: LinkName, to new: LinkName, because reason: String, _ isMoved: (Object) -> Bool = { _ in true }
  ) {
    let there = Set(observed.addresses.filter { $0.link == new }.map(\.local))
    for address in observed.addresses where address.link == old && address.origin != Ownership.origin {
      if isOwnLinkLocal(address), !makes(new, address) { continue }
      guard isMoved(.address(address)) else { continue }
      target.drop(.address(old, address.local), because: reason)
      guard !there.contains(address.local) else { continue }
      var moved = address
      moved.link = new
      if address.label == old.text { moved.label = new.text }
      target.want(.address(moved), because: reason)
    }
    // Routes that name one follow it: one NLM_F_REPLACE changes its link under them (`replace_nexthop_single`).
    for nexthop in observed.nexthops where nexthop.link == old {
      guard isMoved(.nexthop(nexthop)) else { continue }
      var moved = nexthop
      moved.link = new
      target.want(.nexthop(moved), because: reason)
    }
    for route in observed.routes where route.links.contains(old) && route.origin != Ownership.origin {
      guard isMoved(.route(route)) else { continue }
      var moved = route
      for index in moved.nexthops.indices where moved.nexthops[index].link == old {
        moved.nexthops[index].link = new
      }
      target.want(.route(moved), because: reason)
    }
    for rule in observed.rules where rule.id.iif == old || rule.id.oif == old {
      if rule.origin == Ownership.origin { continue }
      var moved = rule
      if rule.id.iif == old { moved.id.iif = new }
      if rule.id.oif == old { moved.id.oif = new }
      target.drop(.rule(rule.id), because: reason)
      target.want(.rule(moved), because: reason)
    }
    for case .neighbour(let proxy) in observed.objects.values where proxy.link == old {
      if proxy.origin == Ownership.origin { continue }
      var moved = proxy
      moved.link = new
      target.drop(.neighbour(old, proxy.address), because: reason)
      target.want(.neighbour(moved), because: reason)
    }
  }

  /// Made by the kernel of the MAC of a bridge of ours, and of no use to a link that would not have made it.
  private func isOwnLinkLocal(_ address: Address) -> Bool {
    // IFAPROT_KERNEL_LL of linux/if_addr.h
    guard address.origin == 3, let link = observed.link(address.link), link.owner != nil else { return false }
    return address.local.address.value & UInt128(UInt64.max) == link.mac?.interfaceIdentifier
  }

  private func makes(_ name: LinkName, _ address: Address) -> Bool {
    guard let link = observed.link(name) else { return false }
    if isOurs(link) {
      // A bridge that is there makes none when it gets the MAC of another uplink.
      return link.addressGeneration == .eui64
        && address.local.address.value & UInt128(UInt64.max)
          == target.wanted.link(name)?.mac?.interfaceIdentifier
    }
    let id = FormerID(object: ObjectID.link(name).description, attribute: "addrgenmode")
    let mode = observed[.former(id)]?.former?.value ?? link.addressGeneration?.json.text()
    return mode == Link.AddressGeneration.eui64.json.text()
      && address.local.address.value & UInt128(UInt64.max) == link.mac?.interfaceIdentifier
  }

  private mutating func copySettings(from uplink: Link, to bridge: Link, because reason: String) {
    if var wanted = target.wanted.link(bridge.name) {
      let id = FormerID(object: ObjectID.link(uplink.name).description, attribute: "addrgenmode")
      let former = observed[.former(id)]?.former.flatMap { try? JSON(parsing: Array($0.value.utf8)) }
      wanted.addressGeneration =
        former.flatMap(Link.AddressGeneration.init(json:)) ?? uplink.addressGeneration
      target.want(.link(wanted), because: reason)
    }
    for (family, name) in followingSettings {
      let key = SysctlKey(family: family, link: uplink.name, name: name)
      guard let value = original(key) else { continue }
      var copy = key
      copy.link = bridge.name
      // A new interface begins with what `default` says.
      var usual = key
      usual.link = .default
      if (observed[.sysctl(copy)] ?? observed[.sysctl(usual)])?.sysctl?.value == value { continue }
      target.want(.sysctl(Sysctl(key: copy, value: value)), because: reason)
    }
  }

  /// Takes the host's addresses and routes off an uplink that is no longer the host's, or off its bridge; they come
  /// back on release.
  private mutating func suspend(
    from link: LinkName, of uplink: LinkName, _ network: Network, _ path: String
  ) {
    var losesDefault: [RouteID] = []
    for object in observed.objects.values {
      switch object {
      case .address(let address) where address.link == link && address.origin != Ownership.origin:
        if link != uplink, isOwnLinkLocal(address), !makes(uplink, address) { continue }
      case .route(let route)
      where observed.links(of: route).contains(link) && route.origin != Ownership.origin:
        if route.id.destination.length == 0, route.id.table == 254 { losesDefault.append(route.id) }
      default: continue
      }
      target.drop(object.id, because: path)
      let former = object.renamed([link: uplink])
      held[FormerID(object: former.id.description, attribute: "object")] = Holding(
        object: .link(uplink), set: uplink.text, otherwise: former.described.json.text())
    }
    losesDefault.removeAll { id in network.gateways.contains { $0.value.family == id.family } }
    if let lost = losesDefault.min() {
      target.risks.append(
        Risk(
          "default-route", object: (link == uplink ? ObjectID.link(link) : .route(lost)).description,
          "'\(link)' carries the host's default route, and \(path) leaves the host without one",
          remedy: "'host: keep' moves it onto the bridge"))
    }
  }

  /// A lease that nobody renews takes the address and the default route away at its end.
  private mutating func warnOfManager(_ uplink: Link, _ bridge: Link, _ path: String) {
    let leased = observed.addresses.filter {
      $0.link == uplink.name && $0.local.family == .ipv4 && $0.lifetime?.expires == true
    }
    // RTPROT_DHCP of linux/rtnetlink.h
    let byClient = observed.routes.contains {
      $0.origin == 16 && observed.links(of: $0).contains(uplink.name)
    }
    guard !leased.isEmpty || byClient else { return }
    let what = leased.map(\.local.description).sorted().joined(separator: ", ")
    target.risks.append(
      Risk(
        "managed-uplink", object: ObjectID.link(uplink.name).description,
        what.isEmpty
          ? "a DHCP client manages '\(uplink.name)' and would go on doing so there"
          : "a DHCP client leased \(what) on '\(uplink.name)'; it stays behind and the lease runs out on '\(bridge.name)'",
        remedy: """
          let the client manage the bridge instead, for systemd-networkd by /etc/systemd/network/05-\(bridge.name).network:
            [Match]
            Name=\(bridge.name)
            [Network]
            DHCP=yes
            KeepConfiguration=yes
          and /etc/systemd/network/05-\(uplink.name).network:
            [Match]
            Name=\(uplink.name)
            [Link]
            Unmanaged=yes
          for NetworkManager: nmcli device set \(uplink.name) managed no
          """))
  }

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
      if goesDown(link.name), !isUsed(master) {
        goingDown.insert(link.name)
        move(from: master, to: link.name, because: reason) { $0.canBeOnDownLink }
      } else {
        move(from: master, to: link.name, because: reason)
      }
      moveHolds(from: master, to: link.name, because: reason)
    }
  }

  /// It was down before it became a port, and nobody else wants it up.
  private func goesDown(_ uplink: LinkName) -> Bool {
    let id = FormerID(object: ObjectID.link(uplink).description, attribute: "up")
    guard let former = observed[.former(id)]?.former else { return false }
    return former.value == false.json.text() && former.users == [topology.name]
  }

  /// Whether routes by the bridge would not survive its uplink's going down: somebody has added them since, so the
  /// uplink stays up for them.
  private func isUsed(_ bridge: LinkName) -> Bool {
    observed.nexthops.contains { $0.link == bridge }
      || observed.routes.contains {
        $0.links.contains(bridge) && $0.origin != Ownership.origin && $0.lifetime?.expires != true
      }
  }

  /// The uplink that a network has by now.
  func takenUplink(of network: Network) -> Link? {
    guard let bridge = present(network) else { return nil }
    return observed.links.filter {
      $0.master == .link(bridge.name) && $0.owner == nil && wasUplink($0, of: bridge)
    }
    .min { $0.name < $1.name }
  }

  /// The ledger says so. Where it was lost with everything that this name held, an uplink is a port whose MAC the
  /// bridge has; any other is somebody else's, whatever it looks like.
  func wasUplink(_ link: Link, of bridge: Link) -> Bool {
    if let former = observed[.former(mode(of: link.name))]?.former {
      return former.users.contains(topology.name)
    }
    return !hasLedger && link.addressGeneration == Link.AddressGeneration.none && link.kind != .tap
      && link.mac == bridge.mac
  }

  private var hasLedger: Bool { observed.formers.contains { $0.users.contains(topology.name) } }

  /// The ledger's entry that every uplink has.
  func mode(of uplink: LinkName) -> FormerID {
    FormerID(object: ObjectID.link(uplink).description, attribute: "addrgenmode")
  }
}

extension Object {
  /// A link that is down has no routes (`fib_netdev_event`), and no addresses of the kernel's own making.
  fileprivate var canBeOnDownLink: Bool {
    switch self {
    // IFAPROT_KERNEL_RA, IFAPROT_KERNEL_LL
    case .address(let address): address.origin != 2 && address.origin != 3
    case .nexthop, .route: false
    default: true
    }
  }
}
