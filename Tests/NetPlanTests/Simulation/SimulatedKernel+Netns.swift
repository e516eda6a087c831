import Glibc
import NetPlan

extension SimulatedKernel {
  /// The other end of a veth, bare: `veth_newlink` makes both or none.
  mutating func createEnd(of link: Link) throws(Refusal) {
    guard let name = link.veth.netns, let peer = link.veth.peer else { return }
    guard let netns = netnses[name], netns.state == .mounted else { throw Refusal(ENOENT) }
    if netns.objects.contains(where: { $0.link?.name == peer }) { throw Refusal(EEXIST) }
    var end = Link(name: peer, kind: .veth)
    end.up = false
    netnses[name] = Netns(name: name, owner: netns.owner, objects: netns.objects + [.link(end)])
  }

  /// An end of a veth is there, or nothing inside makes it. With the namespace go all ends in it (`default_device_exit_batch`,
  /// net/core/dev.c), and so the others of each.
  mutating func setNetns(_ name: String, _ wanted: Netns?) throws(Refusal) {
    let ends = links.values.filter { $0.veth.netns == name }
    guard let wanted, wanted.state == .mounted else {
      for end in ends { try delete(end.name) }
      netnses[name] = wanted
      return
    }
    let there = Set((netnses[name]?.objects ?? []).compactMap(\.link?.name))
    for case .link(let link) in wanted.objects where link.kind == .veth && !there.contains(link.name) {
      throw Refusal(ENODEV)
    }
    netnses[name] = wanted
    let kept = Set(wanted.objects.compactMap(\.link?.name))
    for end in ends where end.veth.peer.map({ !kept.contains($0) }) ?? false { try delete(end.name) }
  }
}
