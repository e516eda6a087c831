/// What must hold between networks and NICs.
extension Resolver {
  mutating func check(_ nics: [NIC]) {
    reader.path = []
    checkHardware(nics)
    checkDevices(nics)
    checkMACs(nics)
    checkAddresses(nics)
    checkPorts(nics)
    checkForwards(nics)
    checkOverlap(nics)
    if nics.isEmpty, networks.isEmpty, (keys.networks ?? []).isEmpty, (keys.vms ?? []).isEmpty, isWhole {
      reader.diagnostics.add(
        Diagnostic(
          .emptyConfiguration, at: SourcePosition(file: 0, line: 1, column: 1),
          "the configuration asks for nothing: applied, it removes all that `\(names.configuration)` owns",
          severity: .warning))
    }
  }

  private var sortedNetworks: [ResolvedNetwork] {
    networks.values.sorted { $0.network.name < $1.network.name }
  }

  private mutating func report(
    _ code: DiagnosticCode, _ nic: NIC, _ key: String, _ at: SourcePosition?, _ message: String,
    hint: String? = nil, other: SourcePosition? = nil
  ) {
    let place = at ?? nic.written[key] ?? nic.position
    reader.path = ["vms", nic.vm, "nics", nic.name, key]
    reader.report(
      code, place, message, hint: hint,
      related: other.flatMap { $0 == place ? nil : .init(message: "the other", position: $0) })
    reader.path = []
  }

  /// One hardware NIC is one bridge's port, or a parent of macvtap devices, or a guest's own.
  private mutating func checkHardware(_ nics: [NIC]) {
    var used: [HardwareReference: (use: String, at: SourcePosition?)] = [:]
    for network in sortedNetworks {
      guard case .uplink(let uplink) = network.network.segment else { continue }
      let use = "the uplink of `\(network.network.name)`"
      if let first = used.updateValue((use, uplink.position), forKey: uplink.value) {
        reader.report(
          .hardwareTwice, uplink.position, "\(uplink.value) is already \(first.use)",
          related: first.at.map { .init(message: "there", position: $0) })
      }
    }
    for nic in nics {
      guard let hardware = nic.hardware else { continue }
      let isShared = nic.via == .sriov || nic.mode == .bridged
      let use =
        nic.mode == .bridged
        ? "a parent of macvtap devices" : nic.via == .sriov ? "divided by sriov" : "dedicated to `\(nic.id)`"
      if let first = used[hardware.value], !(isShared && first.use == use) {
        report(
          .hardwareTwice, nic, "hardware", hardware.position, "\(hardware.value) is already \(first.use)",
          other: first.at)
      } else {
        used[hardware.value] = (use, hardware.position)
      }
    }
  }

  /// Names and alternative names share one space in each namespace (`__dev_get_by_name`, net/core/dev.c).
  private mutating func checkDevices(_ nics: [NIC]) {
    struct Place: Hashable {
      let netns: String
      let name: String
    }
    var used: [Place: SourcePosition?] = [:]
    used.reserveCapacity(2 * nics.count)
    for network in sortedNetworks {
      if case .existing = network.network.segment { continue }
      let name = network.network.device.text
      if let first = used.updateValue(
        network.position("device") ?? network.network.position, forKey: Place(netns: "", name: name))
      {
        reader.report(
          .duplicateDevice, network.position("device") ?? network.network.position,
          "two networks have the device `\(name)`",
          related: first.map { .init(message: "the other", position: $0) })
      }
    }
    for vm in vms {
      let netns = vm.netns?.value ?? ""
      for nic in vm.nics {
        guard case .written(let name) = nic.device else { continue }
        let at = nic.written["device"]
        if let first = used.updateValue(at, forKey: Place(netns: netns, name: name.text)) {
          report(
            .duplicateDevice, nic, "device", at, "`\(nic.id)`: the device `\(name)` is there twice",
            other: first)
        }
      }
    }
    for index in vms.indices {
      let netns = vms[index].netns?.value ?? ""
      for number in vms[index].nics.indices {
        let nic = vms[index].nics[number]
        guard case .derived(let preferred, let fallback) = nic.device else { continue }
        // What the file writes and what comes first keeps the plain name.
        let isFree = used[Place(netns: netns, name: preferred.text)] == nil
        let name = isFree ? preferred : fallback
        if !isFree {
          vms[index].nics[number].device = .derived(preferred: fallback, fallback: fallback)
          if let first = used[Place(netns: netns, name: fallback.text)] {
            report(
              .duplicateDevice, nic, "device", nic.position,
              "`\(nic.id)`: the derived name `\(fallback)` is taken",
              hint: "write `device`", other: first)
          }
        }
        used[Place(netns: netns, name: name.text)] = .some(nic.position)
      }
    }
    checkAlternativeNames()
  }

