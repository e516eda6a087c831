extension Composer {
  /// What the language has and this version does not execute: a clear refusal, before anything is planned.
  mutating func refuseUnsupported() {
    for vm in topology.vms {
      let path = "vms.\(vm.name)"
      if let netns = vm.netns { unsupported("netns", at: netns.position, "\(path).netns") }
      for nic in vm.nics { refuse(nic, of: vm) }
    }
  }

  private mutating func unsupported(_ what: String, at position: SourcePosition?, _ path: String) {
    lacking(position, path, "not yet supported: \(what)")
  }

  /// Whether this version executes the mode of a NIC.
  static func executes(_ nic: NIC) -> Bool { executes(nic.mode, nic.via) }

  static func executes(_ mode: Mode, _ via: Via) -> Bool {
    switch (mode, via) {
    case (.bridged, .bridge), (.tap, .tap), (.shared, .nat), (.shared, .user), (.shared, .passt): true
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
      case "inner-address":
        unsupported(String(key), at: position, "\(path).\(key)")
      default: break
      }
    }
  }
}
