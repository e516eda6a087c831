/// What must hold for one NIC by itself and on its network.
extension Resolver {
  mutating func checkAlone(_ nic: NIC, _ kind: NICKinds, _ vm: VM) {
    checkVMM(nic, kind, vm)
    checkNamedPort(nic, kind, vm)
    if kind == .sriov { checkFunction(nic) }
    if let vlan = nic.vlan, nic.trunk.contains(vlan) {
      report(
        .vlanInTrunk, nic, "trunk", nil, "`trunk` holds VLAN \(vlan), which `vlan` makes the untagged one")
    }
    if nic.hostAccess, let mode = nic.macvtapMode, mode != .bridge {
      report(
        .conflictingKeys, nic, "host-access", nil,
        "`host-access` makes the host one more station beside the guest, and of mode `\(mode.rawValue)` none reaches another",
        hint: "leave out `macvtap`, or `host-access`",
        related: nic.written["macvtap"].map { .init(message: "the mode", position: $0) })
    }
    if nic.written["inner-address"] != nil, vm.netns == nil {
      report(.missingKey, nic, "inner-address", nil, "`inner-address` needs `netns` at the VM")
    }
    if kind.isDisjoint(with: [.user, .passt]) {
      for forward in nic.forwards where forward.listen?.family == .ipv6 && forward.listen?.isLoopback == true
      {
        report(
          .loopbackForward, nic, "forward", forward.position,
          "the kernel cannot translate connections to `::1`",
          hint: "`via: passt` or `via: user`, or listen on 127.0.0.1")
      }
    }
    for route in nic.routes {
      guard let reason = route.value.reasonNotToRoute else { continue }
      report(.badPrefix, nic, "routes", route.position, "`\(route.value)` \(reason)")
    }
    if let name = nic.network?.value, let network = networks[name], !network.isBroken {
      check(nic, vm, on: network)
    } else {
      for guest in nic.addresses
      where nic.hostAddresses.contains(where: { $0.address == guest.value.address }) {
        report(
          .reservedAddress, nic, "address", guest.position,
          "`\(guest.value.address)` is the host's side of this NIC")
      }
    }
  }

  mutating func report(
    _ code: DiagnosticCode, _ nic: NIC, _ key: String, _ at: SourcePosition?, _ message: String,
    hint: String? = nil, related: Diagnostic.Related? = nil
  ) {
    let place = at ?? nic.written[key] ?? nic.position
    reader.within(key) { $0.report(code, place, message, hint: hint, related: related) }
  }

  private mutating func checkVMM(_ nic: NIC, _ kind: NICKinds, _ vm: VM) {
    if vm.vmm.kinds.isDisjoint(with: kind) {
      report(
        .vmmCannot, nic, "via", nil,
        "\(vm.vmm.rawValue) cannot use a NIC that is \(nic.mode.rawValue) via \(nic.via.rawValue)",
        hint: vm.vmm == .libvirt && kind == .passt
          ? "libvirt connects to no passt that is running, and starts its own: `via: user`"
          : vm.vmm == .firecracker && !kind.isDisjoint(with: [.vfio, .sriov])
            ? "it has no device pass-through; it can have a TAP on a network with that uplink"
            : kind == .bridgedVMM ? "it puts no TAP on a bridge: `via: bridge` makes one there for it" : nil)
    }
    if vm.vmm.hasSingleQueue, let queues = nic.queues, queues.value > 1 {
      report(
        .singleQueue, nic, "queues", queues.position, "\(vm.vmm.rawValue) opens a TAP with a single queue",
        hint: "leave `queues` out")
    }
  }

