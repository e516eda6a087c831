// What the firewalls of others do to guests, and the rules of ours that let guests pass them.

extension Composer {
  mutating func coexist(_ ways: [GuestWay]) {
    if let chains = host.facts.firewalls {
      let zones = Dictionary(
        target.wanted.zones.map { ($0.interface, $0.zone) }, uniquingKeysWith: { first, _ in first })
      let firewalls = Firewalls(chains).with(zones: zones)
      let openings = openings(in: firewalls, ways)
      for (chain, list) in openings {
        let id = PassageID(chain: chain, name: topology.name)
        target.want(.passage(Passage(id: id, rules: list.map(\.text))), because: "coexist")
      }
      noticeDrops(firewalls.with(openings), ways)
    }
    for passage in observed.passages
    where passage.id.name == topology.name && target.wanted[.passage(passage.id)] == nil {
      target.drop(.passage(passage.id), because: "coexist")
    }
  }

  // MARK: Bridges of guests

  /// Bridges on which guests of this file are, by the families whose frames the hooks of routed packets see.
  private func bridged(_ family: AddressFamily) -> [LinkName] {
    guard (family == .ipv4 ? host.facts.bridgeNetfilterIPv4 : host.facts.bridgeNetfilterIPv6) == true else {
      return []
    }
    return guestBridges.map(\.name)
  }

  private var guestBridges: [Link] {
    let names = Set(guestNICs.compactMap { $0.network?.value })
    return topology.networks.compactMap { names.contains($0.name) ? bridges[$0.name] : nil }
      .filter { $0.name.text.utf8.allSatisfy(Name.isLetter) }
  }

  // MARK: Remedies

  private func openings(in firewalls: Firewalls, _ ways: [GuestWay]) -> [ChainID: [Opening]] {
    var openings: [ChainID: [Opening]] = [:]
    if topology.coexist.docker {
      for chain in firewalls.named(Self.dockerUser) { open(chain, ways, &openings) }
    }
    if topology.coexist.ufw {
      for name in ["ufw-user-forward", "ufw6-user-forward"] {
        for chain in firewalls.named(name) { open(chain, ways, &openings) }
      }
      for name in ["ufw-user-input", "ufw6-user-input"] {
        for chain in firewalls.named(name) { serve(chain, ways, &openings) }
      }
    }
    if topology.coexist.brNetfilterExempt { exempt(firewalls, &openings) }
    return openings
  }

  static let dockerUser = "DOCKER-USER"

  /// What guests may reach, and who may reach them, is for our own table to say: it has to accept the packet as well.
  private func open(_ chain: ChainID, _ ways: [GuestWay], _ openings: inout [ChainID: [Opening]]) {
    for way in ways
    where (way.leaves || way.isEntered || way.isForwardedTo) && way.families.contains(where: chain.sees) {
      openings[chain, default: []] += [Opening(from: way.link), Opening(to: way.link)]
    }
  }

  private func serve(_ chain: ChainID, _ ways: [GuestWay], _ openings: inout [ChainID: [Opening]]) {
    for way in ways {
      for service in way.services where chain.sees(service.family) {
        openings[chain, default: []].append(
          Opening(from: way.link, transport: service.transport, port: service.port))
      }
    }
  }

  /// `br_netfilter` cannot be told to leave one bridge alone (`br_nf_pre_routing` asks for the namespace's setting *or*
  /// the bridge's), so what it hands on is accepted where it would be dropped.
  private func exempt(_ firewalls: Firewalls, _ openings: inout [ChainID: [Opening]]) {
    for family in AddressFamily.allCases {
      for base in firewalls.bases(on: "forward", family) {
        let anchor =
          [Self.dockerUser, "ufw-user-forward", "ufw6-user-forward"].lazy
          .compactMap { firewalls.has($0, beside: base.id) }.first ?? base.id
        for link in bridged(family) where firewalls.with(openings).drops(base, .bridged(link, family)) {
          openings[anchor, default: []].append(Opening(from: link, to: link))
        }
      }
    }
  }

  // MARK: Notices

