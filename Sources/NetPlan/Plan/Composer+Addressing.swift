/// Whose addresses are which: `address: auto`, and one reservation for every NIC on a network with an address.
struct Addressing {
  /// The host's own, by network.
  var hosts: [String: [IPInterface]] = [:]
  /// Each guest's, by `VM/NIC`.
  var guests: [String: [IPInterface]] = [:]
}

extension Composer {
  /// The host's own addresses on a network, chosen ones included.
  func hostAddresses(of network: Network) -> [IPInterface] {
    addressing.hosts[network.name] ?? network.addresses.map(\.value)
  }

  /// All addresses that are a guest's: those written for it, and of each family in which nothing is written its
  /// reservation.
  func guestAddresses(of nic: NIC) -> [IPInterface] {
    addressing.guests[nic.id] ?? nic.addresses.map(\.value)
  }

  /// The first step of a target: everything else asks who has which address.
  mutating func assignAddresses() {
    chooseSubnets()
    let nics = guestsByNetwork(where: reserves)
    let formerVMs = Dictionary(
      topology.vms.compactMap { vm in vm.was.map { (vm.name, $0) } }, uniquingKeysWith: { first, _ in first })
    for network in topology.networks where reserves(network) {
      reserve(network, nics[network.name] ?? [], formerVMs)
    }
    for reservation in observed.reservations
    where reservation.id.name == topology.name && target.wanted[.reservation(reservation.id)] == nil {
      target.drop(.reservation(reservation.id), because: reservation.id.path)
    }
  }

  /// Where the host itself says who has which address. On the LAN of an uplink others do.
  private func reserves(_ network: Network) -> Bool {
    network.assigns && !hostAddresses(of: network).isEmpty
  }

  /// The NICs of those networks alone: most files have many that are on none of them.
  func guestsByNetwork(where isMeant: (Network) -> Bool) -> [String: [NIC]] {
    var nics = Dictionary(uniqueKeysWithValues: topology.networks.filter(isMeant).map { ($0.name, [NIC]()) })
    if nics.isEmpty { return nics }
    for vm in topology.vms {
      for nic in vm.nics { if let name = nic.network?.value { nics[name]?.append(nic) } }
    }
    return nics
  }

  private func record(_ path: String) -> Reservation? {
    observed[.reservation(ReservationID(name: topology.name, path: path))]?.reservation
  }

  // MARK: The host's side

  private mutating func chooseSubnets() {
    let automatic = topology.networks.filter {
      $0.automaticAddress && ($0.segment == .own || $0.portGroup != nil)
    }
    if automatic.isEmpty { return }
    var space = takenSpace(except: Set(automatic.map(\.name)))
    // What is there already stays, before anything new is chosen.
    for network in automatic {
      let known = knownAddresses(of: network).filter { isUsable($0.family) }
      for address in known { space.take(address.prefix) }
      addressing.hosts[network.name] = known
    }
    for network in automatic {
      var addresses = addressing.hosts[network.name] ?? []
      for family in AddressFamily.allCases where isUsable(family) {
        if addresses.contains(where: { $0.family == family }) { continue }
        guard let chosen = space.subnet(family, seed: network.derivedSubnet) else {
          conflict(
            network.position, "networks.\(network.name).address",
            "there is no \(family == .ipv4 ? "IPv4" : "IPv6") subnet left that overlaps nothing of the host",
            hint: "write an address: `address: 10.0.0.1/24`")
          continue
        }
        addresses.append(chosen)
      }
      // What was there before and what is new, always in one order.
      addresses[network.addresses.count...].sort { $0.family < $1.family }
      addressing.hosts[network.name] = addresses
      let id = ReservationID(name: topology.name, path: "networks.\(network.name)")
      let reservation = Reservation(
        id: id, network: network.name, mac: nil, addresses: addresses.sorted { $0.family < $1.family })
      target.want(.reservation(reservation), because: id.path)
    }
  }

  /// Addresses that an automatic network has by the file, on its bridge, or on record.
  private func knownAddresses(of network: Network) -> [IPInterface] {
    let written = network.addresses.map(\.value)
    let bridge = present(network)?.name
    let there = observed.addresses.filter {
      $0.link == bridge && $0.origin == Ownership.origin && !$0.local.address.isLinkLocal
    }.map(\.local).sorted()
    let kept = record("networks.\(network.name)") ?? network.was.flatMap { record("networks.\($0)") }
    var addresses = written
    for family in AddressFamily.allCases where !written.contains(where: { $0.family == family }) {
      let known = there.filter { $0.family == family }
      addresses += known.isEmpty ? (kept?.addresses ?? []).filter { $0.family == family } : known
    }
    return addresses
  }

