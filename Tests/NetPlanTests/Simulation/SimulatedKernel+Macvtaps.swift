import Glibc
import NetPlan

/// Macvtaps and macvlans (drivers/net/macvlan.c, macvtap.c): stations on an interface, whose receiving they share.
extension SimulatedKernel {
  /// `macvlan_common_newlink`; the node and its owner are the host's doing, in the same step.
  mutating func addMacvtap(_ link: Link) throws(Refusal) {
    guard let name = link.macvtap.link, let below = links[name] else { throw Refusal(ENODEV) }
    // A bridge has what it receives (`netdev_rx_handler_register`).
    if below.master?.name != nil { throw Refusal(EBUSY) }
    let others = macvtaps(on: name)
    if !others.isEmpty, link.macvtap.mode == .passthru || links[others[0]]!.macvtap.mode == .passthru {
      throw Refusal(EINVAL)
    }
    var bare = Link(name: link.name, kind: link.kind)
    bare.macvtap = link.macvtap
    if link.kind == .macvtap {
      bare.macvtap.allMulticast = false
      bare.tap = link.tap
      bare.tap.group = link.tap.group ?? Link.TAP.Account.none
    }
    // `eth_hw_addr_inherit`: one that takes all has the address of what it stands on.
    bare.mac = link.macvtap.mode == .passthru ? below.mac : link.mac
    bare.mtu = below.mtu
    bare.facts = LinkFacts()
    bare.facts?.lower = name
    add(bare)
  }

  /// `macvlan_changelink`
  mutating func setMode(_ name: LinkName, _ mode: MacvtapMode) throws(Refusal) {
    guard (links[name]!.macvtap.mode == .passthru) == (mode == .passthru) else { throw Refusal(EINVAL) }
    links[name]!.macvtap.mode = mode
  }

  /// What a macvtap takes whole has one address with it, whichever is told.
  mutating func setMACs(with name: LinkName, _ mac: MACAddress) {
    let below = links[name]!.macvtap.mode == .passthru ? links[name]!.macvtap.link! : name
    for link in [below] + macvtaps(on: below) where link == below || links[link]!.macvtap.mode == .passthru {
      links[link]!.mac = mac
    }
  }

  func macvtaps(on name: LinkName) -> [LinkName] {
    links.values.filter { $0.macvtap.link == name }.map(\.name).sorted()
  }
}
