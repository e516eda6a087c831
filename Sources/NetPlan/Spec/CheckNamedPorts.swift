/// What must hold for a NIC whose port its VM software makes: nothing can be said of a port that is not there but what a rule
/// says of its name.
extension Resolver {
  mutating func checkNamedPort(_ nic: NIC, _ kind: NICKinds, _ vm: VM) {
    guard kind == .bridgedVMM, case .pattern(let text) = nic.device else { return }
    let name = PortName(text)
    refusePortKeys(nic)
    checkSpelling(name, of: nic, vm)
    if vm.vmm == .qemu, let queues = nic.queues, queues.value > 1 {
      report(
        .singleQueue, nic, "queues", queues.position, "qemu-bridge-helper makes a TAP with a single queue",
        hint: "leave `queues` out, or `via: bridge`")
    }
    guard name.isPattern, !nic.antiSpoof.contains(.mac) else { return }
    if !nic.antiSpoof.isEmpty {
      report(
        .conflictingKeys, nic, "anti-spoof", nil,
        "a guest at a port `\(name)` is known by its MAC alone, so no check holds without that of MACs",
        hint: "`anti-spoof: true`, or `also` for further MACs")
    } else if nic.limitIn != nil || nic.limitOut != nil {
      report(
        .conflictingKeys, nic, "limit", nic.written["limit.in"] ?? nic.written["limit.out"],
        "a guest at a port `\(name)` is known by its MAC alone, so no limit holds with `anti-spoof: false`")
    }
  }

  /// Attributes of the port itself (`IFLA_BRPORT_ISOLATED`, `IFLA_BRIDGE_VLAN_INFO`).
  private mutating func refusePortKeys(_ nic: NIC) {
    func refuse(_ key: String, _ what: String) {
      report(
        .needsPort, nic, key, nil,
        "`\(key)` needs the port to exist: \(what) when the VM software has made it",
        hint: "`via: bridge` makes the port beforehand")
    }
    if nic.vlan != nil { refuse("vlan", "nobody puts it into the VLAN") }
    if !nic.trunk.isEmpty { refuse("trunk", "nobody lets the VLANs pass") }
    if nic.isolated { refuse("isolated", "nobody sets it apart") }
    if let network = nic.network.flatMap({ networks[$0.value] }), case .portGroup = network.network.segment {
      refuse("network", "`\(network.network.name)` is a VLAN, and nobody puts it in there")
    }
  }

  /// What the software can call a port.
  private mutating func checkSpelling(_ name: PortName, of nic: NIC, _ vm: VM) {
    switch vm.vmm {
    case .qemu where !name.matchesAll(of: "tap"):
      report(
        .badDevice, nic, "device", nil, "qemu-bridge-helper calls its ports `tap0`, `tap1` …, not `\(name)`",
        hint: "`device: \"tap*\"`, or `via: bridge` for a name of your own")
    case .libvirt where !name.isPattern && VMM.reserved.contains(where: name.text.hasPrefix):
      report(
        .badDevice, nic, "device", nil, "libvirt takes no name such as `\(name)`, and chooses one itself",
        hint: "\"vnet*\", or a name that does not begin with \(VMM.reserved.joined(separator: ", "))")
    default: break
    }
  }
}

extension VMM {
  /// How its software calls the ports that it makes; nil where it makes none, or has no habit.
  var portNames: String? {
    switch self {
    // `virNetDevReserveName`, src/util/virnetdev.c of libvirt
    case .libvirt: "vnet*"
    // `prep_ifreq(&ifr, "tap%d")`, qemu-bridge-helper.c
    case .qemu: "tap*"
    case .firecracker, .cloudHypervisor, .crosvm: nil
    }
  }

  /// Beginnings of names that libvirt keeps for itself (formatdomain, "Overriding the target element").
  static let reserved = ["vnet", "vif", "macvtap", "macvlan"]
}