  private mutating func check(_ nic: NIC, _ vm: VM, on network: ResolvedNetwork) {
    let name = network.network.name
    let root = networks[network.root] ?? network
    if case .portGroup = network.network.segment,
      let key = ["vlan", "trunk"].first(where: { nic.written[$0] != nil })
    {
      report(
        .conflictingKeys, nic, key, nil, "`\(name)` is one VLAN, and its NICs are access ports of it",
        hint: "for other VLANs name the network `\(network.root)`")
    } else if root.keys.vlanFiltering == false, nic.vlan != nil || !nic.trunk.isEmpty {
      vlanWithoutFiltering(nic.written["vlan"] ?? nic.written["trunk"], root.keys, network.root)
    }
    checkMTU(nic, network, root)
    checkAddresses(nic, on: network)
    if network.network.dns != nil, !isDNSLabel(nic.vm) {
      reader.report(
        .notADNSName, vm.position, "`\(nic.vm)` is not a DNS name, and `\(name)` has `dns`",
        hint: "letters, digits and inner hyphens, 63 at most; or `dns: false` at the network")
    }
    if nic.written["routes"] != nil, !network.hasAddress {
      report(
        .missingKey, nic, "routes", nil,
        "`routes` needs a network on which the host has an `address`, and `\(name)` has none")
    }
  }

  private mutating func checkMTU(_ nic: NIC, _ network: ResolvedNetwork, _ root: ResolvedNetwork) {
    guard let mtu = nic.mtu else { return }
    let limit = network.network.mtu ?? root.network.mtu
    // A bridge without uplink has 1500 until something says otherwise.
    var most = limit?.value
    if most == nil, case .own = root.network.segment { most = 1500 }
    guard let most, mtu.value > most else { return }
    report(
      .mtuAboveNetwork, nic, "mtu", mtu.position,
      "MTU \(mtu.value) is above that of `\(network.network.name)`, \(most)",
      hint: limit == nil ? "write `mtu: \(mtu.value)` at the network" : nil,
      related: limit?.position.map { .init(message: "the network's", position: $0) })
  }

  private mutating func checkAddresses(_ nic: NIC, on network: ResolvedNetwork) {
    let name = network.network.name
    for guest in nic.addresses {
      let address = guest.value.address
      guard let own = network.network.addresses.first(where: { $0.value.prefix.contains(address) }) else {
        if network.network.automaticAddress, network.prefixes.allSatisfy({ $0.family != address.family }) {
          report(
            .addressOutsideNetwork, nic, "address", guest.position,
            "`\(name)` chooses its address itself, so none in it can be written",
            hint: "write `address` at the network")
        } else if !network.prefixes.isEmpty {
          let prefixes = network.prefixes.map { "`\($0)`" }.joined(separator: ", ")
          report(
            .addressOutsideNetwork, nic, "address", guest.position,
            "`\(address)` is not in \(prefixes) of `\(name)`")
        }
        continue
      }
      var reason: String?
      let prefix = own.value.prefix
      if prefix.length < prefix.family.bits - 1 {
        if address == prefix.address { reason = "the address of the network itself" }
        if prefix.family == .ipv4, address == prefix.last { reason = "the broadcast address" }
      }
      if address == own.value.address { reason = "the gateway, the host's own address" }
      if network.network.gateways.contains(where: { $0.value == address }) { reason = "the gateway" }
      guard let reason else { continue }
      report(
        .reservedAddress, nic, "address", guest.position, "`\(address)` on `\(name)` is \(reason)",
        related: own.position.map { .init(message: "the network's address", position: $0) })
    }
  }

  /// A range in the file that holds the host's own address is wrong however few VMs there are.
  mutating func checkRange(_ guests: [GuestAddress], on network: ResolvedNetwork) {
    for guest in guests {
      guard let range = guest.range,
        let own = network.network.addresses.first(where: { range.contains($0.value.address) })
      else { continue }
      reader.within("address") { reader in
        reader.report(
          .rangeHoldsGateway, guest.position,
          "`\(range.lowerBound)-\(range.upperBound)` holds `\(own.value.address)`, the host's own address")
      }
    }
  }
}

extension IPPrefix {
  /// Why nobody is reached by a route to it; nil where somebody may be.
  fileprivate var reasonNotToRoute: String? {
    if length == 0 { return nil }
    if address.isMulticast { return "is of multicast addresses" }
    if address.isLoopback { return "is of loopback addresses" }
    return address.isLinkLocal ? "is of link-local addresses, which no router passes on" : nil
  }
}
