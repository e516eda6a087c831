/// What must hold within one network.
extension Resolver {
  /// What the segment is, and which keys that leaves.
  mutating func checkSegment(_ stanza: NetworkStanza, _ byName: [String: NetworkStanza]) {
    let keys = stanza.keys
    exclude(keys, "uplink", ["existing", "network"])
    exclude(keys, "existing", ["network"])
    exclude(
      keys, "existing",
      [
        "device", "mac", "mtu", "stp", "multicast-snooping", "vlan-filtering", "native", "address", "nat",
        "route",
        "proxy", "dhcp", "dns", "ra",
      ], "a bridge of someone else is never changed")
    exclude(
      keys, "network", ["stp", "multicast-snooping", "vlan-filtering", "native", "mac"],
      "the bridge is that network's")
    exclude(keys, "nat", ["route", "proxy"], "guests are either translated or not")
    exclude(keys, "uplink", ["proxy"], "its guests are on a LAN already")
    if keys.uplink == nil, written("uplink", keys) == nil, written("host", keys) != nil {
      report(
        .conflictingKeys, keys, "host", "`host` is for a network with `uplink`",
        hint: "elsewhere `address` says it")
    }
    if keys.network == nil, written("network", keys) == nil, written("vlan", keys) != nil {
      report(
        .missingKey, keys, "vlan", "`vlan` of a network needs `network`, of which it is one VLAN",
        hint: "a NIC has its own `vlan`")
    }
    if let parent = keys.network { checkPortGroup(stanza, parent, byName) }
    if keys.vlanFiltering == false {
      var place = written("native", keys) == nil ? nil : position("native", keys)
      if case .stated(let stated)? = keys.host, stated.vlan != nil {
        place = place ?? StatedHost.table.position("vlan", in: stated)
      }
      if let place { vlanWithoutFiltering(place, keys, stanza.name) }
    }
  }

  /// Addresses, and what is served there.
  mutating func checkServices(_ stanza: NetworkStanza) {
    let keys = stanza.keys
    var isAddressed = written("address", keys) != nil
    if case .on? = keys.nat { isAddressed = true }
    if keys.uplink != nil {
      switch keys.host ?? .keep {
      case .keep: isAddressed = true
      case .none: exclude(keys, "host", ["address", "nat"], "the host has no address there")
      case .stated:
        isAddressed = true
        exclude(keys, "host", ["address"], "`host` states the addresses")
      }
    }
    for key in ["route", "proxy", "dhcp", "dns", "ra"] where !isAddressed && keys.existing == nil {
      guard isOn(key, keys) else { continue }
      report(
        .missingKey, keys, key, "`\(key)` needs an `address` of the host on this network",
        hint: "`address: auto` chooses one")
    }
    for case .written(let interface) in keys.address ?? [] { checkHostAddress(interface) }
    if case .stated(let stated)? = keys.host { stated.address?.forEach { checkHostAddress($0) } }
    if case .on(let dhcp)? = keys.dhcp { checkRanges(dhcp, keys) }
    if case .on(let nat)? = keys.nat, let source = nat.source { checkSource(source, nat, keys) }
  }

  /// Those with whose family it has nothing to do would leave with another address.
  private mutating func checkSource(_ source: IPAddress, _ nat: NATKeys, _ keys: NetworkKeys) {
    guard let at = NATKeys.table.position("source", in: nat),
      reader.checked(IPInterface(source, length: source.family.bits)!, at) != nil
    else { return }
    var families: Set<AddressFamily> = []
    for address in keys.address ?? [] {
      switch address {
      case .automatic: families.formUnion(AddressFamily.allCases)
      case .written(let interface): families.insert(interface.value.family)
      }
    }
    if families.isEmpty || families.contains(source.family) { return }
    reader.report(
      .badAddress, at, "`\(source)` is of another family than the `address` of this network")
  }

  private func isOn(_ key: String, _ keys: NetworkKeys) -> Bool {
    switch key {
    case "route": keys.route == true
    case "proxy": keys.proxy != nil
    case "ra": keys.ra == true
    case "dhcp": if case .on? = keys.dhcp { true } else { false }
    case "dns": if case .on? = keys.dns { true } else { false }
    default: false
    }
  }