  private mutating func noticeDrops(_ firewalls: Firewalls, _ ways: [GuestWay]) {
    let drops = firewalls.bases.flatMap { base -> [FirewallDrop] in
      switch (base.id.family, base.hook) {
      case (.bridge, "forward"): [framesDropped(by: base, firewalls)]
      case (.bridge, _): []
      case (_, "forward"): routedDropped(by: base, firewalls, ways) + [bridgedDropped(by: base, firewalls)]
      default: [servedDropped(by: base, firewalls, ways)]
      }
    }
    target.risks += drops.filter { !$0.links.isEmpty }.map { $0.notice(firewalls, topology.coexist) }
  }

  private func routedDropped(
    by base: ForeignChain, _ firewalls: Firewalls, _ ways: [GuestWay]
  ) -> [FirewallDrop] {
    func drops(_ way: GuestWay, _ packet: (LinkName, AddressFamily) -> Firewalls.Packet) -> Bool {
      way.families.contains { base.id.sees($0) && firewalls.drops(base, packet(way.link, $0)) }
    }
    let leaving = ways.filter { $0.leaves && drops($0, Firewalls.Packet.leaving) }
    let entering = ways.filter { way in
      way.isEntered && drops(way, Firewalls.Packet.entering)
        || way.isForwardedTo && drops(way, Firewalls.Packet.forwarded)
    }
    return [
      FirewallDrop(base, .leaving, leaving.map(\.link)),
      FirewallDrop(base, .entering, entering.map(\.link)),
    ]
  }

  private func bridgedDropped(by base: ForeignChain, _ firewalls: Firewalls) -> FirewallDrop {
    let dropped = guestBridges.map(\.name).filter { link in
      AddressFamily.allCases.contains { family in
        base.id.sees(family) && bridged(family).contains(link)
          && firewalls.drops(base, .bridged(link, family))
      }
    }
    return FirewallDrop(base, .bridged, dropped)
  }

  private func servedDropped(
    by base: ForeignChain, _ firewalls: Firewalls, _ ways: [GuestWay]
  ) -> FirewallDrop {
    let deaf = ways.filter { way in
      way.services.contains { service in
        base.id.sees(service.family) && firewalls.drops(base, .toHost(way.link, service))
      }
    }
    return FirewallDrop(base, .served, deaf.map(\.link))
  }

  private func framesDropped(by base: ForeignChain, _ firewalls: Firewalls) -> FirewallDrop {
    let ports =
      filtered.compactMap { nic, tap in nic.network.map { (bridges[$0.value]?.name, tap.text) } }
      + named.map { ($0.bridge, $0.name.example) }
    let dropped = guestBridges.filter { bridge in
      ports.contains { place, port in
        place == bridge.name
          && firewalls.drops(base, [.iifname: port, .ibrname: bridge.name.text])
      }
    }
    return FirewallDrop(base, .frames, dropped.map(\.name))
  }
}

extension Firewalls.Packet {
  static func leaving(_ link: LinkName, _ family: AddressFamily) -> Self {
    [.iifname: link.text, .nfproto: family.word]
  }

  static func entering(_ link: LinkName, _ family: AddressFamily) -> Self {
    [.oifname: link.text, .nfproto: family.word]
  }

  /// Sent to an address of the host, which has been replaced by the guest's by then.
  static func forwarded(_ link: LinkName, _ family: AddressFamily) -> Self {
    entering(link, family).merging([.ctstatus: "dnat"]) { $1 }
  }

  /// From port to port of a bridge: both interfaces are the bridge (`br_nf_forward_ip`, net/bridge/br_netfilter_hooks.c).
  static func bridged(_ link: LinkName, _ family: AddressFamily) -> Self {
    [.iifname: link.text, .oifname: link.text, .nfproto: family.word]
  }

  static func toHost(
    _ link: LinkName, _ service: GuestWay.Service
  ) -> Self {
    [
      .iifname: link.text, .nfproto: service.family.word, .l4proto: service.transport,
      .dport: String(service.port),
    ]
  }
}

extension ChainID {
  /// Whether packets of the family pass chains of this one.
  fileprivate func sees(_ family: AddressFamily) -> Bool {
    switch self.family {
    case .inet: true
    case .ip: family == .ipv4
    case .ip6: family == .ipv6
    case .bridge: false
    }
  }
}

extension AddressFamily {
  /// As nft writes `meta nfproto`.
  fileprivate var word: String { self == .ipv4 ? "ipv4" : "ipv6" }
}
