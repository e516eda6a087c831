import Glibc
import NetPlan

/// Nexthop objects (net/ipv4/nexthop.c).
extension SimulatedKernel {
  mutating func addNexthop(_ wanted: NexthopObject, replacing: Bool) throws(Refusal) {
    if let there = nexthops[wanted.id] {
      guard replacing else { throw Refusal(EEXIST) }
      guard there.group.isEmpty == wanted.group.isEmpty else { throw Refusal(EINVAL) }
    }
    for member in wanted.group {
      guard let there = nexthops[member.id], there.group.isEmpty else { throw Refusal(EINVAL) }
    }
    if let name = wanted.link {
      let link = try require(name)
      guard link.up == true, hasCarrier(link) else { throw Refusal(ENETDOWN) }
      let way = Nexthop(gateway: wanted.gateway, link: name, onlink: wanted.onlink)
      if let gateway = wanted.gateway, !isReachable(gateway, by: way) {
        throw Refusal(gateway.family == .ipv4 ? ENETUNREACH : EHOSTUNREACH)
      }
    }
    var new = wanted
    new.origin = wanted.origin ?? 0
    nexthops[wanted.id] = new
  }

  /// With it go its places in groups, the groups that have no other member, and the routes that name one that goes.
  mutating func deleteNexthop(_ id: UInt32) throws(Refusal) {
    guard nexthops.removeValue(forKey: id) != nil else { throw Refusal(ENOENT) }
    routes.removeAll { $0.nexthopID == id }
    for (other, group) in nexthops where group.group.contains(where: { $0.id == id }) {
      nexthops[other]!.group.removeAll { $0.id == id }
      if nexthops[other]!.group.isEmpty { try deleteNexthop(other) }
    }
  }

  /// Those of links that are gone, down or without a carrier go (`nexthop_flush_dev`).
  mutating func flushNexthops() {
    for nexthop in nexthops.values {
      guard let name = nexthop.link else { continue }
      if let link = links[name], link.up == true, hasCarrier(link) { continue }
      try? deleteNexthop(nexthop.id)
    }
  }
}
