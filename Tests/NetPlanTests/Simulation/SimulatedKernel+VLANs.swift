import Glibc
import NetPlan

/// VLAN interfaces (net/8021q/): one for each VLAN of a link, with which it goes, and goes up and down.
extension SimulatedKernel {
  /// `vlan_newlink` and `register_vlan_dev`
  mutating func stack(_ link: Link) throws(Refusal) {
    // Of what is not there not even the kernel is asked.
    guard let name = link.vlan.link, let below = links[name] else { throw Refusal(ENODEV) }
    guard features.vlanInterfaces else { throw Refusal(EOPNOTSUPP) }
    guard !links.values.contains(where: { $0.vlan == link.vlan }) else { throw Refusal(EEXIST) }
    if let mtu = link.mtu, mtu > below.mtu! { throw Refusal(EINVAL) }
    var bare = Link(name: link.name, kind: .vlan)
    bare.vlan = link.vlan
    bare.mac = link.mac ?? below.mac
    bare.mtu = link.mtu ?? below.mtu
    bare.facts = LinkFacts()
    bare.facts?.lower = name
    if link.mac == nil { inheriting.insert(link.name) }
    add(bare)
  }

  func stack(on name: LinkName) -> [LinkName] {
    links.values.filter { $0.vlan.link == name }.map(\.name).sorted()
  }

  /// `NETDEV_CHANGEMTU` of `vlan_device_event`: never above the interface below.
  mutating func lowerMTU(on name: LinkName) {
    for upper in stack(on: name) + macvtaps(on: name) where links[upper]!.mtu! > links[name]!.mtu! {
      links[upper]!.mtu = links[name]!.mtu
    }
  }

  /// An address that was not set by hand follows that of the interface below (`vlan_dev_inherit_address`).
  mutating func setMAC(_ name: LinkName, _ mac: MACAddress) {
    setMACs(with: name, mac)
    inheriting.remove(name)
    for upper in stack(on: name) where inheriting.contains(upper) { links[upper]!.mac = mac }
  }
}