  private mutating func checkHostAddress(_ interface: Sourced<IPInterface>) {
    let prefix = interface.value.prefix
    guard interface.value.length < prefix.family.bits - 1 else { return }
    if interface.value.address == prefix.address {
      reader.report(
        .reservedAddress, interface.position,
        "`\(interface.value.address)` is the address of the network `\(prefix)` itself",
        hint: prefix.address.advanced(by: 1).map { "`\($0)/\(prefix.length)`" })
    } else if prefix.family == .ipv4, interface.value.address == prefix.last {
      reader.report(
        .reservedAddress, interface.position,
        "`\(interface.value.address)` is the broadcast address of `\(prefix)`")
    }
  }

  mutating func checkGateways(_ stated: StatedHost) {
    for gateway in stated.gateway ?? [] {
      let around = (stated.address ?? []).first { $0.value.prefix.contains(gateway.value) }
      if around == nil, !gateway.value.isLinkLocal {
        reader.report(
          .addressOutsideNetwork, gateway.position,
          "the gateway `\(gateway.value)` is in no prefix of `address`")
      } else if let around, around.value.address == gateway.value {
        reader.report(
          .reservedAddress, gateway.position, "the gateway `\(gateway.value)` is the host's own address")
      }
    }
  }

  private mutating func checkRanges(_ dhcp: DHCPKeys, _ keys: NetworkKeys) {
    var addresses: [IPInterface] = []
    for case .written(let interface) in keys.address ?? [] { addresses.append(interface.value) }
    if case .stated(let stated)? = keys.host { addresses += (stated.address ?? []).map(\.value) }
    let at = DHCPKeys.table.position("range", in: dhcp)
    for range in dhcp.range ?? [] {
      let text = "\(range.lowerBound)-\(range.upperBound)"
      if let own = addresses.first(where: { range.contains($0.address) }) {
        reader.report(.rangeHoldsGateway, at, "`\(text)` holds `\(own.address)`, the host's own address")
      } else if !addresses.isEmpty,
        !addresses.contains(where: {
          $0.prefix.contains(range.lowerBound) && $0.prefix.contains(range.upperBound)
        })
      {
        reader.report(.addressOutsideNetwork, at, "`\(text)` is in no prefix of `address`")
      }
    }
  }

  // MARK: Keys of a network

  func written(_ key: String, _ keys: NetworkKeys) -> WrittenKey? {
    NetworkKeys.table.written(key, in: keys)
  }

  func position(_ key: String, _ keys: NetworkKeys) -> SourcePosition? {
    NetworkKeys.table.position(key, in: keys)
  }

  mutating func report(
    _ code: DiagnosticCode, _ keys: NetworkKeys, _ key: String, _ message: String, hint: String? = nil,
    related: Diagnostic.Related? = nil
  ) {
    let at = written(key, keys)?.keyPosition
    reader.within(key) { $0.report(code, at, message, hint: hint, related: related) }
  }

  /// Of two keys that exclude each other the later one is pointed at.
  private mutating func exclude(
    _ keys: NetworkKeys, _ key: String, _ others: [String], _ reason: String? = nil
  ) {
    guard let first = written(key, keys), isSet(key, keys) else { return }
    for other in others {
      guard let second = written(other, keys), isSet(other, keys) else { continue }
      let isLater = first.keyPosition < second.keyPosition
      report(
        .conflictingKeys, keys, isLater ? other : key,
        "`\(other)` and `\(key)` exclude each other\(reason.map { ": \($0)" } ?? "")",
        related: .init(message: "the other", position: (isLater ? first : second).keyPosition))
    }
  }

  /// `false` says that there is none, and excludes nothing.
  private func isSet(_ key: String, _ keys: NetworkKeys) -> Bool {
    switch key {
    case "nat": if case .off? = keys.nat { false } else { true }
    case "route", "ra", "dhcp", "dns": isOn(key, keys)
    default: true
    }
  }
}
