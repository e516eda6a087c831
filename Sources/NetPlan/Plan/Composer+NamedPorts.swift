// NICs whose port the VM software makes when it starts, and puts on the bridge: what is asked of a port by its name holds from
// its first frame on, and what only a port can have is not to be had.

extension Composer {
  /// Nobody can give an interface an address, a route or forwarding before it is there; filters alone would be no routed NIC.
  mutating func refuseNamed() {
    for vm in topology.vms {
      for nic in vm.nics where nic.via == .vmm {
        let path = "vms.\(nic.vm).nics.\(nic.name)"
        if nic.mode == .tap {
          conflict(
            nic.position, path,
            "the host routes to an interface that is there: it can have no address, route or forwarding before the VM software makes it",
            hint:
              "'via: tap' makes it beforehand, and 'attach' tells the VM software its name; or 'mode: bridged' on a network"
          )
        } else if let netns = vm.netns {
          conflict(
            netns.position, path,
            "the VM software in the network namespace '\(netns.value)' cannot put a port on a bridge of the host",
            hint: "'via: bridge' joins the namespace to the bridge")
        }
      }
    }
  }

  mutating func addNamed(_ nic: NIC, of vm: VM, _ path: String) {
    guard case .pattern(let text) = nic.device, let reference = nic.network,
      let network = network(named: reference.value), let bridge = bridges[network.name]
    else { return }
    let port = NamedPort(nic: nic, network: network, bridge: bridge.name, name: PortName(text))
    guard canJoin(port, bridge, path) else { return }
    if let mtu = nic.mtu, let limit = bridge.mtu, mtu.value > limit {
      conflict(
        mtu.position, "\(path).mtu",
        "MTU \(mtu.value) is above that of the bridge '\(bridge.name)' (\(limit))",
        hint: "raise the network's mtu, or lower this one")
    }
    refuseLimit(above: nic, path)
    if let interface = interface(of: network) { routeBehind(nic, network, interface.name, path) }
    if let hardware = networkProxies[network.name] {
      let guests = guestAddresses(of: nic).map(\.address)
      answer(for: guests.filter { !$0.isLinkLocal && isUsable($0.family) }, on: hardware, path)
    }
    named.append(port)
    if vm.vmm == .qemu { admit(vm, to: bridge.name, path) }
  }

  private mutating func canJoin(_ port: NamedPort, _ bridge: Link, _ path: String) -> Bool {
    let (nic, network) = (port.nic, port.network)
    let root = network.portGroup.flatMap { self.network(named: $0.network) } ?? network
    var isForeign = false
    if case .existing = root.segment { isForeign = true }
    let filters = isForeign ? bridge.bridge.vlanFiltering == true : root.vlanFiltering
    if filters, !isForeign || bridge.bridge.defaultPVID == 0 {
      conflict(
        nic.position, path,
        "the bridge '\(bridge.name)' filters VLANs, and a port that joins it by itself is in none",
        hint: "'via: bridge' makes the port, with its VLAN")
      return false
    }
    // Its BPDUs would be the bridge's own business before any filter (`br_handle_frame`), but for `group_fwd_mask`.
    if bridge.bridge.stp == true {
      conflict(
        nic.position, path,
        "the bridge '\(bridge.name)' does the spanning tree, and only a port that is there can be kept from speaking it",
        hint: "'stp: false' at the network, or 'via: bridge'")
      return false
    }
    return isSeen(port) || canGoUnseen(port, path)
  }

  /// A frame of it is known for one from its first on.
  func isSeen(_ port: NamedPort) -> Bool { !port.name.isPattern || host.facts.bridgePorts != false }

  private mutating func canGoUnseen(_ port: NamedPort, _ path: String) -> Bool {
    let reason = "this kernel's nftables cannot tell on which bridge a port is"
    guard port.nic.antiSpoof.isEmpty else {
      lacking(
        port.nic.position, path, "\(reason), so that what ports '\(port.name)' send cannot be checked",
        hint: "a kernel with CONFIG_NFT_BRIDGE_META can; or 'via: bridge', or 'anti-spoof: false'")
      return false
    }
    target.risks.append(
      Risk(
        "unchecked", object: port.nic.id,
        "\(reason): BPDUs, VLAN tags and frames that are neither IP nor ARP pass as well", refusable: false))
    return true
  }