  /// What a new subnet must not overlap: routes of any table, addresses, the rest of the file, other configurations'.
  private func takenSpace(except automatic: Set<String>) -> PrivateSpace {
    var space = PrivateSpace()
    for route in observed.routes { space.take(route.id.destination) }
    for address in observed.addresses {
      space.take(address.local.prefix)
      if let peer = address.peer { space.take(IPPrefix(host: peer)) }
    }
    // What has been taken off an uplink comes back some time.
    for object in observed.formers.compactMap(suspended) {
      if let route = object.route { space.take(route.id.destination) }
      if let address = object.address { space.take(address.local.prefix) }
    }
    for network in topology.networks where !automatic.contains(network.name) {
      for address in network.addresses { space.take(address.value.prefix) }
    }
    for nic in topology.vms.lazy.flatMap(\.nics) {
      for prefix in nic.routes { space.take(prefix.value) }
      if nic.network != nil { continue }
      for address in nic.addresses.map(\.value) + nic.hostAddresses { space.take(address.prefix) }
    }
    for reservation in observed.reservations where reservation.mac == nil {
      for address in reservation.addresses { space.take(address.prefix) }
    }
    return space
  }

  // MARK: The guests' side

  private mutating func reserve(_ network: Network, _ nics: [NIC], _ formerVMs: [String: String]) {
    var pool = GuestPool(hostAddresses(of: network), dynamic: network.dhcp?.range ?? [])
    // Whether they are guests' addresses there, the file was checked for.
    var addresses = nics.map { nic in nic.addresses.map { pool.interface($0.value.address) ?? $0.value } }
    for list in addresses { for address in list { _ = pool.take(address.address) } }
    for (index, nic) in nics.enumerated() {
      guard let record = record(of: nic, formerVMs[nic.vm]) else { continue }
      for old in record.addresses {
        // An IPv6 address that follows from the MAC changes with it.
        if old.family == .ipv6, record.mac != nic.mac { continue }
        guard !addresses[index].contains(where: { $0.family == old.family }),
          let kept = pool.interface(old.address), pool.take(kept.address)
        else { continue }
        addresses[index].append(kept)
      }
    }
    var lacking = 0
    for (index, nic) in nics.enumerated() {
      for family in pool.families where !addresses[index].contains(where: { $0.family == family }) {
        if let chosen = pool.choose(family, for: nic.mac) {
          addresses[index].append(chosen)
        } else {
          lacking += 1
        }
      }
      // What was there before and what is new, always in one order.
      addresses[index][nic.addresses.count...].sort()
      addressing.guests[nic.id] = addresses[index]
      let id = ReservationID(name: topology.name, path: "vms.\(nic.vm).nics.\(nic.name)")
      let reservation = Reservation(
        id: id, network: network.name, mac: nic.mac, addresses: addresses[index].sorted())
      target.want(.reservation(reservation), because: id.path)
    }
    if lacking > 0 {
      conflict(
        network.position, "networks.\(network.name).address",
        "'\(network.name)' has no addresses left for \(lacking) of its \(nics.count) NICs",
        hint: "write a larger subnet: `address: 10.0.0.1/22`")
    }
  }

  /// The record of a NIC under its own path or a former one.
  private func record(of nic: NIC, _ formerVM: String?) -> Reservation? {
    for vm in [nic.vm, formerVM ?? nic.vm] {
      for name in [nic.name, nic.was ?? nic.name] {
        if let found = record("vms.\(vm).nics.\(name)") { return found }
      }
    }
    return nil
  }

  // MARK: Prefixes behind guests

  /// The host reaches what lies behind a bridged guest by the guest; so does whoever it forwards for.
  mutating func routeBehind(_ nic: NIC, _ network: Network, _ bridge: LinkName, _ path: String) {
    if nic.routes.isEmpty { return }
    let guests = guestAddresses(of: nic).map(\.address)
    for prefix in nic.routes where prefix.value.family == .ipv4 || host.facts.ipv6 != false {
      claims.append(
        Claim(
          prefix: prefix.value, position: prefix.position, path: "\(path).routes", kind: .guest(proxy: nil)))
      checkDefault(prefix.value, path)
      let gateway = guests.first { $0.family == prefix.value.family }
      addRoute(
        to: prefix.value, nexthop: Nexthop(gateway: gateway, link: bridge), path,
        isForwarded: isGateway(of: network))
    }
  }
}
