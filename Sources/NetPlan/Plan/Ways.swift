/// By which hardware the host of a state talks to whom.
///
/// A way is that of the main table, or the subnet of an address; policy rules are not followed.
struct Ways {
  /// Where frames leave the host, or reach a guest: a link that stands on no other, and the tag they bear there.
  struct Wire: Hashable {
    var link: LinkName
    var vlan: UInt16?
  }

  private let state: State
  private let ports: [LinkName: [Link]]

  init(_ state: State) {
    self.state = state
    ports = Dictionary(grouping: state.links.filter { $0.master?.name != nil }) { $0.master!.name! }
  }

  /// The links that have an address.
  func links(of local: IPAddress) -> [LinkName] {
    state.addresses.filter { $0.local.address == local }.map(\.link)
  }

  /// The links by which the host sends to `remote`: the longest prefix, then the lowest metric. None where it has no way.
  func links(to remote: IPAddress) -> [LinkName] {
    var best: (length: Int, metric: UInt32, links: [LinkName])?
    func consider(_ prefix: IPPrefix, _ metric: UInt32, _ links: [LinkName]) {
      guard prefix.contains(remote) else { return }
      if let there = best, there.length == prefix.length, there.metric == metric {
        best?.links += links
      } else if best.map({ (prefix.length, $0.metric) > ($0.length, metric) }) ?? true {
        best = (prefix.length, metric, links)
      }
    }
    for address in state.addresses where address.flags?.contains(.noPrefixRoute) != true {
      let subnet = IPInterface(address.peer ?? address.local.address, length: address.local.length)!.prefix
      // IP6_RT_PRIO_ADDRCONF of net/ipv6_route.h
      let usual: UInt32 = subnet.family == .ipv4 ? 0 : 256
      consider(subnet, address.metric.flatMap { $0 == 0 ? nil : $0 } ?? usual, [address.link])
    }
    // RT_TABLE_MAIN of linux/rtnetlink.h
    for route in state.routes where route.id.table == 254 {
      consider(route.id.destination, route.id.metric, route.kind == .unicast ? state.links(of: route) : [])
    }
    return best?.links ?? []
  }

  func wires(of links: [LinkName]) -> Set<Wire> { Set(links.flatMap { wires(of: $0) }) }

  /// Where frames of a link go that bear `tag` on it, or none.
  private func wires(of name: LinkName, tagged tag: UInt16? = nil) -> [Wire] {
    guard let link = state.link(name), link.up != false, link.netns == nil, link.vfio == nil else {
      return []
    }
    switch link.kind {
    case .vlan where tag == nil:
      return (link.vlan.link ?? link.facts?.lower).map { wires(of: $0, tagged: link.vlan.id) } ?? []
    case .macvlan:
      return link.facts?.lower.map { wires(of: $0, tagged: tag) } ?? [Wire(link: name, vlan: tag)]
    case .bridge:
      let members = ports[name] ?? []
      // Where there is hardware, whoever is elsewhere comes by that, and not by a guest.
      let hardware = members.filter { !$0.isForVM }
      return (hardware.isEmpty ? members : hardware).flatMap { port -> [Wire] in
        guard link.bridge.vlanFiltering == true else { return wires(of: port.name, tagged: tag) }
        guard let inside = link.vlans?.first(where: { tag == nil ? $0.pvid : $0.id == tag })?.id,
          let member = port.vlans?.first(where: { $0.id == inside })
        else { return [] }
        return wires(of: port.name, tagged: member.untagged ? nil : inside)
      }
    default: return [Wire(link: name, vlan: tag)]
    }
  }
}
