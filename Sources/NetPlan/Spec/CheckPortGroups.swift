/// Networks that are one VLAN of another.
extension Resolver {
  mutating func checkPortGroup(
    _ stanza: NetworkStanza, _ parent: String, _ byName: [String: NetworkStanza]
  ) {
    let keys = stanza.keys
    if written("vlan", keys) == nil {
      report(.missingKey, keys, "network", "a network within `\(parent.shown)` needs `vlan`, its VLAN there")
    }
    guard let above = byName[parent] else {
      if !networkNames.contains(parent) { undefinedNetwork(parent, position("network", keys)) }
      return
    }
    if above.keys.network != nil {
      report(
        .badPortGroup, keys, "network", "`\(parent)` is itself one VLAN of another network",
        hint: "name the network that has the bridge")
    }
    if above.keys.vlanFiltering == false, let at = position("vlan", keys) {
      vlanWithoutFiltering(at, above.keys, parent)
    }
    if above.keys.existing != nil, let address = written("address", keys) ?? written("nat", keys) {
      reader.report(
        .badPortGroup, address.keyPosition,
        "`\(parent)` is a bridge of someone else, and the host gets no address on it")
    }
    checkHostVLAN(keys, parent, above.keys)
    if let mtu = keys.mtu, let most = above.keys.mtu, mtu > most, let at = position("mtu", keys) {
      reader.report(
        .mtuAboveNetwork, at, "MTU \(mtu) is above that of `\(parent)`, \(most)",
        related: position("mtu", above.keys).map { .init(message: "the bridge's", position: $0) })
    }
  }

  /// In one VLAN of a bridge the host is once: untagged on the bridge itself, or by one interface.
  private mutating func checkHostVLAN(_ keys: NetworkKeys, _ parent: String, _ above: NetworkKeys) {
    guard let vlan = keys.vlan, isAddressed(keys) else { return }
    if case .stated(let stated)? = above.host, above.uplink != nil, let taken = stated.vlan {
      if taken == vlan {
        report(
          .badPortGroup, keys, "vlan",
          "the host is in VLAN \(vlan) of `\(parent)` already, as `host` there says",
          hint: "leave out `address` here, or `host: {vlan: …}` there",
          related: position("host", above).map { .init(message: "there", position: $0) })
      }
      return
    }
    guard vlan == above.native ?? 1, above.uplink == nil ? isAddressed(above) : isHostThere(above) else {
      return
    }
    report(
      .badPortGroup, keys, "vlan",
      "VLAN \(vlan) is the untagged one of `\(parent)`, and the host has its addresses there by `\(parent)` itself",
      hint: "choose another VLAN, or give `\(parent)` another `native`")
  }

  private func isAddressed(_ keys: NetworkKeys) -> Bool {
    if case .on? = keys.nat { return true }
    return keys.address?.isEmpty == false
  }

  private func isHostThere(_ keys: NetworkKeys) -> Bool {
    if case HostKeys.none? = keys.host { false } else { true }
  }

  /// Each VLAN of a network is one network at most.
  mutating func checkPortGroups(_ stanzas: [NetworkStanza]) {
    var known: [String: NetworkStanza] = [:]
    for stanza in stanzas {
      guard let parent = stanza.keys.network, let vlan = stanza.keys.vlan else { continue }
      guard let first = known.updateValue(stanza, forKey: "\(parent) \(vlan)") else { continue }
      clash(
        .badPortGroup, ["networks", stanza.name, "vlan"], position("vlan", stanza.keys),
        position("vlan", first.keys),
        "VLAN \(vlan) of `\(parent)` is both `\(first.name)` and `\(stanza.name)`")
    }
  }

  mutating func vlanWithoutFiltering(_ at: SourcePosition?, _ network: NetworkKeys, _ name: String) {
    reader.report(
      .vlanWithoutFiltering, at, "a VLAN needs `vlan-filtering`, and `\(name)` turns it off",
      related: position("vlan-filtering", network).map { .init(message: "turned off here", position: $0) })
  }
}
