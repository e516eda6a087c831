/// What the stations of one Ethernet, and the users of one hardware NIC, share.
extension Resolver {
  /// One hardware NIC is one bridge's port, or a parent of macvtap devices, or a guest's own.
  mutating func checkHardware() {
    struct Use {
      let text: String
      let at: SourcePosition?
      /// Several macvtap devices, or several virtual functions.
      let isShared: Bool
    }
    var used: [HardwareReference: Use] = [:]
    func clash(_ hardware: HardwareReference, _ use: Use, _ path: [String], _ resolver: inout Resolver) {
      guard let first = used[hardware] else {
        used[hardware] = use
        return
      }
      if first.isShared, first.text == use.text { return }
      resolver.clash(
        .hardwareTwice, path, use.at, first.at, "\(hardware) cannot be \(first.text) and \(use.text)")
    }
    for network in sortedNetworks {
      guard case .uplink(let uplink) = network.network.segment else { continue }
      let name = network.network.name
      let use = Use(text: "the uplink of `\(name)`", at: uplink.position, isShared: false)
      clash(uplink.value, use, ["networks", name, "uplink"], &self)
    }
    for nic in nics {
      guard let hardware = nic.hardware else { continue }
      let text =
        nic.mode == .bridged
        ? "a parent of macvtap devices" : nic.via == .sriov ? "divided by sriov" : "dedicated to `\(nic.id)`"
      let use = Use(text: text, at: hardware.position, isShared: nic.mode == .bridged || nic.via == .sriov)
      clash(hardware.value, use, path(nic, "hardware"), &self)
    }
  }

  /// The same MAC twice on one VLAN of one bridge would have its frames go either way.
  mutating func checkMACs() {
    struct Station: Hashable {
      let segment: Int
      let vlan: Int
      let mac: MACAddress
    }
    var segments: [String: Int] = [:]
    func segment(_ name: String) -> Int {
      if let number = segments[name] { return number }
      segments[name] = segments.count
      return segments.count - 1
    }
    var known: [Station: (vm: String, nic: String, at: SourcePosition?)] = [:]
    known.reserveCapacity(vms.count)
    for network in sortedNetworks {
      guard let mac = network.network.mac else { continue }
      let station = Station(segment: segment(network.root), vlan: vlan(of: network), mac: mac)
      known[station] = (network.network.name, "", network.position("mac"))
    }
    for vm in vms {
      for nic in vm.nics {
        let station: Station
        if let name = nic.network?.value, let network = networks[name] {
          station = Station(segment: segment(network.root), vlan: nic.vlan ?? vlan(of: network), mac: nic.mac)
        } else if let hardware = nic.hardware {
          station = Station(segment: segment("\(hardware.value)"), vlan: nic.vlan ?? 0, mac: nic.mac)
        } else {
          continue
        }
        let at = nic.written["mac"] ?? nic.position
        guard let first = known.updateValue((vm.name, nic.name, at), forKey: station) else { continue }
        clash(
          .duplicateMAC, path(nic, "mac"), at, first.at,
          "`\(first.nic.isEmpty ? first.vm : "\(first.vm)/\(first.nic)")` and `\(nic.id)` have the MAC address "
            + "\(nic.mac) on one segment",
          hint: nic.written["mac"] == nil ? "the derived addresses collide: write a `mac`" : nil)
      }
    }
  }

  private func vlan(of network: ResolvedNetwork) -> Int {
    if case .portGroup(_, let vlan) = network.network.segment { return vlan }
    return network.network.native
  }

  /// A bridge has 1,023 ports (BR_PORT_BITS 10, net/bridge/br_private.h; port 0 is none).
  mutating func checkPorts() {
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
