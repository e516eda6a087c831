/// What MAC addresses are derived from besides the names in the file.
package struct Seed: Hashable, Sendable {
  /// /etc/machine-id, machine-id(5); `mac-seed` in the file replaces it.
  package let machineID: String

  package init(machineID: String) { self.machineID = machineID }
}

/// Addresses and names that the file leaves out: the same on every run, another for every NIC.
///
/// A MAC is the head of SHA-256 over `vnet-apply`, a label, the seed and the names, each ended by a zero
/// octet. The machine id itself cannot be read back from it, as machine-id(5) asks.
struct DerivedNames: Hashable, Sendable {
  let configuration: String
  let seed: String

  /// The guest's MAC: locally administered, unicast.
  func guestMAC(vm: String, nic: String) -> MACAddress {
    station(digest("guest", vm, nic) >> 16)
  }

  /// The MAC of the NIC's host side. It starts with `fe`, so that no bridge that takes the lowest MAC of
  /// its ports (`br_stp_recalculate_bridge_id`) takes this one.
  func hostMAC(vm: String, nic: String) -> MACAddress {
    MACAddress(bits: 0xfe << 40 | digest("host", vm, nic) >> 24)
  }

  func bridgeMAC(network: String) -> MACAddress {
    station(digest("bridge", network) >> 16)
  }

  /// Of the host itself, where it is one of several stations on some hardware.
  func stationMAC(on hardware: LinkName) -> MACAddress {
    station(digest("station", hardware.text) >> 16)
  }

  /// `NIC-host` where it fits.
  func station(on hardware: LinkName) -> LinkName {
    let text = "\(hardware)-host"
    return LinkName(text)
      ?? short(text, SHA256.prefix("vnet-apply\0station\0\(configuration)\0\(hardware)\0"))
  }

  /// Any number, the same for the same network: what its automatic subnets are chosen by.
  func subnet(network: String) -> UInt64 { digest("subnet", network) }

  /// `VM-NIC` where it fits, and what stands in for it: six bytes to read and forty bits of hash. The seed
  /// is no part of it: the same file gives the same names on every host.
  func device(vm: String, nic: String) -> (preferred: LinkName, fallback: LinkName) {
    let text = "\(vm)-\(nic)"
    let fallback = device("device", vm: vm, nic: nic)
    return (LinkName(text) ?? fallback, fallback)
  }

  /// Of what a NIC has besides, by a word for it.
  func device(_ part: String, vm: String, nic: String) -> LinkName {
    short("\(vm)-\(nic)", SHA256.prefix("vnet-apply\0\(part)\0\(configuration)\0\(vm)\0\(nic)\0"))
  }

  /// `BRIDGE.N` where it fits, as VLAN interfaces are named by habit.
  func interface(of bridge: LinkName, vlan: Int) -> LinkName {
    let text = "\(bridge).\(vlan)"
    return LinkName(text)
      ?? short(text, SHA256.prefix("vnet-apply\0vlan\0\(configuration)\0\(bridge)\0\(vlan)\0"))
  }

  private func short(_ text: String, _ bits: UInt64) -> LinkName {
    let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    let hash = (0..<8).map { alphabet[Int(bits >> UInt64(59 - 5 * $0)) & 31] }
    let stem = Array(text.utf8.prefix(6))
    return LinkName(kernel: String(decoding: stem + [UInt8(ascii: "-")] + hash, as: UTF8.self))
  }

  private func digest(_ label: String, _ names: String...) -> UInt64 {
    var text = "vnet-apply\0\(label)\0\(seed)\0\(configuration)\0"
    for name in names { text += "\(name)\0" }
    return SHA256.prefix(text)
  }

  /// Sets the local bit and clears the group bit of the first octet.
  private func station(_ bits: UInt64) -> MACAddress {
    MACAddress(bits: bits & ~(1 << 40) | 1 << 41)
  }
}
