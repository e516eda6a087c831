/// An interface by which guests are reached, and what has to pass there for them.
struct GuestWay {
  var link: LinkName
  var families: [AddressFamily]
  /// Guests open connections to elsewhere.
  var leaves: Bool
  /// Others open connections to guests at the guests' own addresses.
  var isEntered: Bool
  /// Others open connections to guests at an address of the host.
  var isForwardedTo: Bool
  /// What of the host guests cannot do without.
  var services: [Service] = []

  typealias Service = (family: AddressFamily, transport: String, port: Int)
}

extension Composer {
  /// Those of this file, once all its guests are known.
  func guestWays() -> [GuestWay] {
    var ways: [GuestWay] = []
    for network in topology.networks where isInside(network) {
      guard let link = interface(of: network) else { continue }
      let nics = guestNICs.filter { $0.network?.value == network.name }
      var way = GuestWay(
        link: link.name, families: Self.families(hostAddresses(of: network)),
        leaves: network.nat != nil || network.route || !network.reach.isNothing
          || nics.contains { !$0.reach.isNothing },
        isEntered: network.route, isForwardedTo: nics.contains { !$0.forwards.isEmpty })
      if isServed(network), network.toHost != .none { way.services = services(of: network, way.families) }
      ways.append(way)
    }
    for (nic, tap) in filtered where nic.network == nil {
      ways.append(
        GuestWay(
          link: tap, families: Self.families(guestAddresses(of: nic)), leaves: true,
          isEntered: nic.mode == .tap, isForwardedTo: !nic.forwards.isEmpty))
    }
    return ways
  }

  private static func families(_ addresses: [IPInterface]) -> [AddressFamily] {
    AddressFamily.allCases.filter { family in addresses.contains { $0.family == family } }
  }

  private func services(of network: Network, _ families: [AddressFamily]) -> [GuestWay.Service] {
    families.flatMap { family in
      (network.dhcp == nil ? [] : [(family, "udp", family == .ipv4 ? 67 : 547)])
        + (network.dns == nil ? [] : [(family, "tcp", 53), (family, "udp", 53)])
    }
  }
}

extension Reach {
  fileprivate var isNothing: Bool { self == .networks([]) }
}
