import NetPlan

extension RandomRequest {
  private static let interfaces = ["v0", "v1", "v2"].map { LinkName($0)! }

  /// Makes a VLAN interface, or changes one that is there.
  mutating func stacking(_ kernel: SimulatedKernel) -> [Request] {
    let name = vlans.pick(Self.interfaces)
    guard let before = kernel.links[name] else { return creation(name) }
    var after = before
    switch vlans.below(5) {
    case 0: after.mtu = vlans.pick([1300, 1500, 9000])
    case 1: after.mac = MACAddress(bits: 0x0200_0000_aa00 | UInt64(vlans.below(3)))
    case 2:
      var address = Address(
        link: name, local: IPInterface(.v4(10, 9, UInt8(vlans.below(3)), 1), length: 24)!)
      address.origin = 214
      return [.addAddress(address, replacing: false)]
    case 3: return [.deleteLinks([name])]
    default: after.up = vlans.chance(75)
    }
    return [.set(before, after)]
  }

  private mutating func creation(_ name: LinkName) -> [Request] {
    var link = Link(name: name, kind: .vlan)
    link.vlan = Link.VLAN(UInt16(vlans.pick([10, 20])), on: vlans.pick(Self.names))
    if vlans.chance(70) { link.mac = MACAddress(bits: 0x0200_0000_ab00 | UInt64(vlans.below(3))) }
    var named = link
    named.alias = "vnet:lab/x"
    return [.createLink(link), .set(link, named)]
  }
}
