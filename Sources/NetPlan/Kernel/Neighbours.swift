internal import Netlink

extension LinuxHost {
  /// What a link has learned of its neighbours is passed on to the one that takes its traffic over: to the bridge that
  /// hardware joins, and to the hardware that gets its traffic back.
  ///
  /// On the way back, while the hardware is still a port, answers to its own questions arrive at the bridge and are lost
  /// to it; on the way in, an answer may come while the port does not forward yet; and the kernel asks again only after a
  /// second. Nothing depends on it: neighbours are learned anew, only later.
  mutating func introduceNeighbours(_ successors: [(LinkName, LinkName)]) {
    guard !successors.isEmpty, let known = try? socket.dumpNeighbours() else { return }
    var requests = Netlink.Batch()
    for (old, new) in successors {
      guard let from = try? links.index(old), let to = try? links.index(new) else { continue }
      // NUD_REACHABLE, NUD_STALE, NUD_DELAY, NUD_PROBE of linux/neighbour.h
      for neighbour in known where neighbour.index == Int32(from) && neighbour.state & 0x1e != 0 {
        var copy = NeighbourMessage(family: neighbour.family, index: Int32(to))
        copy.destination = neighbour.destination
        copy.linkAddress = neighbour.linkAddress
        copy.state = 0x04
        requests.add("introduce a neighbour to \(new)", .replace, copy)
      }
    }
    if !requests.isEmpty { _ = socket.transact(requests) }
  }

  /// Links of which hardware or its bridge takes over what the host has there, each with that.
  func successors(in batch: Batch) -> [(LinkName, LinkName)] {
    batch.steps.compactMap { step -> (LinkName, LinkName)? in
      guard let before = step.change.before?.link, let after = step.change.after?.link, before.owner == nil,
        before.kind != .tap, before.master?.name != after.master?.name
      else { return nil }
      if let bridge = after.master?.name { return (before.name, bridge) }
      return before.master?.name.map { ($0, after.name) }
    }
  }
}
