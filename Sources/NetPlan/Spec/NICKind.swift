/// What a NIC is made of: a mode and the mechanism under it. Which keys it can have follows from it.
struct NICKinds: OptionSet, Hashable, Sendable {
  let rawValue: UInt16

  static let natPort = NICKinds(rawValue: 1 << 0)  // shared, nat, a port of a network
  static let natRouted = NICKinds(rawValue: 1 << 1)  // shared, nat, a TAP of its own
  static let user = NICKinds(rawValue: 1 << 2)
  static let passt = NICKinds(rawValue: 1 << 3)
  static let tap = NICKinds(rawValue: 1 << 4)
  static let vde = NICKinds(rawValue: 1 << 5)  // tap, vde, routed
  static let routedVMM = NICKinds(rawValue: 1 << 6)  // tap, vmm
  static let bridge = NICKinds(rawValue: 1 << 7)
  static let macvtap = NICKinds(rawValue: 1 << 8)
  static let bridgedVMM = NICKinds(rawValue: 1 << 9)
  static let vfio = NICKinds(rawValue: 1 << 10)
  static let sriov = NICKinds(rawValue: 1 << 11)
  static let passthru = NICKinds(rawValue: 1 << 12)  // dedicated, macvtap
  static let netns = NICKinds(rawValue: 1 << 13)
  static let vdePort = NICKinds(rawValue: 1 << 14)  // tap, vde, a port of a network

  static let all = NICKinds(rawValue: 1 << 15 - 1)
  static let shared: NICKinds = [natPort, natRouted, user, passt]
  static let routed: NICKinds = [tap, vde, routedVMM]
  static let bridged: NICKinds = [bridge, macvtap, bridgedVMM]
  static let dedicated: NICKinds = [vfio, sriov, passthru, netns]
  static let vmm: NICKinds = [routedVMM, bridgedVMM]
  static let switched: NICKinds = [vde, vdePort]
  /// The host has an interface of its own for the NIC.
  static let tapLike: NICKinds = [
    natPort, natRouted, tap, vde, vdePort, routedVMM, bridge, macvtap, bridgedVMM, passthru,
  ]

  static func of(_ mode: Mode, _ via: Via, onNetwork: Bool) -> NICKinds {
    switch (mode, via) {
    case (.shared, .nat): onNetwork ? natPort : natRouted
    case (.shared, .user): user
    case (.shared, .passt): passt
    case (.tap, .tap): tap
    case (.tap, .vde): onNetwork ? vdePort : vde
    case (.tap, .vmm): routedVMM
    case (.bridged, .bridge): bridge
    case (.bridged, .macvtap): macvtap
    case (.bridged, .vmm): bridgedVMM
    case (.dedicated, .vfio): vfio
    case (.dedicated, .sriov): sriov
    case (.dedicated, .macvtap): passthru
    case (.dedicated, .netns): netns
    default: []
    }
  }
}

extension Mode {
  /// The mechanisms that provide it, the default first.
  package var vias: [Via] {
    switch self {
    case .shared: [.user, .nat, .passt]
    case .tap: [.tap, .vde, .vmm]
    case .bridged: [.bridge, .macvtap, .vmm]
    case .dedicated: [.vfio, .sriov, .macvtap, .netns]
    }
  }
}

extension NICKeys {
  /// The NICs that a key is for, and how to say so; nil for a key of every NIC.
  static func use(of key: String) -> (kinds: NICKinds, text: String)? {
    switch key {
    case "mode", "via", "mac", "allow", "was": nil
    case "network":
      (
        [.natPort, .bridge, .bridgedVMM, .vdePort, .routedVMM],
        "NICs that are bridged, shared by nat, vde or vmm"
      )
    case "hardware": ([.dedicated, .macvtap], "dedicated NICs and `via: macvtap`")
    case "device", "mtu": (.tapLike, "NICs with an interface on the host")
    case "queues": (NICKinds.tapLike.subtracting(.switched), "NICs with a TAP or macvtap device")
    case "vlan", "trunk":
      ([.bridge, .bridgedVMM, .vdePort, .sriov], "bridged NICs, vde on a network, and `via: sriov`")
    case "address":
      (
        [.natPort, .natRouted, .routed, .vdePort, .bridge, .bridgedVMM],
        "NICs that are tap, shared by nat or bridged"
      )
    case "host-address": ([.natRouted, .routed], "tap NICs, and nat without a network")
    case "inner-address": ([.natPort, .natRouted, .tap, .bridge], "NICs via tap, bridge and nat")
    case "routes":
      (
        [.natPort, .natRouted, .routed, .vdePort, .bridge, .bridgedVMM],
        "NICs that are tap, shared by nat or bridged"
      )
    case "proxy": (.routed, "tap NICs")
    case "forward": (.shared, "shared NICs")
    case "reach", "to-host", "block": ([.shared, .routed, .vdePort], "tap and shared NICs")
    case "isolated":
      ([.natPort, .natRouted, .vdePort, .bridge, .bridgedVMM], "NICs on a network and those shared by nat")
    case "anti-spoof", "also", "limit":
      (NICKinds.tapLike.union(.sriov), "NICs with an interface on the host, and sriov")
    case "macvtap", "host-access": (.macvtap, "bridged NICs with `via: macvtap`")
    case "vf", "hand-over", "trust", "link-state", "qos": (.sriov, "`via: sriov`")
    case "socket": ([.switched, .passt], "`via: vde` and `via: passt`")
    case "host-loopback": (.passt, "`via: passt`")
    default: preconditionFailure("the key \(key) has no use")
    }
  }

  /// By index of the key in the table.
  static let kinds: [NICKinds] = table.keys.map { use(of: $0.name)?.kinds ?? .all }
}

extension VMM {
  /// NICs that its software can use.
  var kinds: NICKinds {
    switch self {
    case .qemu: .all
    // It starts a passt of its own for each interface of type `user`, and connects to none that runs.
    case .libvirt: NICKinds.all.subtracting([.switched, .passt])
    // A TAP that they make is on no bridge.
    case .cloudHypervisor, .crosvm: NICKinds.all.subtracting([.switched, .user, .passt, .bridgedVMM])
    // It opens /dev/net/tun by name and has no PCI pass-through.
    case .firecracker: [.natPort, .natRouted, .tap, .bridge, .netns]
    }
  }

  /// It opens a TAP with a single queue pair only.
  var hasSingleQueue: Bool { self == .firecracker }
}
