extension Planner {
  /// Whether a change is about the zone of an interface of the chosen guests. They come in by their bridge, too, and it
  /// stays where it is when they go.
  func isSelectedZone(_ change: Change, _ target: Target) -> Bool {
    switch change.id {
    case .zone(let link): return isChosen(link, target, goes: isRelease(link, target))
    case .former(let id):
      guard let link = id.zoneInterface else { return false }
      return isChosen(link, target, goes: isRelease(link, target))
    default: return false
    }
  }

  private func isRelease(_ link: LinkName, _ target: Target) -> Bool {
    guard let former = target.wanted[.former(.zone(of: link))]?.former else { return true }
    return !former.users.contains(topology.name)
  }

  private func isChosen(_ link: LinkName, _ target: Target, goes: Bool) -> Bool {
    guard chosenInterfaces(target).contains(link) else { return false }
    return !goes || (host.state.link(link) ?? target.wanted.link(link))?.isForVM == true
  }
}
