/// Names of interfaces that only one can have.
extension Resolver {
  private struct Place: Hashable {
    /// Empty for the host's own.
    let netns: String
    let name: String

    init(netns: String, name: String) { (self.netns, self.name) = (netns, name) }

    init(_ nic: NIC, of vm: VM, name: String) {
      self.init(netns: nic.enclosure == nil ? "" : vm.netns?.value ?? "", name: name)
    }
  }

  /// Names and alternative names share one space in each namespace (`__dev_get_by_name`, net/core/dev.c).
  mutating func checkDevices() {
    var used: [Place: SourcePosition?] = [:]
    used.reserveCapacity(2 * vms.count)
    for network in sortedNetworks {
      if case .existing = network.network.segment { continue }
      if network.network.portGroup != nil, !network.hasAddress { continue }
      let device = network.network.device
      let at = network.position("device") ?? network.network.position
      if let first = used.updateValue(at, forKey: Place(netns: "", name: device.text)) {
        clash(
          .duplicateDevice, ["networks", network.network.name, "device"], at, first,
          "two networks have the device `\(device)`")
      }
      let interface = network.network.hostDevice
      guard interface != device else { continue }
      let place = network.position("host")
      if let first = used.updateValue(place, forKey: Place(netns: "", name: interface.text)) {
        clash(
          .duplicateDevice, ["networks", network.network.name, "host", "vlan"], place, first,
          "there are two devices `\(interface)`, one of them the host's interface in its VLAN",
          hint: "write another `device`")
      }
    }
    for vm in vms {
      for nic in vm.nics {
        guard let name = nic.device.whole else { continue }
        let at = nic.written["device"]
        if let first = used.updateValue(at, forKey: Place(nic, of: vm, name: name.text)) {
          clash(.duplicateDevice, path(nic, "device"), at, first, "there are two devices `\(name)`")
        }
      }
    }
    for index in vms.indices {
      settleDerived(index, &used)
      settleOuter(index, &used)
    }
  }

  /// What the file writes and what comes first keeps the plain name.
  private mutating func settleDerived(_ vm: Int, _ used: inout [Place: SourcePosition?]) {
    for index in vms[vm].nics.indices {
      let nic = vms[vm].nics[index]
      guard case .derived(let preferred, let fallback) = nic.device else { continue }
      let at = nic.position
      let place = Place(nic, of: vms[vm], name: preferred.text)
      if used[place] == nil {
        used[place] = .some(at)
        continue
      }
      vms[vm].nics[index].device = .derived(preferred: fallback, fallback: fallback)
      if let first = used.updateValue(at, forKey: Place(nic, of: vms[vm], name: fallback.text)) {
        clash(
          .duplicateDevice, path(nic, "device"), at, first,
          "there are two devices `\(fallback)`, the derived name of `\(nic.id)`", hint: "write `device`")
      }
    }
  }

  /// The host's end of a NIC in a namespace has a name among those of the host.
  private mutating func settleOuter(_ vm: Int, _ used: inout [Place: SourcePosition?]) {
    for index in vms[vm].nics.indices {
      guard case .derived(let preferred, let fallback)? = vms[vm].nics[index].enclosure?.outer else {
        continue
      }
      let at = vms[vm].nics[index].position
      if used.updateValue(at, forKey: Place(netns: "", name: preferred.text)) == nil { continue }
      vms[vm].nics[index].enclosure?.outer = .derived(preferred: fallback, fallback: fallback)
      used[Place(netns: "", name: fallback.text)] = .some(at)
    }
  }

  /// `CONFIG.VM.NIC`: at most 127 bytes (ALTIFNAMSIZ, linux/if.h), each once.
  mutating func checkAlternativeNames() {
    // Without a dot in a name no two of them can be alike.
    let dot = UInt8(ascii: ".")
    let hasDots = vms.contains {
      $0.name.utf8.contains(dot) || $0.nics.contains { $0.name.utf8.contains(dot) }
    }
    var known: [Place: SourcePosition?] = [:]
    for vm in vms {
      for nic in vm.nics {
        let length = names.configuration.utf8.count + vm.name.utf8.count + nic.name.utf8.count + 2
        let name = { [names] in "\(names.configuration).\(vm.name).\(nic.name)" }
        if length > 127 {
          clash(
            .nameTooLong, path(nic, "device"), nic.position, nil,
            "`\(name())` has \(length) bytes; an alternative name has 127 at most")
        }
        guard hasDots else { continue }
        if let first = known.updateValue(
          nic.position, forKey: Place(nic, of: vm, name: name()))
        {
          clash(
            .duplicateDevice, path(nic, "device"), nic.position, first,
            "two NICs have the alternative name `\(name())`")
        }
      }
    }
  }
}
