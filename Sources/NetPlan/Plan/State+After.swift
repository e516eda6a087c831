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
      guard let after = change.after else { continue }
      if case .link(let link) = after {
        state.insert(.link(made.contains(link.name) ? link.asMade : link.settled))
      } else {
        state.insert(after)
      }
    }
    return state
  }

  /// Settings come and go with their link.
  private mutating func dropSettings(of links: Set<LinkName>) {
    for (id, object) in objects {
      if case .sysctl(let sysctl) = object, let link = sysctl.key.link, links.contains(link) {
        objects[id] = nil
      }
    }
  }

  /// Those of an interface that plans set, with what the kernel begins with (`ipv4_devconf_dflt` of
  /// net/ipv4/devinet.c, `ipv6_devconf_dflt` of net/ipv6/addrconf.c).
  mutating func addUsualSettings(of link: LinkName) {
    let usual: [(AddressFamily, String, String)] = [
      (.ipv4, "route_localnet", "0"), (.ipv6, "accept_ra", "1"), (.ipv6, "forwarding", "0"),
      (.ipv6, "force_forwarding", "0"), (.ipv6, "proxy_ndp", "0"),
    ]
    for (family, name, value) in usual {
      insert(.sysctl(Sysctl(key: SysctlKey(family: family, link: link, name: name), value: value)))
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
