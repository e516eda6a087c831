extension Composer {
  mutating func add(_ nic: NIC, of vm: VM) {
    let path = "vms.\(nic.vm).nics.\(nic.name)"
    switch nic.via {
    case .user: return addUserMode(nic, of: vm, path)
    case .passt: return addPasst(nic, of: vm, path)
    case .macvtap where nic.mode == .dedicated: return addPassthru(nic, of: vm, path)
    case .macvtap: return addMacvtap(nic, of: vm, path)
    case .vmm: return addNamed(nic, of: vm, path)
    case .netns: return addMoved(nic, of: vm, path)
    case .sriov: return addFunction(nic, of: vm, path)
    case .vfio: return addAssigned(nic, of: vm, path)
    default: break
    }
    if host.facts.tun == false {
      lacking(
        nic.position, path, "/dev/net/tun cannot be opened, so no TAP can be made",
        hint: "'modprobe tun'; in a container pass the device in (docker: --device /dev/net/tun)",
        isShared: true)
      return
    }
    var account: Service.Account?
    if nic.via == .vde {
      account = switchAccount(nic, of: vm, path)
      if account == nil { return }
    }
    guard var tap = link(.tap, for: nic, of: vm, path) else { return }
    tap.mac = nic.hostMAC
    if let account { (tap.tap.owner, tap.tap.group) = (.id(account.user), Link.TAP.Account.none) }
    if nic.network != nil {
      guard let network = nic.network.flatMap({ network(named: $0.value) }),
        let bridge = bridges[network.name]
      else { return }
      join(&tap, nic, network, bridge, path)
      if let interface = interface(of: network) { routeBehind(nic, network, interface.name, path) }
      if let hardware = networkProxies[network.name] {
        let guests = guestAddresses(of: nic).map(\.address)
        answer(for: guests.filter { !$0.isLinkLocal && isUsable($0.family) }, on: hardware, path)
      }
    } else {
      tap.master = Link.Master.none
      tap.mtu = nic.mtu?.value ?? 1500
      route(&tap, nic, path)
    }
    target.want(.link(tap), because: path)
    if let account { want(switchOf: account, nic, of: vm, on: tap, path) }
    limit(nic, tap, path)
    filtered.append((nic, tap.name))
    enclose(nic, of: vm, behind: tap, path)
  }

  /// What the links of all NICs have, and in place of a TAP the way to where that is; nil after an obstacle.
  mutating func link(_ kind: Link.Kind, for nic: NIC, of vm: VM, _ path: String) -> Link? {
    guard canEnclose(nic, in: vm.netns, path), let name = device(of: nic, vm, path) else { return nil }
    var link = Link(name: name, kind: kind)
    link.alias = alias(path)
    let altname = "\(topology.name).\(nic.vm).\(nic.name)"
    link.altnames = [altname]
    refuseTaken(altname, for: nic, present(nic, of: vm)?.name, path)
    link.up = true
    if let end = end(of: nic, vm) {
      (link.kind, link.veth) = (.veth, end)
    } else {
      setAccess(&link, nic, vm, path)
    }
    link.addressGeneration = Link.AddressGeneration.none
    return link
  }

  private mutating func join(
    _ tap: inout Link, _ nic: NIC, _ network: Network, _ bridge: Link, _ path: String
  ) {
    tap.master = .link(bridge.name)
    let usual = network.portGroup == nil ? bridge.mtu : network.mtu?.value ?? bridge.mtu
    tap.mtu = nic.mtu?.value ?? usual ?? 1500
    // A bridge that is not ours may follow its ports' MTU: one that joined with it once keeps what it has.
    let hasJoined = isExisting(network) && observed.link(tap.name)?.master == tap.master
    if hasJoined, nic.mtu == nil { tap.mtu = nil }
    if let mtu = nic.mtu, let limit = bridge.mtu, mtu.value > limit, !hasJoined {
      conflict(
        mtu.position, "\(path).mtu",
        "MTU \(mtu.value) is above that of the bridge '\(bridge.name)' (\(limit))",
        hint: "raise the network's mtu, or lower this one")
    }
    tap.port.isolated = nic.isolated
    // A bridge that does the spanning tree keeps BPDUs to itself, and asks no hook (`br_handle_frame`), unless its port
    // says otherwise.
    tap.port.groupForwardMask = bridge.bridge.stp == true ? Link.Port.bpdus : 0
    let root = network.portGroup.flatMap { self.network(named: $0.network) } ?? network
    let filters = isExisting(network) ? bridge.bridge.vlanFiltering == true : root.vlanFiltering
    let access = nic.vlan ?? network.portGroup?.vlan
    let namesVLANs = access != nil || !nic.trunk.isEmpty
    if namesVLANs, !filters || host.facts.vlanFiltering == false {
      lacking(
        nic.position, path, "the bridge '\(bridge.name)' does not filter VLANs",
        hint: isExisting(network)
          ? "its owner turns that on: ip link set \(bridge.name) type bridge vlan_filtering 1"
          : "this kernel lacks CONFIG_BRIDGE_VLAN_FILTERING")
    } else if host.facts.vlanFiltering == true || filters {
      var vlans = nic.trunk.map { PortVLAN(id: UInt16($0)) }
      if let access {
        vlans.append(PortVLAN(id: UInt16(access), pvid: true, untagged: true))
      } else if nic.trunk.isEmpty, let usual = native(network, bridge) {
        vlans.append(usual)
      }
      tap.vlans = vlans.sorted()
      if isExisting(network), let usual = bridge.bridge.defaultPVID, usual != 0 {
        tap.facts = LinkFacts()
        tap.facts?.joinPVID = usual
      }
    }
  }

  /// The VLAN of NICs that name none; a bridge of somebody else says itself where its ports are, if anywhere.
  private func native(_ network: Network, _ bridge: Link) -> PortVLAN? {
    guard isExisting(network) else { return network.vlanFiltering ? native(network) : nil }
    return bridge.bridge.defaultPVID.flatMap { $0 == 0 ? nil : PortVLAN(id: $0, pvid: true, untagged: true) }
  }

  private func isExisting(_ network: Network) -> Bool {
    let root = network.portGroup.flatMap { self.network(named: $0.network) } ?? network
    return if case .existing = root.segment { true } else { false }
  }

  /// The TAP that a NIC has by now, under its own path or a former one.
  func present(_ nic: NIC, of vm: VM) -> Link? {
    if owned.isEmpty { return nil }
    for path in paths(of: nic, vm) { if let link = owned[path] { return link } }
    return nil
  }

  /// Its place in the configuration, and those that it may have had before.
  func paths(of nic: NIC, _ vm: VM) -> [String] {
    if vm.was == nil, nic.was == nil { return ["vms.\(nic.vm).nics.\(nic.name)"] }
    let (formerVM, formerNIC) = (vm.was ?? vm.name, nic.was ?? nic.name)
    return [(nic.vm, nic.name), (formerVM, formerNIC), (vm.name, formerNIC), (formerVM, nic.name)]
      .map { "vms.\($0).nics.\($1)" }
  }

  /// The name of a NIC's TAP on this host: as written, else the preferred one unless a foreign link has it.
  func deviceName(of nic: NIC, present: Link?) -> LinkName? {
    switch nic.enclosure?.outer ?? nic.device {
    case .pattern: nil
    case .derived(let preferred, let fallback): isFree(preferred, for: present) ? preferred : fallback
    case .written(let written): written
    }
  }

  private func isFree(_ name: LinkName, for present: Link?) -> Bool {
    if altnames[name.text] != nil { return false }
    guard let there = observed.link(name) else { return true }
    return isOurs(there) && (there.isForVM || there.name == present?.name)
  }

  private mutating func device(of nic: NIC, _ vm: VM, _ path: String) -> LinkName? {
    let present = present(nic, of: vm)
    guard let name = deviceName(of: nic, present: present) else { return nil }
    guard isFree(name, for: present) else {
      conflict(
        nic.written["device"] ?? nic.position, "\(path).device",
        altnames[name.text].map { "'\(name)' is an alternative name of '\($0)'" }
          ?? "the host has an interface '\(name)' that is not ours",
        hint: altnames[name.text].map {
          "take it away (ip link property del dev \($0) altname \(name)), or choose another device name"
        } ?? "remove it (ip link delete \(name)), or choose another device name")
      return nil
    }
    if let present, present.name != name {
      conflict(
        nic.position, path, "'\(present.name)' is to become '\(name)', a name that another NIC still has",
        hint: "rename in two steps")
      return nil
    }
    return name
  }

  /// Names and alternative names share one space (`netdev_name_in_use`, net/core/dev.c).
  private mutating func refuseTaken(
    _ altname: String, for nic: NIC, _ present: LinkName?, _ path: String
  ) {
    guard let holder = altnames[altname] ?? LinkName(altname).flatMap(observed.link)?.name, holder != present,
      observed.link(holder).map({ !isOurs($0) }) ?? false
    else { return }
    conflict(
      nic.position, path, "the alternative name '\(altname)' of this NIC is taken, by '\(holder)'",
      hint: "take it away from there")
  }

  mutating func account(
    _ account: Sourced<Owner.Account>?, among known: [HostFacts.NamedID]?, _ what: String, _ path: String
  ) -> Link.TAP.Account {
    switch account?.value {
    case nil: return .none
    case .id(let id): return .id(id)
    case .name(let name):
      if let found = known?.first(where: { $0.name == name }) { return .id(found.id) }
      lacking(
        account?.position, "\(path).owner", "this host has no \(what) '\(name)'",
        hint: what == "user" ? "useradd \(name), or write a uid" : "groupadd \(name), or write a gid",
        isShared: true)
      return .none
    }
  }
}
