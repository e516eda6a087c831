extension State {
  /// This state once `changes`, a plan made for it, are done and nothing else happens: what the kernel drops of its own
  /// accord is among them (`Cascades`), and what it gives a new link is filled in here.
  package func after(_ changes: [Change]) -> State {
    var names: [LinkName: LinkName] = [:]
    var made: Set<LinkName> = []
    var gone: Set<LinkName> = []
    for change in changes {
      switch (change.before?.link, change.after?.link) {
      case (let old?, let new?):
        if old.name != new.name { names[old.name] = new.name }
        if change.action == .replace { made.insert(new.name) }
      case (nil, let new?): made.insert(new.name)
      case (let old?, nil): gone.insert(old.name)
      case (nil, nil): break
      }
    }
    var state = renamed(names)
    for change in changes {
      if let before = change.before { state[before.renamed(names).id] = nil }
    }
    state.dropSettings(of: gone.union(made))
    for name in made { state.addUsualSettings(of: name) }
    for change in changes {
      switch change.after {
      case nil: continue
      case .link(let link)?: state.insert(.link(made.contains(link.name) ? link.asMade : link.settled))
      case .address(var address)?:
        address.metric = address.metric ?? 0
        state.insert(.address(address))
      case let after?: state.insert(after)
      }
    }
    for change in changes { state.join(change) }
    state.order(changes)
    return state
  }

  /// New addresses stand behind those that are there, and those that are put back behind the new ones.
  private mutating func order(_ changes: [Change]) {
    let added = changes.filter { $0.action == .create || $0.action == .replace }.compactMap { change in
      change.after?.address.map { (isBack: change.before != nil, address: $0) }
    }
    if added.isEmpty { return }
    var next = (addresses.compactMap(\.order).max() ?? -1) + 1
    let inTurn = added.sorted { a, b in
      if a.isBack != b.isBack { return b.isBack }
      let (x, y) = (a.address.order ?? Int.max, b.address.order ?? Int.max)
      return x == y ? Object.address(a.address).id < Object.address(b.address).id : x < y
    }
    for (_, new) in inTurn {
      guard var address = self[Object.address(new).id]?.address else { continue }
      address.order = next
      next += 1
      insert(.address(address))
    }
  }

  /// IPv4 forwarding of an interface is an attribute of it and a setting, and one thing to the kernel.
  private mutating func join(_ change: Change) {
    func key(_ link: LinkName) -> SysctlKey { SysctlKey(family: .ipv4, link: link, name: "forwarding") }
    switch change.after {
    case .link(let link)?:
      guard let forwarding = link.forwarding, forwarding != change.before?.link?.forwarding,
        self[.sysctl(key(link.name))] != nil
      else { return }
      insert(.sysctl(Sysctl(key: key(link.name), value: forwarding ? "1" : "0")))
    case .sysctl(let sysctl)?:
      guard let name = sysctl.key.link, sysctl.key == key(name), var link = link(name) else { return }
      link.forwarding = sysctl.value != "0"
      insert(.link(link))
    default: break
    }
  }

  /// Settings come and go with their link.
  private mutating func dropSettings(of links: Set<LinkName>) {
    for (id, object) in objects {
      if case .sysctl(let sysctl) = object, let link = sysctl.key.link, links.contains(link) {
        objects[id] = nil
      }
    }
  }

  /// Those of an interface that plans set, as the host has them for new interfaces, or else as the kernel begins
  /// (`ipv4_devconf_dflt` of net/ipv4/devinet.c, `ipv6_devconf_dflt` of net/ipv6/addrconf.c).
  mutating func addUsualSettings(of link: LinkName) {
    let usual: [(AddressFamily, String, String)] = [
      (.ipv4, "forwarding", "0"), (.ipv4, "route_localnet", "0"), (.ipv6, "accept_ra", "1"),
      (.ipv6, "forwarding", "0"),
      (.ipv6, "force_forwarding", "0"), (.ipv6, "proxy_ndp", "0"),
    ]
    for (family, name, value) in usual {
      let begun = self[.sysctl(SysctlKey(family: family, link: .default, name: name))]?.sysctl?.value
      let key = SysctlKey(family: family, link: link, name: name)
      insert(.sysctl(Sysctl(key: key, value: begun ?? value)))
    }
  }
}

extension Link {
  /// A link that was just made, with what the kernel gives it where nothing is said.
  fileprivate var asMade: Link {
    var usual = Link(name: name, kind: kind)
    usual.altnames = []
    usual.mtu = 1500
    usual.up = false
    usual.master = Link.Master.none
    usual.addressGeneration = .eui64
    usual.forwarding = false
    usual.linkGroup = 0
    switch kind {
    case .bridge: (usual.bridge.stp, usual.bridge.multicastSnooping) = (false, true)
    case .tap:
      (usual.tap.owner, usual.tap.group) = (Link.TAP.Account.none, Link.TAP.Account.none)
      usual.tap.multiQueue = false
    default: break
    }
    return completed(from: usual).settled
  }

  /// What is told of it follows from what it is; a process may hold a TAP that stays.
  fileprivate var settled: Link {
    var link = self
    link.facts?.joinPVID = nil
    if let lower = vlan.link {
      if link.facts == nil { link.facts = LinkFacts() }
      link.facts?.lower = lower
    }
    if link.master?.name != nil {
      link.port.isolated = link.port.isolated ?? false
      link.port.groupForwardMask = link.port.groupForwardMask ?? 0
    }
    return link
  }
}