  // MARK: Whose names are alike

  /// Once all that is on the bridges is known.
  mutating func checkNames() {
    for port in named {
      let path = "vms.\(port.nic.vm).nics.\(port.nic.name)"
      let at = port.nic.written["device"] ?? port.nic.position
      if let other = named.first(where: {
        $0.isAlike(port) && $0.nic.antiSpoof.isEmpty != port.nic.antiSpoof.isEmpty
      }) {
        conflict(
          port.nic.written["anti-spoof"] ?? at, "\(path).anti-spoof",
          "'\(port.nic.id)' and '\(other.nic.id)' have ports '\(port.name)' on '\(port.bridge)' that cannot be told apart: "
            + "one is checked and the other is not",
          hint: "'anti-spoof: false' for both or neither, or names of their own")
      }
      if let name = port.name.name {
        checkName(name, of: port, at: at, path)
      } else {
        checkPattern(port, at: at, path)
      }
    }
  }

  private mutating func checkName(
    _ name: LinkName, of port: NamedPort, at position: SourcePosition?, _ path: String
  ) {
    guard let there = observed.link(name), !isOurs(there), there.kind != .tap || there.owner != nil else {
      return
    }
    conflict(
      position, "\(path).device", "the host has an interface '\(name)' that is no TAP of the VM software",
      hint: "choose another device name")
  }

  private mutating func checkPattern(_ port: NamedPort, at position: SourcePosition?, _ path: String) {
    let taken = observed.tables.first { table in
      table.id.family == .bridge && table.id.owner.map { $0 != topology.name } ?? false
        && table.stationPorts.contains { $0.bridge == port.bridge.text && $0.name.overlaps(port.name) }
    }
    if let owner = taken?.id.owner {
      conflict(
        position, "\(path).device",
        "the configuration '\(owner)' has guests at ports with such names on '\(port.bridge)', whose frames would be dropped",
        hint: "put them into one file")
    }
    let table = observed[.table(TableID(.bridge, of: topology.name))]?.table
    let isInForce =
      table?.stationPorts.contains { $0.bridge == port.bridge.text && $0.name == port.name } ?? false
    for link in ports(of: port.bridge) where port.name.matches(link.name) && !isOurs(link) {
      if link.kind != .tap || link.owner != nil {
        conflict(
          position, "\(path).device",
          "'\(link.name)' on '\(port.bridge)' has a name like '\(port.name)' and is no TAP of the VM software: what it sends would be dropped",
          hint: "choose a longer pattern")
      } else if !isInForce, isSeen(port), !port.nic.antiSpoof.isEmpty {
        let notice = Risk(
          "foreign-object", object: ObjectID.link(link.name).description,
          "'\(link.name)' is on '\(port.bridge)' and has a name like '\(port.name)': from now on only the guests of this file may send by it",
          refusable: false)
        if !target.risks.contains(notice) { target.risks.append(notice) }
      }
    }
  }

  /// Those that are there, and hardware that is to join.
  private func ports(of bridge: LinkName) -> [Link] {
    observed.links.filter { link in
      uplinks[link.name].map { $0 == bridge } ?? (link.master?.name == bridge)
    }.sorted { $0.name < $1.name }
  }
}

extension Composer {
  /// NICs whose guests send by ports and TAPs that tables of ours check.
  var guestNICs: some Sequence<NIC> {
    (0..<filtered.count + named.count).lazy.map { [filtered, named] index in
      index < filtered.count ? filtered[index].nic : named[index - filtered.count].nic
    }
  }
}

extension NamedPort {
  /// A frame could come from either's.
  fileprivate func isAlike(_ other: NamedPort) -> Bool {
    bridge == other.bridge && name.isPattern && other.name.isPattern && name.overlaps(other.name)
  }
}
