/// The mode of a NIC as the host itself shows it, for `status` without a configuration.
///
/// A TAP carries its bridge, and a table of ours says whose packets leave with the host's address.
struct StatusMode {
  private var prefixes: [LinkName: Set<IPPrefix>] = [:]
  /// By the name of the configuration.
  private var translated: [Substring: Set<IPPrefix>] = [:]

  init(_ state: State) {
    for address in state.addresses where address.origin == Ownership.origin {
      prefixes[address.link, default: []].insert(address.local.prefix)
    }
    for route in state.routes where route.origin == Ownership.origin {
      for link in route.links { prefixes[link, default: []].insert(route.id.destination) }
    }
    for table in state.tables where table.id.family == .inet {
      guard let owner = table.id.owner else { continue }
      let sets = AddressFamily.allCases.flatMap { ["nat-\($0.shortName)", "source-\($0.shortName)"] }
      for key in sets.compactMap({ table[set: $0] }).flatMap(\.elements.keys) {
        if let prefix = IPInterface(key)?.prefix { translated[owner, default: []].insert(prefix) }
      }
    }
  }

  /// What the configuration `owner` made of a TAP.
  func mode(of tap: Link, owner: Substring) -> Mode {
    if tap.kind == .macvtap { return tap.macvtap.mode == .passthru ? .dedicated : .bridged }
    let place = tap.master?.name ?? tap.name
    let isTranslated = !(prefixes[place] ?? []).isDisjoint(with: translated[owner] ?? [])
    return isTranslated ? .shared : tap.master?.name == nil ? .tap : .bridged
  }
}
