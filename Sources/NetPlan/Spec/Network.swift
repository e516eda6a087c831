package struct Network: Hashable, Sendable {
  package var name: String
  package var was: String?
  package var position: SourcePosition?
  /// The bridge (for `existing`, the foreign one; for a port group, the VLAN interface).
  package var device: LinkName
  /// The interface with the host's addresses: `device`, or with `host: {vlan}` a VLAN interface of that bridge.
  package var hostDevice: LinkName
  package var segment: Segment
  package var host: HostPresence
  /// Written in the file.
  package var mac: MACAddress?
  /// Used where nothing is written and there is no uplink to take it from.
  package var derivedMAC: MACAddress
  /// Where the search for a subnet begins if none is written.
  package var derivedSubnet: UInt64
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
  /// Who has which address there the host says; on the LAN of an uplink others do.
  package var assigns: Bool
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

extension Network {
  /// The host has an address there, known now or chosen later.
  package var hasAddress: Bool { automaticAddress || !addresses.isEmpty }

  /// A port group, and the network of which it is one VLAN.
  package var portGroup: (network: String, vlan: Int)? {
    if case .portGroup(let network, let vlan) = segment { (network, vlan) } else { nil }
  }

  /// The VLAN in which the host is by an interface of its own; nil where it is on the bridge itself, or nowhere.
  package var hostVLAN: Int? {
    if let portGroup { return hasAddress ? portGroup.vlan : nil }
    return if case .stated(let vlan) = host { vlan } else { nil }
  }
}

extension Topology {
  package var hasVLANInterfaces: Bool { networks.contains { $0.hostVLAN != nil } }

  /// VM software makes ports of which only the beginning of the name is known.
  package var hasPortPatterns: Bool {
    vms.contains {
      $0.nics.contains { if case .pattern(let text) = $0.device { PortName(text).isPattern } else { false } }
    }
  }

  package var hasAssigned: Bool { vms.contains { $0.nics.contains { $0.via == .vfio || $0.via == .sriov } } }

  package var hasMacvtaps: Bool {
    vms.contains { $0.nics.contains { $0.via == .macvtap || $0.isHanded(over: .macvtap) } }
  }
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

package enum HostReach: String, Hashable, Sendable, CaseIterable { case all, basic, none }

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
  /// nil = the host's own, those of resolv.conf(5).
  package var upstream: [IPAddress]?
}
