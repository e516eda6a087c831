internal import Netlink

extension LinuxHost {
  /// What a link has learned of its neighbours is passed on to the one that takes its traffic over: to the bridge that
  /// hardware joins, and to the hardware that gets its traffic back. What has been passed on, with the link that it came
  /// from.
  ///
  /// On the way back, while the hardware is still a port, answers to its own questions arrive at the bridge and are lost
  /// to it; on the way in, an answer may come while the port does not forward yet; and the kernel asks again only after a
  /// second. Nothing depends on it: neighbours are learned anew, only later.
  mutating func introduceNeighbours(
    _ successors: [(LinkName, LinkName)]
  ) -> [LinkName: [NeighbourMessage]] {
    guard !successors.isEmpty, let known = try? socket.dumpNeighbours() else { return [:] }
    var requests = Netlink.Batch()
    var introduced: [LinkName: [NeighbourMessage]] = [:]
    for (old, new) in successors {
      guard let from = try? links.index(old), let to = try? links.index(new) else { continue }
      // NUD_REACHABLE, NUD_STALE, NUD_DELAY, NUD_PROBE of linux/neighbour.h
      introduced[old] = known.filter { $0.index == Int32(from) && $0.state & 0x1e != 0 }
      requests.addNeighbours(introduced[old]!, to: new, Int32(to))
    }
    if !requests.isEmpty { _ = socket.transact(requests) }
    return introduced
  }

  /// With its last port a bridge loses its carrier, and with that what it has learned (`neigh_carrier_down`), while there
  /// are still packets to be sent by it: those that wait for an answer then would be lost with its addresses.
  mutating func remindOfNeighbours(_ introduced: [LinkName: [NeighbourMessage]]) {
    var requests = Netlink.Batch()
    for (link, neighbours) in introduced where !neighbours.isEmpty {
      requests.addSettling(of: link)
      requests.addNeighbours(neighbours, to: link, neighbours[0].index)
    }
    if !requests.isEmpty { _ = socket.transact(requests) }
  }

  /// Links of which hardware, its bridge or a macvlan on it takes over what the host has there, each with that.
  func successors(in batch: Batch) -> [(LinkName, LinkName)] {
    var known: Set<[LinkName]> = []
    return (portsMoved(in: batch) + routesMoved(in: batch)).filter { known.insert([$0.0, $0.1]).inserted }
  }

  /// Routes of the host follow it; those of ours lead to whom the file says, who may be somebody else there.
  private func routesMoved(in batch: Batch) -> [(LinkName, LinkName)] {
    batch.steps.compactMap { step in
      guard step.change.before?.origin != Ownership.origin,
        let old = step.change.before?.route?.links, let new = step.change.after?.route?.links,
        old.count == 1, new.count == 1, old != new
      else { return nil }
      return (old[0], new[0])
    }
  }

  private func portsMoved(in batch: Batch) -> [(LinkName, LinkName)] {
    batch.steps.compactMap { step -> (LinkName, LinkName)? in
      guard let before = step.change.before?.link, let after = step.change.after?.link, before.owner == nil,
        before.kind != .tap, before.master?.name != after.master?.name
      else { return nil }
      if let bridge = after.master?.name { return (before.name, bridge) }
      return before.master?.name.map { ($0, after.name) }
    }
  }
}

extension Netlink.Batch {
  fileprivate mutating func addNeighbours(_ neighbours: [NeighbourMessage], to link: LinkName, _ index: Int32)
  {
    for neighbour in neighbours {
      var copy = NeighbourMessage(family: neighbour.family, index: index)
      copy.destination = neighbour.destination
      copy.linkAddress = neighbour.linkAddress
      // NUD_STALE
      copy.state = 0x04
      add("introduce a neighbour to \(link)", .replace, copy)
    }
  }
}