  /// `CONFIG.VM.NIC`: at most 127 bytes (ALTIFNAMSIZ, linux/if.h), each once.
  private mutating func checkAlternativeNames() {
    // Without a dot in a name no two of them can be alike.
    let hasDots = vms.contains { $0.name.utf8.contains(46) || $0.nics.contains { $0.name.utf8.contains(46) } }
    var known: [String: SourcePosition?] = [:]
    for vm in vms {
      for nic in vm.nics {
        let length = names.configuration.utf8.count + vm.name.utf8.count + nic.name.utf8.count + 2
        if length > 127 {
          report(
            .nameTooLong, nic, "name", nic.position,
            "`\(names.configuration).\(vm.name).\(nic.name)` has \(length) bytes; an alternative name has 127 at most"
          )
        }
        guard hasDots else { continue }
        if let first = known.updateValue(
          nic.position, forKey: "\(vm.netns?.value ?? "")/\(vm.name).\(nic.name)")
        {
          report(
            .duplicateDevice, nic, "name", nic.position,
            "two NICs have the alternative name `\(names.configuration).\(vm.name).\(nic.name)`", other: first
          )
        }
      }
    }
  }

  private mutating func checkMACs(_ nics: [NIC]) {
    struct Station: Hashable {
      let segment: String
      let vlan: Int
      let mac: MACAddress
    }
    var known: [Station: (id: String, at: SourcePosition?)] = [:]
    known.reserveCapacity(nics.count)
    for network in sortedNetworks {
      guard let mac = network.network.mac else { continue }
      known[Station(segment: network.root, vlan: vlan(of: network), mac: mac)] = (
        network.network.name, network.position("mac")
      )
    }
    for vm in vms where vm.netns == nil {
      for nic in vm.nics {
        let station: Station
        if let name = nic.network?.value, let network = networks[name] {
          station = Station(segment: network.root, vlan: nic.vlan ?? vlan(of: network), mac: nic.mac)
        } else if let hardware = nic.hardware {
          station = Station(segment: "hardware \(hardware.value)", vlan: nic.vlan ?? 0, mac: nic.mac)
        } else {
          continue
        }
        if let first = known[station] {
          report(
            .duplicateMAC, nic, "mac", nil,
            "`\(nic.id)` has the MAC address \(nic.mac) of `\(first.id)`, on the same segment",
            hint: nic.written["mac"] == nil ? "the derived addresses collide: write a `mac`" : nil,
            other: first.at)
        } else {
          known[station] = (nic.id, nic.written["mac"] ?? nic.position)
        }
      }
    }
  }

  private func vlan(of network: ResolvedNetwork) -> Int {
    if case .portGroup(_, let vlan) = network.network.segment { return vlan }
    return network.network.native
  }

  /// A bridge has 1,023 ports (BR_PORT_BITS 10, net/bridge/br_private.h; port 0 is none).
  private mutating func checkPorts(_ nics: [NIC]) {
    var ports: [String: Int] = [:]
    for nic in nics {
      guard let name = nic.network?.value, let root = networks[name]?.root else { continue }
      ports[root, default: 0] += 1
    }
    for network in sortedNetworks where network.root == network.network.name {
      var count = ports[network.root] ?? 0
      if case .uplink = network.network.segment { count += 1 }
      guard count > 1023 else { continue }
      reader.report(
        .tooManyPorts, network.network.position,
        "the bridge of `\(network.network.name)` would have \(count) ports; "
          + "1023 are the kernel's limit", hint: "split the network, or use routed TAPs (`mode: tap`)")
    }
  }
}

extension HardwareReference: CustomStringConvertible {
  package var description: String {
    switch self {
    case .name(let name): "`\(name)`"
    case .mac(let mac): "the hardware NIC \(mac)"
    case .pci(let address): "the hardware NIC \(address)"
    case .defaultRoute: "the hardware NIC of the default route"
    }
  }
}
