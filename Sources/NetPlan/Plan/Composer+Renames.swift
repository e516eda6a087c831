extension Composer {
  /// Finds out which links of ours go by another name from now on: what is said of the host afterwards is said in
  /// terms of the new names.
  mutating func rename() {
    followGiven()
    followUplinks()
    for network in topology.networks {
      switch network.segment {
      case .own, .uplink:
        rename(present(network), .bridge, to: network.device)
        rename(presentInterface(of: network), .vlan, to: network.hostDevice)
      case .portGroup: rename(presentInterface(of: network), .vlan, to: network.hostDevice)
      case .existing: break
      }
    }
    for vm in topology.vms {
      for nic in vm.nics where nic.hasInterface && nic.via != .vmm {
        let present = present(nic, of: vm)
        let kind = nic.via == .macvtap ? Link.Kind.macvtap : nic.enclosure == nil ? .tap : .veth
        if let name = deviceName(of: nic, present: present) { rename(present, kind, to: name) }
      }
    }
    if target.renamed.isEmpty { return }
    moveRules()
    moveLedger()
    use(host.state.renamed(target.renamed))
  }

  /// The interface that the host has by now in the VLAN of a network, under its own name or its former one. One in another
  /// VLAN makes room for a new one.
  private func presentInterface(of network: Network) -> Link? {
    let end = network.portGroup == nil ? ".host" : ""
    let present =
      owned["networks.\(network.name)\(end)"] ?? network.was.flatMap { owned["networks.\($0)\(end)"] }
    return present?.vlan.id.map(Int.init) == network.hostVLAN ? present : nil
  }

  private mutating func rename(_ link: Link?, _ kind: Link.Kind, to name: LinkName) {
    guard let link, link.kind == kind, link.name != name, observed.link(name) == nil,
      altnames[name.text] == nil
    else { return }
    if target.renamed.values.contains(name) { return }
    target.renamed[link.name] = name
  }

  /// The ledger speaks of an uplink by the name that it had when it was taken in. One that was renamed since is the
  /// port with the bridge's MAC that the ledger does not know, where it knows one that is not there.
  private mutating func followUplinks() {
    let gone = observed.formers.compactMap { former -> LinkName? in
      guard former.id.attribute == "addrgenmode", former.users.contains(topology.name),
        former.id.object.hasPrefix("link/"), let name = LinkName(former.id.object.dropFirst(5))
      else { return nil }
      return observed.link(name) == nil ? name : nil
    }
    guard let old = gone.first, gone.count == 1 else { return }
    let ports = observed.links.filter { link in
      guard link.owner == nil, link.kind != .tap, link.addressGeneration == Link.AddressGeneration.none,
        let bridge = link.master?.name.flatMap(observed.link), isOurs(bridge), bridge.mac == link.mac
      else { return false }
      return observed[.former(mode(of: link.name))] == nil
    }
    guard ports.count == 1 else { return }
    moveLedger(of: old, to: ports[0].name)
  }

  /// Of a NIC that is given away its macvtap says which it is.
  private mutating func followGiven() {
    let gone = givenBefore.filter { observed.link($0) == nil && isGiven($0) }
    guard let old = gone.first, gone.count == 1 else { return }
    let hardware = observed.links.filter { isOurs($0) && $0.macvtap.mode == .passthru }
      .compactMap(\.macvtap.link).filter { !isGiven($0) }
    if hardware.count == 1 { moveLedger(of: old, to: hardware[0]) }
  }

  private mutating func moveLedger(of old: LinkName, to new: LinkName) {
    var state = host.state
    for former in host.state.formers {
      var moved = former
      if former.id.object == ObjectID.link(old).description {
        moved.id.object = ObjectID.link(new).description
      } else if former.id.attribute == "object", former.set == old.text, let object = suspended(former) {
        let renamed = object.renamed([old: new])
        moved.id.object = renamed.id.description
        moved.value = renamed.described.json.text()
        moved.set = new.text
      } else if former.id.object.hasPrefix("sysctl/"),
        var key = SysctlKey(String(former.id.object.dropFirst(7))), key.link == old
      {
        key.link = new
        moved.id.object = ObjectID.sysctl(key).description
      } else {
        continue
      }
      state[.former(former.id)] = nil
      state.insert(.former(moved))
      if moved.id != former.id { target.drop(.former(former.id), because: "ledger") }
      if !former.users.contains(topology.name) { target.want(.former(moved), because: "ledger") }
    }
    use(state)
  }

  /// Rules go by names alone, which the kernel does not change in them.
  private mutating func moveRules() {
    let new = { [target] (name: LinkName) in target.renamed[name] ?? name }
    for rule in observed.rules {
      // Those for guests of this name alone are asked for under the new name, or not any more.
      if rule.origin == Ownership.origin, holders(of: rule) ?? [] == [topology.name] { continue }
      var moved = rule
      moved.id.iif = rule.id.iif.map(new)
      moved.id.oif = rule.id.oif.map(new)
      if moved.id == rule.id { continue }
      target.drop(.rule(rule.id), because: "renamed")
      target.want(.rule(moved), because: "renamed")
    }
  }

  /// The ledger speaks of settings by the names of their links.
  private mutating func moveLedger() {
    var state = host.state
    for former in host.state.formers {
      guard former.id.object.hasPrefix("sysctl/"), var key = SysctlKey(String(former.id.object.dropFirst(7))),
        let link = key.link, let name = target.renamed[link]
      else { continue }
      key.link = name
      var moved = former
      moved.id.object = ObjectID.sysctl(key).description
      state[.former(former.id)] = nil
      state.insert(.former(moved))
      target.drop(.former(former.id), because: "ledger")
      if !former.users.contains(topology.name) { target.want(.former(moved), because: "ledger") }
    }
    use(state)
  }
}

extension State {
  /// The same under the new names of links. The ledger stays as it is.
  package func renamed(_ names: [LinkName: LinkName]) -> State {
    names.isEmpty ? self : State(objects.values.map { $0.renamed(names) })
  }
}
