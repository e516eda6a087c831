// The host in VLANs of bridges: by interfaces of its own, which stand on the bridge.

extension Composer {
  /// A network that is one VLAN of another. Its NICs are ports of that one's bridge; an interface there is only where the
  /// host has an address.
  mutating func add(portGroup network: Network, _ vlan: Int, of parent: String, _ path: String) {
    guard let bridge = bridges[parent] else { return }
    bridges[network.name] = bridge
    let addresses = hostAddresses(of: network)
    if addresses.isEmpty { return }
    guard addInterface(in: vlan, of: bridge, network, at: network.position, path) != nil else { return }
    for address in addresses {
      let written = network.addresses.first { $0.value == address }
      addHostAddress(
        written ?? Sourced(address, at: network.written["address"] ?? network.position), network, path)
    }
  }

  /// The interface of the host in a VLAN of a bridge of this file.
  mutating func addInterface(
    in vlan: Int, of bridge: Link, _ network: Network, at position: SourcePosition?, _ path: String
  ) -> Link? {
    let name = network.hostDevice
    guard isFree(name, for: network, at: position, path),
      isFree(vlan, of: bridge, for: name, at: position, path)
    else { return nil }
    if host.facts.vlanInterfaces == false {
      lacking(
        position, path, "this kernel has no VLAN interfaces (802.1Q)",
        hint: "install the module 8021q of this kernel, or a kernel with CONFIG_VLAN_8021Q", isShared: true)
      return nil
    }
    var link = Link(name: name, kind: .vlan)
    link.vlan = Link.VLAN(UInt16(vlan), on: bridge.name)
    link.alias = alias(path)
    // Frames for another address would be no frames for the host to the bridge.
    link.mac = bridge.mac
    link.mtu = network.portGroup == nil ? bridge.mtu : network.mtu?.value ?? bridge.mtu
    if let mtu = network.mtu, let most = bridge.mtu, mtu.value > most {
      conflict(
        mtu.position, "\(path).mtu",
        "MTU \(mtu.value) is above that of the bridge '\(bridge.name)' (\(most))",
        hint: "raise the mtu of that network, or lower this one")
    }
    link.up = true
    link.master = Link.Master.none
    link.addressGeneration = hostAddresses(of: network).isEmpty ? Link.AddressGeneration.none : .eui64
    if host.facts.ipv6 != false { setting(.ipv6, name, "accept_ra", "0", path) }
    addGateway(of: network, &link, "networks.\(network.name)")
    target.want(.link(link), because: path)
    interfaces[network.name] = link
    return link
  }

  private mutating func isFree(
    _ name: LinkName, for network: Network, at position: SourcePosition?, _ path: String
  ) -> Bool {
    let hint = "write 'device: NAME' to give \(network.portGroup == nil ? "the bridge" : "it") another name"
    if let holder = altnames[name.text] {
      conflict(position, path, "'\(name)' is an alternative name of '\(holder)'", hint: hint)
      return false
    }
    if let mine = owned[path], mine.name != name, mine.vlan.id.map(Int.init) == network.hostVLAN {
      conflict(
        position, path, "'\(mine.name)' is to become '\(name)', a name that something else has",
        hint: "rename in two steps")
      return false
    }
    guard let there = observed.link(name), !isReplaceable(there) else { return true }
    conflict(
      position, path,
      isOurs(there)
        ? "'\(name)' is a \(there.kind) with ports that are not ours, and cannot become a VLAN interface"
        : "the host has an interface '\(name)' that is not ours", hint: hint)
    return false
  }

  /// A bridge or VLAN interface of ours: one can take the place of the other as long as nothing foreign is on it.
  func isReplaceable(_ link: Link) -> Bool {
    guard isOurs(link) else { return false }
    switch link.kind {
    case .vlan: return true
    case .bridge:
      let network = topology.networks.first { $0.hostDevice == link.name }
      guard network?.hostVLAN != nil else { return true }
      return !observed.links.contains { other in
        !isOurs(other) && (other.master?.name == link.name || other.facts?.lower == link.name)
      }
    default: return false
    }
  }

  /// There is one interface at most for each VLAN of a link (`register_vlan_dev`, net/8021q/vlan.c).
  private mutating func isFree(
    _ vlan: Int, of bridge: Link, for name: LinkName, at position: SourcePosition?, _ path: String
  ) -> Bool {
    let place = Link.VLAN(UInt16(vlan), on: bridge.name)
    guard let there = observed.links.first(where: { $0.vlan == place && !isOurs($0) }) else { return true }
    conflict(
      position, path,
      "'\(there.name)' is the host's interface in VLAN \(vlan) of '\(bridge.name)' already, and not ours",
      hint: "remove it (ip link delete \(there.name)), or choose another VLAN")
    return false
  }

  // MARK: Membership

  /// The VLANs in which the bridge itself takes frames: untagged the one where the host is by the bridge, tagged
  /// those where it is by an interface.
  func hostVLANs(of network: Network) -> [PortVLAN] {
    var vlans = topology.networks.filter { $0.name == network.name || $0.portGroup?.network == network.name }
      .compactMap { $0.portGroup == nil || !hostAddresses(of: $0).isEmpty ? $0.hostVLAN : nil }
      .map { PortVLAN(id: UInt16($0)) }
    let isThere =
      if case .uplink = network.segment {
        network.host != .none && network.hostVLAN == nil
      } else {
        !hostAddresses(of: network).isEmpty
      }
    if isThere { vlans.append(native(network)) }
    return vlans.sorted()
  }

  /// The interface by which the host is on a network; nil where it is not.
  func interface(of network: Network) -> Link? {
    interfaces[network.name] ?? (network.portGroup == nil ? bridges[network.name] : nil)
  }

  func interfaceName(of network: Network) -> LinkName? {
    interfaces[network.name]?.name ?? (network.portGroup == nil ? bridges[network.name]?.name : nil)
  }

  /// The interfaces by which what a NIC sends comes to the host: those in its VLANs, else its network's.
  func interfaces(of nic: NIC, on network: Network) -> [LinkName] {
    let usual = interfaceName(of: network).map { [$0] } ?? []
    if interfaces.isEmpty { return usual }
    let root = network.portGroup?.network ?? network.name
    var vlans = nic.trunk
    if let untagged = nic.vlan ?? network.portGroup?.vlan {
      vlans.append(untagged)
    } else if nic.trunk.isEmpty, let native = self.network(named: root)?.native {
      vlans.append(native)
    }
    let there = topology.networks.filter { other in
      (other.portGroup?.network ?? other.name) == root && other.hostVLAN.map(vlans.contains) ?? false
    }.compactMap { interfaces[$0.name]?.name }
    return there.isEmpty ? usual : there
  }

  /// Where the host is on the LAN of an uplink of this file.
  func hostSide(of bridge: LinkName) -> LinkName {
    for network in topology.networks where network.device == bridge && network.portGroup == nil {
      if let interface = interfaces[network.name] { return interface.name }
    }
    return bridge
  }
}
