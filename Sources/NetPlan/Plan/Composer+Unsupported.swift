extension Composer {
  /// What the language has and this version does not execute: a clear refusal, before anything is planned.
  mutating func refuseUnsupported() {
    for nic in topology.vms.lazy.flatMap(\.nics) where !Composer.executes(nic) {
      lacking(
        nic.position, "vms.\(nic.vm).nics.\(nic.name)", "not yet supported: mode \(nic.mode) via \(nic.via)")
    }
    for nic in topology.vms.lazy.flatMap(\.nics) where nic.via == .macvtap {
      let path = "vms.\(nic.vm).nics.\(nic.name)"
      if nic.hostAccess {
        lacking(
          nic.written["host-access"] ?? nic.position, "\(path).host-access", "not yet supported: host-access")
      }
      if nic.enclosure != nil {
        lacking(nic.position, path, "not yet supported: via macvtap in a network namespace")
      }
    }
  }

  /// Whether this version executes the mode of a NIC.
  static func executes(_ nic: NIC) -> Bool { executes(nic.mode, nic.via) }

  static func executes(_ mode: Mode, _ via: Via) -> Bool {
    switch (mode, via) {
    case (.bridged, .bridge), (.bridged, .macvtap), (.tap, .tap), (.shared, .nat), (.shared, .user),
      (.shared, .passt), (.dedicated, .macvtap), (.dedicated, .netns):
      true
    default: false
    }
  }
}
