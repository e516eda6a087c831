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
    if network.host == .keep { followers.insert(bridge.name) } else { mark(uplink, network) }
    guard joins else { return keepTaken(uplink, network, bridge, path) }
    target.risks.append(
      Risk(
        "foreign-object", object: ObjectID.link(uplink.name).description,
        "'\(uplink.name)' is not ours and becomes a port of '\(bridge.name)', as \(path) asks",
        refusable: false))
    refuseStranding(uplink, path)
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
      // It may have left its bridge by somebody else's hand.
      if isAbsent(uplink.name) { keepSuspended(uplink.name) }
      suspend(from: uplink.name, of: uplink.name, gateways: network.gateways.map(\.value), path)
      moveHolds(from: uplink.name, to: bridge.name, because: path, except: ["accept_ra"])
      guard let former else { return }
      moveNames(from: former, to: uplink.name, because: path)
      if isAbsent(uplink.name) { return }
      suspend(from: former, of: uplink.name, gateways: network.gateways.map(\.value), path)
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

  /// A nexthop object stays on a link that loses its addresses, but cannot come to one that has none by which its gateway
  /// is reached (`fib_check_nh`, net/ipv4/fib_semantics.c): of the two ways, there and back, one would be closed.
  private mutating func refuseBareNexthops(on link: LinkName, _ path: String) {
    let bound = observed.nexthops.filter {
      $0.link == link && $0.onlink != true && $0.gateway.map { !$0.isLinkLocal } ?? false
    }
    guard let nexthop = bound.min(by: { $0.id < $1.id }) else { return }
    lacking(
      nil, "\(path).host",
      "nexthop \(nexthop.summary) cannot go where the host has no address by which its gateway is reached",
      hint: "remove the network first, and then apply it")
  }

  /// An uplink that is a port already: what was taken away from it stays away as long as the file says so; when the
  /// file changes its mind, what the host has goes from the bridge, or comes back on it.
  private mutating func keepTaken(_ uplink: Link, _ network: Network, _ bridge: Link, _ path: String) {
    let wasAbsent = isAbsent(uplink.name)
    if network.host == .keep {
      guard wasAbsent else { return }
      refuseBareNexthops(on: uplink.name, path)
      copySettings(from: uplink, to: bridge, because: path)
      moveNexthops(from: uplink.name, to: bridge.name, because: path)
      moveNames(from: uplink.name, to: bridge.name, because: path)
      for former in observed.formers.sorted(by: { $0.id < $1.id })
      where former.users == [topology.name] && former.set == uplink.name.text {
        guard let object = suspended(former), canReturn(object) else { continue }
        if let route = object.route, route.companions != nil || route.id.ordinal > 0 {
          bringBack(route, because: path)
          continue
        }
        guard observed[object.id]?.origin ?? Ownership.origin == Ownership.origin else { continue }
        target.want(object, because: path)
      }
      return
    }
    keepSuspended(uplink.name)
    if !wasAbsent {
      // Where it is, with addresses that the file states, a rule may as well be about the guests, and stays.
      if case .none = network.host { moveNames(from: bridge.name, to: uplink.name, because: path) }
      refuseBareNexthops(on: bridge.name, path)
      moveNexthops(from: bridge.name, to: uplink.name, because: path)
      suspend(from: bridge.name, of: uplink.name, gateways: network.gateways.map(\.value), path)
    }
  }

  /// A lease that nobody renews takes the address and the default route away at its end.
  mutating func warnOfManager(_ uplink: Link, _ bridge: Link, _ path: String) {
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
