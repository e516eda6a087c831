extension Composer {
  /// What the language has and this version does not execute: a clear refusal, before anything is planned.
  mutating func refuseUnsupported() {
    for nic in topology.vms.lazy.flatMap(\.nics) where !Composer.executes(nic) && nic.via != .vmm {
      lacking(
        nic.position, "vms.\(nic.vm).nics.\(nic.name)", "not yet supported: mode \(nic.mode) via \(nic.via)")
    }
    refuseNamed()
  }

  /// Nobody can give an interface an address, a route or forwarding before it is there; filters alone would be no routed NIC.
  private mutating func refuseNamed() {
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

  /// Whether this version executes the mode of a NIC.
  static func executes(_ nic: NIC) -> Bool { executes(nic.mode, nic.via) }

  static func executes(_ mode: Mode, _ via: Via) -> Bool {
    switch (mode, via) {
    case (.bridged, .bridge), (.bridged, .macvtap), (.bridged, .vmm), (.tap, .tap), (.tap, .vde),
      (.shared, .nat), (.shared, .user), (.shared, .passt), (.dedicated, .vfio), (.dedicated, .sriov),
      (.dedicated, .macvtap), (.dedicated, .netns):
      true
    default: false
    }
  }
}
