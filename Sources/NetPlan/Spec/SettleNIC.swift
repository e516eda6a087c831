extension Resolver {
  /// The NIC, every default applied.
  func settle(
    _ keys: NICKeys, _ stanza: NICStanza, _ vm: VM, _ mode: Mode, _ via: Via, _ kind: NICKinds,
    listen: IPAddress?
  ) -> NIC {
    func place(_ key: String) -> SourcePosition? { NICKeys.table.position(key, in: keys) }
    // A former name keeps its MAC: both, where VM and NIC were renamed at once.
    let vmID = vm.was ?? vm.name
    let nicID = keys.was ?? stanza.name
    var vf: Int?
    if case .number(let number)? = keys.vf { vf = number }
    let network = keys.network.flatMap { networks[$0]?.network }
    let macvtap: MacvtapMode? =
      kind == .macvtap
      ? keys.macvtap ?? .bridge
      : kind == .passthru || kind == .sriov && keys.handOver == .macvtap ? .passthru : nil
    let innerMAC = keys.innerAddress == nil ? nil : keys.mac
    // The device of a macvtap and the socket of a switch are paths, the same from every namespace.
    let enclosure =
      vm.netns == nil || !kind.isDisjoint(with: [.macvtap, .passthru, .vde, .vdePort])
      ? nil : makeEnclosure(vm, stanza, innerMAC: innerMAC)
    let ownMAC = enclosure?.innerMAC == nil ? keys.mac : nil
    return NIC(
      vm: vm.name, name: stanza.name, was: keys.was, position: stanza.position, mode: mode, via: via,
      network: keys.network.map { Sourced($0, at: place("network")) },
      hardware: keys.hardware.map { Sourced($0, at: place("hardware")) },
      device: device(keys, vm, stanza, kind), enclosure: enclosure,
      mac: ownMAC ?? names.guestMAC(vm: vmID, nic: nicID),
      hostMAC: names.hostMAC(vm: vmID, nic: nicID), mtu: keys.mtu.map { Sourced($0, at: place("mtu")) },
      queues: keys.queues.map { Sourced($0, at: place("queues")) }, vlan: keys.vlan, trunk: keys.trunk ?? [],
      addresses: addresses(keys.address, network),
      hostAddresses: keys.hostAddress
        ?? (kind.isDisjoint(with: [.tap, .natRouted, .vde, .routedVMM]) || network != nil
          ? [] : NIC.usualHostSide),
      innerAddresses: addresses(keys.innerAddress, nil).map(\.value), routes: keys.routes ?? [],
      proxy: keys.proxy.map { Sourced($0, at: place("proxy")) }, forwards: forwards(keys, listen),
      reach: settledReach(keys.reach, network), toHost: keys.toHost ?? network?.toHost ?? .all,
      block: keys.block ?? network?.block ?? [], isolated: keys.isolated ?? false,
      antiSpoof: keys.antiSpoof ?? AntiSpoofCheck.all,
      alsoMACs: (keys.also ?? []).compactMap(\.mac),
      alsoPrefixes: (keys.also ?? []).compactMap(\.prefix), limitIn: keys.limit?.into,
      limitOut: keys.limit?.out,
      macvtapMode: macvtap, hostAccess: keys.hostAccess ?? false, vf: vf, handOver: keys.handOver ?? .vfio,
      trust: keys.trust, linkState: keys.linkState, qos: keys.qos, socket: keys.socket,
      hostLoopback: keys.hostLoopback, allow: keys.allow ?? [], written: NICKeys.table.places(keys))
  }

  private func device(_ keys: NICKeys, _ vm: VM, _ stanza: NICStanza, _ kind: NICKinds) -> DeviceName {
    if !kind.isDisjoint(with: .vmm) { return .pattern(keys.device ?? vm.vmm.portNames ?? "") }
    if let name = keys.device { return .written(LinkName(kernel: name)) }
    let derived = names.device(vm: vm.name, nic: stanza.name)
    return .derived(preferred: derived.preferred, fallback: derived.fallback)
  }

  private func makeEnclosure(_ vm: VM, _ stanza: NICStanza, innerMAC: MACAddress?) -> Enclosure {
    func name(_ part: String) -> LinkName { names.device(part, vm: vm.name, nic: stanza.name) }
    let outer = names.device(vm: vm.name, nic: stanza.name)
    return Enclosure(
      outer: .derived(preferred: outer.preferred, fallback: outer.fallback), peer: name("out"),
      bridge: name("wire"), innerMAC: innerMAC)
  }

  /// A length left out is the network's, where the network is known.
  private func addresses(_ written: [GuestAddress]?, _ network: Network?) -> [Sourced<IPInterface>] {
    (written ?? []).compactMap { guest in
      let around = network?.addresses.first { $0.value.prefix.contains(guest.address) }
      let length = guest.length ?? around?.value.length ?? guest.address.family.bits
      return IPInterface(guest.address, length: length).map { Sourced($0, at: guest.position) }
    }
  }

  private func forwards(_ keys: NICKeys, _ listen: IPAddress?) -> [Forward] {
    (keys.forward ?? []).map { forward in
      var forward = forward
      forward.listen = forward.listen ?? listen
      return forward
    }
  }

  private func settledReach(_ keys: ReachKeys?, _ network: Network?) -> Reach {
    switch keys {
    case .all?: .all
    case .networks(let names)?: .networks(names.map(\.value))
    case nil: network?.reach ?? .networks([])
    }
  }
}

extension AlsoSource {
  fileprivate var mac: MACAddress? {
    if case .mac(let mac) = self { mac } else { nil }
  }

  fileprivate var prefix: IPPrefix? {
    if case .prefix(let prefix) = self { prefix } else { nil }
  }
}
