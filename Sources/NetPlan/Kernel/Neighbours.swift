internal import Netlink

extension LinuxHost {
  /// What a bridge has learned of its neighbours is passed on to the hardware that gets its traffic back.
  ///
  /// While the hardware is still a port, answers to its own questions arrive at the bridge and are lost to it, and the
  /// kernel asks again only after a second. Nothing depends on it: neighbours are learned anew, only later.
  mutating func introduceNeighbours(_ batch: Batch) {
    let bridges = Set(batch.steps.flatMap { $0.change.before?.links ?? [] }).filter { uplinks[$0] != nil }
    guard !bridges.isEmpty, let known = try? socket.dumpNeighbours() else { return }
    var requests = Netlink.Batch()
    for bridge in bridges {
      guard let port = uplinks[bridge], let from = try? links.index(bridge), let to = try? links.index(port)
      else { continue }
      // NUD_REACHABLE, NUD_STALE, NUD_DELAY, NUD_PROBE of linux/neighbour.h
      for neighbour in known where neighbour.index == Int32(from) && neighbour.state & 0x1e != 0 {
        var copy = NeighbourMessage(family: neighbour.family, index: Int32(to))
        copy.destination = neighbour.destination
        copy.linkAddress = neighbour.linkAddress
        copy.state = 0x04
        requests.add("introduce a neighbour to \(port)", .replace, copy)
      }
    }
    if !requests.isEmpty { _ = socket.transact(requests) }
  }
}
