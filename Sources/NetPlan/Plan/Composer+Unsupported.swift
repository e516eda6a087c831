extension Composer {
  /// What the language has and this version does not execute: a clear refusal, before anything is planned.
  mutating func refuseUnsupported() {
    for (key, position) in topology.coexist.written.sorted(by: { $0.key < $1.key })
    where ["firewalld", "network-manager", "networkd"].contains(key) {
      unsupported("coexist.\(key)", at: position, "coexist")
    }
    for network in topology.networks { refuse(network) }
    for vm in topology.vms {
      let path = "vms.\(vm.name)"
      if let netns = vm.netns { unsupported("netns", at: netns.position, "\(path).netns") }
      for nic in vm.nics { refuse(nic, of: vm) }
    }
  }

  private mutating func unsupported(_ what: String, at position: SourcePosition?, _ path: String) {
    lacking(position, path, "not yet supported: \(what)")
  }

  private mutating func refuse(_ network: Network) {
    let path = "networks.\(network.name)"
    if case .portGroup = network.segment {
      unsupported("a network that is a VLAN of another", at: network.position, path)
    }
    if case .stated(let vlan?) = network.host {
      unsupported("the host on VLAN \(vlan)", at: network.position, "\(path).host.vlan")
    }
    for (key, position) in network.written.sorted(by: { $0.key < $1.key }) {
      switch key.prefix(while: { $0 != "." }) {
      case "proxy": unsupported(String(key), at: position, "\(path).\(key)")
      default: break
      }
    }
  }

  /// Whether this version executes the mode of a NIC.
  static func executes(_ nic: NIC) -> Bool {
    switch (nic.mode, nic.via) {
    case (.bridged, .bridge), (.tap, .tap), (.shared, .nat): true
    default: false
    }
  }

  private mutating func refuse(_ nic: NIC, of vm: VM) {
    let path = "vms.\(nic.vm).nics.\(nic.name)"
    if !Composer.executes(nic) {
      unsupported("mode \(nic.mode) via \(nic.via)", at: nic.position, path)
      return
    }
    for (key, position) in nic.written.sorted(by: { $0.key < $1.key }) {
      switch key.prefix(while: { $0 != "." }) {
      case "limit", "inner-address":
        unsupported(String(key), at: position, "\(path).\(key)")
      default: break
      }
    }
  }
}
