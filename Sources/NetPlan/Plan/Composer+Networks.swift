extension Composer {
  mutating func add(_ network: Network) {
    let path = "networks.\(network.name)"
    switch network.segment {
    case .existing(let name): useExisting(name, network, path)
    case .portGroup(let parent, let vlan): add(portGroup: network, vlan, of: parent, path)
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

  /// The kernel makes a link-local address when a bridge comes up, and none when it gets another MAC.
  private mutating func followMAC(of old: Link, to new: Link, _ path: String) {
    guard old.mac != new.mac, let mac = new.mac,
      let own = observed.addresses.first(where: { $0.link == old.name && isOwnLinkLocal($0) })
    else { return }
    var address = own
    let value = own.local.address.value & ~UInt128(UInt64.max) | mac.interfaceIdentifier
    address.local = IPInterface(IPAddress(family: .ipv6, value: value), length: own.local.length)!
    target.want(.address(address), because: path)
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
    if let mine, mine.kind == .bridge, mine.name != name {
      conflict(
        network.position, path, "'\(mine.name)' is to become '\(name)', a name that something else has",
        hint: "rename in two steps, or write 'device: \(mine.name)'")
      return
    }
    if let there = observed.link(name), !isReplaceable(there) {
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
        bridge.vlans = network.vlanFiltering ? hostVLANs(of: network) : []
      }
    }
    if uplink == nil || network.host != .keep {
      let isThere = network.hostVLAN == nil && !hostAddresses(of: network).isEmpty
      bridge.addressGeneration = isThere ? .eui64 : Link.AddressGeneration.none
      if isThere, let mine { followMAC(of: mine, to: bridge, path) }
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
    if let vlan = network.hostVLAN {
      let written = network.written["host.vlan"] ?? network.written["host"] ?? network.position
      guard addInterface(in: vlan, of: bridge, network, at: written, "\(path).host") != nil else { return }
    }
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
}
