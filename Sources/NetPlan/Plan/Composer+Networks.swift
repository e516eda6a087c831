extension Composer {
  mutating func add(_ network: Network) {
    let path = "networks.\(network.name)"
    switch network.segment {
    case .existing(let name): useExisting(name, network, path)
    case .portGroup: break  // refused before
    case .own: addBridge(network, path, uplink: nil)
    case .uplink(let reference):
      guard let uplink = find(reference, "\(path).uplink", taken: takenUplink(of: network)),
        canJoin(uplink, bridge: network.device, at: reference.position, "\(path).uplink")
      else { return }
      if let other = uplinks[uplink.name] {
        conflict(reference.position, "\(path).uplink", "'\(uplink.name)' is the uplink of '\(other)' already")
        return
      }
      uplinks[uplink.name] = network.device
      addBridge(network, path, uplink: uplink)
    }
  }

  private mutating func useExisting(_ name: Sourced<LinkName>, _ network: Network, _ path: String) {
    guard let link = named(name.value) else {
      lacking(
        name.position, "\(path).existing", "this host has no bridge '\(name.value)'",
        hint: "without 'existing' the bridge is created")
      return
    }
    guard link.kind == .bridge else {
      let isSwitch = link.kind == .other("openvswitch")
      conflict(
        name.position, "\(path).existing",
        isSwitch
          ? "'\(name.value)' is an Open vSwitch bridge, which takes its ports from ovs-vsctl, not from the kernel"
          : "'\(name.value)' is a \(link.kind), not a bridge",
        hint: isSwitch ? "use a Linux bridge" : "write 'uplink: \(name.value)' to put it into a bridge")
      return
    }
    bridges[network.name] = link
  }

  private mutating func addBridge(_ network: Network, _ path: String, uplink: Link?) {
    let name = network.device
    if let holder = altnames[name.text] {
      conflict(
        network.position, path, "'\(name)' is an alternative name of '\(holder)'",
        hint: "write 'device: NAME' to give the bridge another name")
      return
    }
    let mine = present(network)
    if let mine, mine.name != name {
      conflict(
        network.position, path, "'\(mine.name)' is to become '\(name)', a name that something else has",
        hint: "rename in two steps, or write 'device: \(mine.name)'")
      return
    }
    if let there = observed.link(name), !(isOurs(there) && there.kind == .bridge) {
      conflict(
        network.position, path,
        "the host has \(there.kind == .bridge ? "a bridge" : "an interface") '\(name)' that is not ours",
        hint: there.kind == .bridge
          ? "write 'existing: \(name)' to use it, or 'device: NAME' for another name"
          : "write 'device: NAME' to give the bridge another name")
      return
    }
    if network.vlanFiltering, host.facts.vlanFiltering == false {
      lacking(
        network.position, path, "this kernel cannot filter VLANs on bridges",
        hint: "it needs CONFIG_BRIDGE_VLAN_FILTERING=y")
      return
    }
    var bridge = Link(name: name, kind: .bridge)
    bridge.alias = alias(path)
    bridge.mac = network.mac ?? uplink?.mac ?? network.derivedMAC
    bridge.mtu = network.mtu?.value ?? uplink?.mtu ?? 1500
    bridge.up = true
    bridge.master = Link.Master.none
    bridge.bridge.stp = network.stp
    bridge.bridge.multicastSnooping = network.multicastSnooping
    if host.facts.vlanFiltering != false {
      bridge.bridge.vlanFiltering = network.vlanFiltering
      // From the start: a later change would take the VLAN away from every port (`br_vlan_set_default_pvid`).
      bridge.bridge.defaultPVID = 0
      if network.vlanFiltering || host.facts.vlanFiltering == true {
        bridge.vlans = network.vlanFiltering && hasHost(network) ? [native(network)] : []
      }
    }
    if uplink == nil || network.host != .keep {
      bridge.addressGeneration = hostAddresses(of: network).isEmpty ? Link.AddressGeneration.none : .eui64
      // What the host has there is what the file says, not what a guest or the LAN advertises.
      if host.facts.ipv6 != false { setting(.ipv6, name, "accept_ra", "0", path) }
    }
    addGateway(of: network, &bridge, path)
    target.want(.link(bridge), because: path)
    bridges[network.name] = bridge
    if network.stp, let uplink, uplink.master?.name != name {
      target.risks.append(
        Risk(
          "stp-delay", object: ObjectID.link(uplink.name).description,
          "spanning tree keeps '\(uplink.name)' silent for 30 s of listening and learning"))
    }
    noticeMAC(of: bridge, uplink, network)
    if let uplink { take(uplink, into: network, bridge, path) }
    for address in hostAddresses(of: network) {
      let written = network.addresses.first { $0.value == address }
      addHostAddress(
        written ?? Sourced(address, at: network.written["address"] ?? network.position), network, path)
    }
    for gateway in network.gateways { addGateway(gateway, network, path) }
  }

  /// Peers have the host's MAC in their neighbour tables, and DHCP servers may know the host by it.
  private mutating func noticeMAC(of bridge: Link, _ uplink: Link?, _ network: Network) {
    let present = observed.link(bridge.name)
    let joins = uplink.map { $0.master?.name != bridge.name } ?? false
    let former = joins && network.host == .keep ? uplink?.mac : present?.mac
    guard let former, let mac = bridge.mac, former != mac, present != nil || joins else { return }
    guard
      joins || observed.addresses.contains(where: { $0.link == bridge.name && !$0.local.address.isLinkLocal })
    else { return }
    target.risks.append(
      Risk(
        "mac-changes", object: ObjectID.link(bridge.name).description,
        "the host's MAC on '\(bridge.name)' changes from \(former) to \(mac): peers may use the old one for a minute, "
          + "and a DHCP reservation may not follow",
        refusable: false))
  }

  /// The bridge that a network has by now, under its own name or its former one.
  func present(_ network: Network) -> Link? {
    owned["networks.\(network.name)"] ?? network.was.flatMap { owned["networks.\($0)"] }
  }

  func native(_ network: Network) -> PortVLAN {
    PortVLAN(id: UInt16(network.native), pvid: true, untagged: true)
  }

  private func hasHost(_ network: Network) -> Bool {
    if case .uplink = network.segment { return network.host != .none }
    return !hostAddresses(of: network).isEmpty
  }

  private mutating func addHostAddress(_ address: Sourced<IPInterface>, _ network: Network, _ path: String) {
    let written = "\(path).\(network.host == .keep ? "address" : "host.address")"
    for route in observed.routes
    where route.id.destination.length > 0 && route.id.destination.overlaps(address.value.prefix)
      && !observed.links(of: route).contains(network.device) && whose(.route(route)) != .mine
      && !movesToBridge(route, network) && !target.unwanted.contains(.route(route.id))
      && !isOfAddress(route, on: route.links.first ?? .default)
      && !isPart(of: route.id.destination, on: observed.links(of: route), address.value.prefix, network)
    {
      let through = observed.links(of: route).first.map { " (dev \($0))" } ?? ""
      if route.id.destination.length >= address.value.length {
        conflict(
          address.position, written,
          "\(address.value.prefix) overlaps with the host's route \(route.id)\(through)",
          hint: "choose another subnet")
      } else {
        target.risks.append(
          Risk(
            "overlap", object: "address/\(network.device)/\(address.value)",
            "\(address.value.prefix) lies inside the host's route \(route.id)\(through)"))
      }
    }
    for other in observed.addresses
    where other.link != network.device && other.local.prefix.overlaps(address.value.prefix)
      && other.local.length > 0 && !other.local.address.isLinkLocal && uplinks[other.link] != network.device
      && whose(.address(other)) != .mine
      && !target.unwanted.contains(Object.address(other).id)
      && !isPart(of: other.local.prefix, on: [other.link], address.value.prefix, network)
    {
      conflict(
        address.position, written,
        "\(address.value.prefix) overlaps with the host's address \(other.local) on '\(other.link)'",
        hint: "choose another subnet")
    }
    var wanted = Address(link: network.device, local: address.value)
    wanted.origin = Ownership.origin
    wanted.scope = .global
    wanted.lifetime = .forever
    wanted.flags = []
    if address.value.family == .ipv4 {
      wanted.label = network.device.text
      if address.value.length < 31 { wanted.broadcast = address.value.prefix.last }
    }
    target.want(.address(wanted), because: path)
  }

  /// Some of the addresses of a LAN on which the host answers for whoever has them, its own and a router's not among
  /// them.
  private mutating func isPart(
    of lan: IPPrefix, on links: [LinkName], _ subnet: IPPrefix, _ network: Network
  ) -> Bool {
    guard let hardware = networkProxies[network.name]?.name, 0 < lan.length, lan.length < subnet.length,
      lan.contains(subnet)
    else { return false }
    let places = [hardware, place(of: hardware), observed.link(hardware)?.master?.name]
    guard links.contains(where: places.contains) else { return false }
    return !observed.addresses.contains { places.contains($0.link) && subnet.contains($0.local.address) }
      && !knownGateways.keys.contains(where: subnet.contains)
  }

  private func movesToBridge(_ route: Route, _ network: Network) -> Bool {
    observed.links(of: route).contains { uplinks[$0] == network.device }
  }

  private mutating func addGateway(_ gateway: Sourced<IPAddress>, _ network: Network, _ path: String) {
    let family = gateway.value.family
    var route = Route(
      id: RouteID(destination: .all(family), metric: family == .ipv6 ? 1024 : 0),
      nexthops: [Nexthop(gateway: gateway.value, link: network.device)])
    route.origin = Ownership.origin
    route.scope = .global
    let alike =
      observed[.route(route.id)]?.route
      ?? observed.routes.first {
        $0.id.advertisement != nil && $0.id.first == route.id && !target.unwanted.contains(.route($0.id))
      }
    if let there = alike, whose(.route(there)) != .mine,
      !movesToBridge(there, network), !target.unwanted.contains(.route(route.id)),
      !observed.links(of: there).contains(network.device)
    {
      conflict(
        gateway.position, "\(path).host.gateway", "the host has a default route of its own: \(there.summary)",
        hint: "leave out 'gateway', or remove that route first")
      return
    }
    target.want(.route(route), because: path)
  }
}

extension Route {
  /// As `ip route` would say it.
  package var summary: String {
    var text = id.destination.length == 0 ? "default" : id.destination.description
    for nexthop in nexthops {
      if let id = nexthop.id { text += " nhid \(id)" }
      if let gateway = nexthop.gateway { text += " via \(gateway)" }
      if let link = nexthop.link { text += " dev \(link)" }
    }
    if id.table != 254 { text += " table \(id.table)" }
    if id.metric != 0 { text += " metric \(id.metric)" }
    return text
  }
}
