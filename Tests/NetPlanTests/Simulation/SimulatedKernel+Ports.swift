import Glibc
import NetPlan

// What only a port of a bridge has.

extension SimulatedKernel {
  mutating func setPort(_ name: LinkName, _ port: Link.Port) throws(Refusal) {
    guard try require(name).master?.name != nil else { throw Refusal(EOPNOTSUPP) }
    links[name]!.port.set(port)
  }

  mutating func removeVLANs(_ name: LinkName, _ gone: [PortVLAN]) throws(Refusal) {
    try requireVLANs(name)
    links[name]!.vlans!.removeAll { vlan in gone.contains { $0.id == vlan.id } }
  }

  mutating func addVLANs(_ name: LinkName, _ new: [PortVLAN]) throws(Refusal) {
    try requireVLANs(name)
    var vlans = links[name]!.vlans!.filter { vlan in !new.contains { $0.id == vlan.id } }
    // There is one PVID: the last one set.
    if new.contains(where: \.pvid) { for index in vlans.indices { vlans[index].pvid = false } }
    links[name]!.vlans = (vlans + new).sorted()
  }

  private func requireVLANs(_ name: LinkName) throws(Refusal) {
    guard try require(name).vlans != nil, features.vlanFiltering else { throw Refusal(EOPNOTSUPP) }
  }
}

extension Link.Port {
  static let alone = {
    var port = Link.Port()
    port.isolated = true
    return port
  }()

  mutating func set(_ other: Link.Port) {
    isolated = other.isolated ?? isolated
    groupForwardMask = other.groupForwardMask ?? groupForwardMask
  }
}
