// A host that nobody has looked at: for the difference of two configurations, which no host takes part in.

extension Observation {
  /// A host with everything that these configurations ask for and nothing else: the hardware they name, bridges of
  /// others, accounts, programs, a kernel that can do it all. The same for the same configurations, wherever asked.
  package static func assumed(for topologies: [Topology]) -> Observation {
    var facts = HostFacts()
    facts.machineID = ""
    facts.vlanFiltering = true
    facts.vlanInterfaces = true
    facts.ipv6 = true
    facts.forceForwarding = true
    facts.ipv4ForwardsAll = false
    facts.ipv6ForwardsAll = false
    facts.tun = true
    facts.nft = true
    facts.filters = true
    facts.dnsmasq = true
    facts.vde = true
    facts.passt = ["map-host-loopback"]
    facts.macvtaps = true
    facts.deviceNodes = true
    facts.egressFilters = true
    facts.bridgePorts = true
    facts.namespaces = []
    facts.entersNetns = true
    facts.users = AssumedHost.accounts(topologies.flatMap(\.userNames), ["root": 0, "nobody": 65534])
    facts.groups = AssumedHost.accounts(topologies.flatMap(\.groupNames), ["root": 0, "nogroup": 65534])
    facts.zones = Set(topologies.compactMap(\.coexist.firewalldZone)).sorted()
    facts.managers = InterfaceManager.allCases.map { ManagerFacts($0, .installed) }
    var host = AssumedHost()
    for topology in topologies { host.look(at: topology) }
    return Observation(state: host.state, facts: facts)
  }
}

private struct AssumedHost {
  private var bridges: [LinkName: Bool] = [:]
  private var hardware: [LinkName: Link] = [:]
  private var hasDefaultRoute = false

  /// Names that are known get the ids that they have everywhere; others those from 1000 on.
  static func accounts(_ names: [String], _ known: [String: UInt32]) -> [HostFacts.NamedID] {
    let others = Set(names).subtracting(known.keys).sorted()
    let all = known.map { ($0.key, $0.value) } + others.enumerated().map { ($1, UInt32(1000 + $0)) }
    return all.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map {
      HostFacts.NamedID(name: $0.0, id: $0.1, group: $0.1)
    }
  }

  mutating func look(at topology: Topology) {
    for network in topology.networks {
      switch network.segment {
      case .existing(let name):
        bridges[name.value] = bridges[name.value] ?? false || topology.usesVLANs(of: network.name)
      case .uplink(let reference): add(reference.value, mtu: network.mtu?.value)
      case .own, .portGroup: break
      }
      for reference in [network.nat?.out, network.proxy] { if let reference { add(reference.value) } }
    }
    for nic in topology.vms.lazy.flatMap(\.nics) {
      for reference in [nic.hardware, nic.proxy] {
        if let reference { add(reference.value, mtu: nic.mtu?.value, isDivided: nic.via == .sriov) }
      }
    }
  }

  /// Its MTU is as large as anybody asks for.
  private mutating func add(_ reference: HardwareReference, mtu: Int? = nil, isDivided: Bool = false) {
    let name = AssumedHost.name(of: reference)
    var link = hardware[name] ?? Link(name: name, kind: .device)
    link.mtu = max(link.mtu ?? 1500, mtu ?? 1500)
    var facts = link.facts ?? LinkFacts()
    switch reference {
    case .name: break
    case .mac(let mac): link.mac = mac
    case .pci(let device): facts.parentDevice = device
    case .defaultRoute: hasDefaultRoute = true
    }
    facts.carrier = true
    if isDivided {
      // As many as a byte of the routing ID holds beside the hardware itself (PCI Express, ARI).
      facts.functionRoom = FunctionRoom(total: 255, offset: 1, stride: 1)
      link.functions = 0
    }
    link.facts = facts
    hardware[name] = link
  }

  /// What has no name here gets the one that systemd-udevd gives such hardware (systemd.net-naming-scheme(7)).
  private static func name(of reference: HardwareReference) -> LinkName {
    switch reference {
    case .name(let name): return name
    case .mac(let mac): return LinkName(kernel: "enx" + mac.description.filter { $0 != ":" })
    case .pci(let device):
      let parts = device.split { $0 == ":" || $0 == "." }.map { UInt32($0, radix: 16) ?? 0 }
      let function = parts[3] > 0 ? "f\(parts[3])" : ""
      let domain = parts[0] > 0 ? "P\(parts[0])" : ""
      return LinkName(kernel: String("en\(domain)p\(parts[1])s\(parts[2])\(function)".prefix(15)))
    case .defaultRoute: return AssumedHost.wayOut
    }
  }

  private static let wayOut = LinkName(kernel: "default-route")

  var state: State {
    var state = State()
    state.addUsualSettings(of: .default)
    for (name, filters) in bridges {
      var bridge = AssumedHost.usual(Link(name: name, kind: .bridge))
      bridge.bridge.vlanFiltering = filters
      bridge.bridge.defaultPVID = 1
      bridge.bridge.stp = false
      state.insert(.link(bridge))
    }
    let cards = hardware.values.filter { bridges[$0.name] == nil }.sorted { $0.name < $1.name }
    for (number, card) in cards.enumerated() {
      var link = card
      // 00-00-5E-00-53-00 to -FF are for documentation (RFC 7042, section 2.1.2).
      link.mac = card.mac ?? MACAddress(bits: 0x0000_5e00_5300 | UInt64(number + 1))
      let slot = String(number + 1, radix: 16)
      link.facts?.parentDevice = card.facts?.parentDevice ?? "0000:\(slot.count < 2 ? "0" : "")\(slot):00.0"
      state.insert(.link(AssumedHost.usual(link)))
      state.addUsualSettings(of: link.name)
    }
    if hasDefaultRoute {
      for family in AddressFamily.allCases {
        var route = Route(
          id: RouteID(destination: .all(family), metric: family == .ipv6 ? 1024 : 0),
          nexthops: [Nexthop(link: AssumedHost.wayOut)])
        route.kind = .unicast
        route.origin = 4  // RTPROT_STATIC of linux/rtnetlink.h
        state.insert(.route(route))
      }
    }
    return state
  }

  private static func usual(_ link: Link) -> Link {
    var link = link
    link.altnames = []
    link.mac = link.mac ?? MACAddress(bits: 0x0000_5e00_5300)
    link.mtu = link.mtu ?? 1500
    link.up = true
    link.master = Link.Master.none
    link.addressGeneration = .eui64
    link.forwarding = false
    link.linkGroup = 0
    return link
  }
}

extension Topology {
  /// Something on that network names a VLAN.
  fileprivate func usesVLANs(of network: String) -> Bool {
    if networks.contains(where: { $0.portGroup?.network == network }) { return true }
    return vms.contains { vm in
      vm.nics.contains { $0.network?.value == network && ($0.vlan != nil || !$0.trunk.isEmpty) }
    }
  }
}
