/// What the files ask for: every default applied, every count expanded, every name settled, every cross-check
/// that needs no host passed. The planner reads nothing else of a configuration.
///
/// Networks are sorted by name, VMs in the order of their names with numbers counted as numbers.
package struct Topology: Hashable, Sendable {
  /// Scope of ownership.
  package var name: String
  package var networks: [Network]
  package var vms: [VM]
  /// Risks accepted for the whole file.
  package var allow: [RiskAcceptance]
  package var coexist: Coexist
}

/// `in-use`, or `in-use=OBJECT` where the acceptance holds for one object.
package struct RiskAcceptance: Hashable, Sendable {
  package var risk: String
  package var object: String?
  package var position: SourcePosition?
}

/// How a hardware NIC of the host is named: `uplink`, `proxy`, `nat.out`, `hardware`.
package enum HardwareReference: Hashable, Sendable {
  case name(LinkName)
  case mac(MACAddress)
  /// `0000:03:00.0`
  case pci(String)
  case defaultRoute
}

// MARK: Networks

package struct Network: Hashable, Sendable {
  package var name: String
  package var was: String?
  package var position: SourcePosition?
  /// The bridge (for `existing`, the foreign one; for a port group, the VLAN interface).
  package var device: LinkName
  package var segment: Segment
  package var host: HostPresence
  /// Written in the file.
  package var mac: MACAddress?
  /// Used where nothing is written and there is no uplink to take it from.
  package var derivedMAC: MACAddress
  /// Written in the file; else the uplink's, else 1500.
  package var mtu: Sourced<Int>?
  package var stp: Bool
  package var multicastSnooping: Bool
  /// Written, or on because something on this network names a VLAN.
  package var vlanFiltering: Bool
  /// The untagged VLAN of the uplink, 1 … 4094.
  package var native: Int
  /// Sorted VLANs that the uplink carries: all that NICs, port groups and `host` name.
  package var uplinkVLANs: [Int]
  /// The host's own addresses on a network, `host: {address}` included.
  package var addresses: [Sourced<IPInterface>]
  /// `address: auto`, or `nat` without an address.
  package var automaticAddress: Bool
  /// `host: {gateway}`.
  package var gateways: [Sourced<IPAddress>]
  package var nat: NAT?
  package var route: Bool
  package var proxy: Sourced<HardwareReference>?
  package var dhcp: DHCP?
  package var dns: DNS?
  package var ra: Bool
  package var reach: Reach
  package var toHost: HostReach
  package var block: [IPPrefix]
  package var allow: [RiskAcceptance]
  /// Keys of this network that the file writes out and a later stage may not support yet, with their places:
  /// `reach`, `nat.out`, `dhcp` …
  package var written: [String: SourcePosition]
}

package enum Segment: Hashable, Sendable {
  case uplink(Sourced<HardwareReference>)
  /// A bridge that someone else owns.
  case existing(Sourced<LinkName>)
  /// One VLAN of another network.
  case portGroup(network: String, vlan: Int)
  /// Host-only with an address, VM-to-VM without.
  case own
}

package enum HostPresence: Hashable, Sendable {
  /// Addresses, routes and MAC of the uplink move onto the bridge.
  case keep
  case none
  /// Addresses and gateways as written (`addresses`, `gateways`), on VLAN `vlan` of the bridge where given.
  case stated(vlan: Int?)
}

package struct NAT: Hashable, Sendable {
  package var source: IPAddress?
  package var out: Sourced<HardwareReference>?
}

package enum Reach: Hashable, Sendable {
  case all
  case networks([String])
}

package enum HostReach: String, Hashable, Sendable { case all, basic, none }

package struct Coexist: Hashable, Sendable {
  package var docker: Bool
  package var brNetfilterExempt: Bool
  package var firewalldZone: String?
  package var ufw: Bool
  package var networkManagerUnmanaged: Bool
  package var networkdUnmanaged: Bool
  package var written: [String: SourcePosition]
}

package struct DHCP: Hashable, Sendable {
  package var range: [ClosedRange<IPAddress>]
  /// Seconds.
  package var lease: Int
  package var router: IPAddress?
  package var dns: [IPAddress]
  package var ntp: [IPAddress]
  package var domain: String?
  package var bootFile: String?
  package var bootServer: String?
}

package struct DNS: Hashable, Sendable {
  package var domain: String?
  package var hosts: [String: [IPAddress]]
  package var upstream: [IPAddress]
}

// MARK: VMs

package struct VM: Hashable, Sendable {
  package var name: String
  package var was: String?
  package var position: SourcePosition?
  package var vmm: VMM
  package var owner: Owner?
  package var netns: Sourced<String>?
  /// Where this VM came from a `count`: the stanza's name, for folding alike lines.
  package var stanza: String?
  /// Its number within the stanza, 1 … N.
  package var number: Int?
  package var allow: [RiskAcceptance]
  /// Sorted by name.
  package var nics: [NIC]
}

package enum VMM: String, Hashable, Sendable, CaseIterable {
  case qemu, firecracker
  case cloudHypervisor = "cloud-hypervisor"
  case crosvm, libvirt
}

/// Who may open a TAP. Names are looked up on the host, at plan time.
package struct Owner: Hashable, Sendable {
  package var user: Sourced<Account>?
  package var group: Sourced<Account>?

  package enum Account: Hashable, Sendable {
    case name(String)
    case id(UInt32)
  }
}

package enum Mode: String, Hashable, Sendable, CaseIterable { case shared, tap, bridged, dedicated }

package enum Via: String, Hashable, Sendable, CaseIterable {
  case nat, user, passt  // shared
  case tap, vde, vmm  // tap (vmm: bridged too)
  case bridge, macvtap  // bridged (macvtap: dedicated too)
  case vfio, sriov, netns  // dedicated
}

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
  package var macvtapMode: String?
  package var hostAccess: Bool
  /// nil = auto.
  package var vf: Int?
  package var handOver: Via
  package var trust: Bool?
  package var linkState: String?
  package var qos: Int?
  package var socket: String?
  package var hostLoopback: IPAddress?
  package var allow: [RiskAcceptance]
  /// Keys that the file writes out for this NIC (or for its VM or as a default), with their places.
  package var written: [String: SourcePosition]

  /// `VM/NIC`, as the command line names it.
  package var id: String { "\(vm)/\(name)" }
}

package enum DeviceName: Hashable, Sendable {
  case written(LinkName)
  /// `preferred` where no foreign link has it, else `fallback` (a readable stem and a hash).
  case derived(preferred: LinkName, fallback: LinkName)
  /// `via: vmm`: the name the VM software will give.
  case pattern(String)
}

package enum AntiSpoofCheck: String, Hashable, Sendable, CaseIterable { case mac, address, dhcp, router }

package struct Forward: Hashable, Sendable {
  package enum Transport: String, Hashable, Sendable {
    case tcp, udp
    case both = "tcp+udp"
  }
  package var transport: Transport
  /// nil = every address of the host.
  package var listen: IPAddress?
  package var ports: ClosedRange<UInt16>
  package var to: ClosedRange<UInt16>
  package var from: [IPPrefix]
  package var position: SourcePosition?
}
