package enum Mode: String, Hashable, Sendable, CaseIterable { case shared, tap, bridged, dedicated }

package enum Via: String, Hashable, Sendable, CaseIterable {
  case nat, user, passt  // shared
  case tap, vde, vmm  // tap (vmm: bridged too)
  case bridge, macvtap  // bridged (macvtap: dedicated too)
  case vfio, sriov, netns  // dedicated
}

/// How a virtual function reaches the VM.
package enum HandOver: String, Hashable, Sendable, CaseIterable { case vfio, macvtap, netns }

package struct NIC: Hashable, Sendable {
  package var vm: String
  package var name: String
  package var was: String?
  package var position: SourcePosition?
  package var mode: Mode
  package var via: Via
  package var network: Sourced<String>?
  package var hardware: Sourced<HardwareReference>?
  package var device: DeviceName
  /// Where the VM has a network namespace: what joins the NIC to the host.
  package var enclosure: Enclosure?
  /// The guest's MAC.
  package var mac: MACAddress
  /// The host side's, always another than the guest's; locally administered.
  package var hostMAC: MACAddress
  package var mtu: Sourced<Int>?
  /// As written; nil = what the VMM's profile uses.
  package var queues: Sourced<Int>?
  /// Access VLAN, or the native one of a trunk.
  package var vlan: Int?
  /// Sorted tagged VLANs.
  package var trunk: [Int]
  /// The guest's own addresses.
  package var addresses: [Sourced<IPInterface>]
  /// The host's side of a routed TAP; the defaults where nothing is written.
  package var hostAddresses: [IPInterface]
  package var innerAddresses: [IPInterface]
  /// Prefixes behind the guest.
  package var routes: [Sourced<IPPrefix>]
  package var proxy: Sourced<HardwareReference>?
  package var forwards: [Forward]
  package var reach: Reach
  package var toHost: HostReach
  package var block: [IPPrefix]
  package var isolated: Bool
  package var antiSpoof: Set<AntiSpoofCheck>
  package var alsoMACs: [MACAddress]
  package var alsoPrefixes: [IPPrefix]
  /// Bits per second, as the guest sees them.
  package var limitIn: UInt64?
  package var limitOut: UInt64?
  package var macvtapMode: MacvtapMode?
  package var hostAccess: Bool
  /// nil = auto.
  package var vf: Int?
  package var handOver: HandOver
  package var trust: Bool?
  package var linkState: LinkState?
  package var qos: Int?
  package var socket: String?
  package var hostLoopback: IPAddress?
  package var allow: [RiskAcceptance]
  /// Keys that the file writes out for this NIC (or for its VM or as a default), with their places.
  package var written: [String: SourcePosition]

  /// The host's side of a routed NIC where nothing else is written.
  package static let usualHostSide = [
    IPInterface(host: .v4(169, 254, 0, 1)), IPInterface(IPAddress("fe80::1")!, length: 64)!,
  ]

  /// Whether it is hardware, or a function of some, that reaches the VM so.
  package func isHanded(over way: HandOver) -> Bool {
    switch (via, way) {
    case (.vfio, .vfio), (.netns, .netns): true
    case (.macvtap, .macvtap): mode == .dedicated
    case (.sriov, _): handOver == way
    default: false
    }
  }

  /// `VM/NIC`, as the command line names it.
  package var id: String { "\(vm)/\(name)" }
}

/// Between a NIC in a network namespace and the host: a veth, whose end in there the NIC's bridge or router is behind.
package struct Enclosure: Hashable, Sendable {
  /// The end on the host.
  package var outer: DeviceName
  /// The end in the namespace, and the bridge that joins it to the TAP where nothing is translated.
  package var peer: LinkName
  package var bridge: LinkName
  /// Of the guest inside, where that is not the one that others know: it is translated for.
  package var innerMAC: MACAddress?
}

package enum DeviceName: Hashable, Sendable {
  case written(LinkName)
  /// `preferred` where no foreign link has it, else `fallback` (a readable stem and a hash).
  case derived(preferred: LinkName, fallback: LinkName)
  /// `via: vmm`: the name the VM software will give.
  case pattern(String)

  /// The one name that is written; nil where it is derived, or known by its beginning.
  var whole: LinkName? {
    switch self {
    case .written(let name): name
    case .derived: nil
    case .pattern(let text): PortName(text).name
    }
  }
}

package enum AntiSpoofCheck: String, Hashable, Sendable, CaseIterable {
  case mac, address, dhcp, router

  /// One set for all NICs.
  static let all = Set(allCases)
}
