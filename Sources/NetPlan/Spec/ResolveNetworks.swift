/// A network with what its NICs need to know of it. A reference, because each NIC looks it up several times.
final class ResolvedNetwork {
  var network: Network
  let keys: NetworkKeys
  /// The network whose bridge its NICs are ports of: itself, or that of which it is one VLAN.
  let root: String
  /// Something in it could not be read: what does not fit it may be no mistake.
  let isBroken: Bool
  let defaults: Layer<NICKeys>
  let prefixes: [IPPrefix]

  init(_ network: Network, _ keys: NetworkKeys, isBroken: Bool, defaults: Layer<NICKeys>) {
    self.network = network
    self.keys = keys
    self.isBroken = isBroken
    self.defaults = defaults
    root = keys.network ?? network.name
    prefixes = network.addresses.map { $0.value.prefix }
  }

  /// The host has an address there, known now or chosen later.
  var hasAddress: Bool { network.hasAddress }

  func position(_ key: String) -> SourcePosition? { NetworkKeys.table.position(key, in: keys) }
}

extension Resolver {
  mutating func resolveNetworks() {
    let stanzas = keys.networks ?? []
    let byName = Dictionary(stanzas.map { ($0.name, $0) }) { first, _ in first }
    var formerNames: [String: SourcePosition] = [:]
    for stanza in stanzas {
      reader.path = ["networks", stanza.name]
      checkSegment(stanza, byName)
      checkServices(stanza)
      networks[stanza.name] = resolve(stanza, in: stanza.keys.network.flatMap { byName[$0] })
      if let was = stanza.keys.was, let at = NetworkKeys.table.position("was", in: stanza.keys) {
        formerName(was, at, "network", isTaken: byName[was] != nil, &formerNames)
      }
    }
    checkPortGroups(stanzas)
    reader.path = []
  }

  mutating func formerName(
    _ was: String, _ at: SourcePosition, _ what: String, isTaken: Bool,
    _ known: inout [String: SourcePosition]
  ) {
    if isTaken {
      reader.report(
        .duplicateFormerName, at, "`\(was)` is still a \(what) here, and cannot be the former name of another"
      )
    } else if let first = known.updateValue(at, forKey: was) {
      reader.report(
        .duplicateFormerName, at, "two \(what)s cannot both have been `\(was)`",
        related: .init(message: "the other", position: first))
    }
  }

  private mutating func resolve(_ stanza: NetworkStanza, in parent: NetworkStanza?) -> ResolvedNetwork {
    let keys = stanza.keys
    func position(_ key: String) -> SourcePosition? { NetworkKeys.table.position(key, in: keys) }
    var segment = Segment.own
    if let uplink = keys.uplink {
      segment = .uplink(Sourced(uplink, at: position("uplink")))
    } else if let existing = keys.existing {
      segment = .existing(Sourced(existing, at: position("existing")))
    } else if let parent = keys.network {
      segment = .portGroup(network: parent, vlan: keys.vlan ?? 1)
    }
    var addresses: [Sourced<IPInterface>] = []
    var automatic = false
    for address in keys.address ?? [] {
      switch address {
      case .automatic: automatic = true
      case .written(let interface): addresses.append(interface)
      }
    }
    var host = HostPresence.none
    var gateways: [Sourced<IPAddress>] = []
    if keys.uplink != nil {
      switch keys.host ?? .keep {
      case .keep: host = .keep
      case .none: host = .none
      case .stated(let stated):
        host = .stated(vlan: stated.vlan)
        addresses += stated.address ?? []
        gateways = stated.gateway ?? []
        checkGateways(stated)
      }
    }
    var nat: NAT?
    if case .on(let written)? = keys.nat {
      nat = NAT(
        source: written.source,
        out: written.out.map { Sourced($0, at: NATKeys.table.position("out", in: written)) })
      if addresses.isEmpty { automatic = true }
    }
    let isAddressed = automatic || !addresses.isEmpty
    let serves = isAddressed && isAssigned(keys, in: parent?.keys)
    let device = device(stanza, isNeeded: keys.network == nil || isAddressed)
    var hostDevice = device
    if case .stated(let vlan?) = host { hostDevice = names.interface(of: device, vlan: vlan) }
    let network = Network(
      name: stanza.name, was: keys.was, position: stanza.position, device: device, hostDevice: hostDevice,
      segment: segment, host: host, mac: keys.mac,
      derivedMAC: names.bridgeMAC(network: keys.was ?? stanza.name),
      derivedSubnet: names.subnet(network: keys.was ?? stanza.name),
      mtu: keys.mtu.map { Sourced($0, at: position("mtu")) }, stp: keys.stp ?? false,
      multicastSnooping: keys.multicastSnooping ?? false, vlanFiltering: keys.vlanFiltering ?? false,
      native: keys.native ?? 1, uplinkVLANs: [], addresses: addresses, automaticAddress: automatic,
      assigns: serves,
      gateways: gateways, nat: nat, route: keys.route ?? (keys.proxy != nil),
      proxy: keys.proxy.map { Sourced($0, at: position("proxy")) }, dhcp: dhcp(keys, byDefault: serves),
      dns: dns(keys, byDefault: serves), ra: keys.ra ?? serves, reach: reach(keys.reach),
      toHost: keys.toHost ?? .all, block: keys.block ?? [], allow: keys.allow ?? [],
      written: NetworkKeys.table.places(keys))
    var defaults = Layer<NICKeys>(
      table: NICKeys.networkDefaults, path: ["networks", stanza.name, "defaults"])
    defaults.load(keys.defaults, &reader)
    return ResolvedNetwork(network, keys, isBroken: stanza.isBroken, defaults: defaults)
  }

  /// On the LAN of an uplink others say who has which address. A VLAN of it is such a LAN too, unless the host is its
  /// router or serves it because the file says so.
  private func isAssigned(_ keys: NetworkKeys, in parent: NetworkKeys?) -> Bool {
    guard keys.uplink == nil, keys.existing == nil else { return false }
    guard parent?.uplink != nil else { return true }
    if case .on? = keys.nat { return true }
    if case .on? = keys.dhcp { return true }
    return keys.route == true
  }

  /// The name of the bridge, or of a port group's VLAN interface: written, or the network's own.
  private mutating func device(_ stanza: NetworkStanza, isNeeded: Bool) -> LinkName {
    if let written = stanza.keys.device ?? stanza.keys.existing { return written }
    if let name = LinkName(stanza.name) { return name }
    if !stanza.isBroken, isNeeded {
      reader.report(
        .nameTooLong, stanza.position,
        "`\(stanza.name)` has \(stanza.name.utf8.count) bytes, too many for the name of its \(stanza.keys.network == nil ? "bridge" : "interface")",
        hint: "15 at most; or name the \(stanza.keys.network == nil ? "bridge" : "interface"): `device: …`")
    }
    return LinkName(kernel: String(stanza.name.prefix(15)))
  }

  private func dhcp(_ keys: NetworkKeys, byDefault: Bool) -> DHCP? {
    guard let toggle = keys.dhcp ?? (byDefault ? .on(DHCPKeys()) : nil), case .on(let written) = toggle else {
      return nil
    }
    return DHCP(
      range: written.range ?? [], lease: written.lease ?? 3600, router: written.router,
      dns: written.dns ?? [],
      ntp: written.ntp ?? [], domain: written.domain, bootFile: written.boot?.file,
      bootServer: written.boot?.server)
  }

  private func dns(_ keys: NetworkKeys, byDefault: Bool) -> DNS? {
    guard let toggle = keys.dns ?? (byDefault ? .on(DNSKeys()) : nil), case .on(let written) = toggle else {
      return nil
    }
    return DNS(domain: written.domain, hosts: written.hosts ?? [:], upstream: written.upstream)
  }

  /// After the NICs are known: which VLANs each bridge and its uplink carry.
  mutating func nameVLANs() {
    var named: [String: Set<Int>] = [:]
    for nic in nics {
      guard let name = nic.network?.value, nic.vlan != nil || !nic.trunk.isEmpty,
        let root = networks[name]?.root
      else { continue }
      named[root, default: []].formUnion(nic.trunk)
      if let vlan = nic.vlan { named[root, default: []].insert(vlan) }
    }
    for network in networks.values {
      if case .portGroup(let parent, let vlan) = network.network.segment {
        named[parent, default: []].insert(vlan)
      }
      if case .stated(let vlan?) = network.network.host { named[network.root, default: []].insert(vlan) }
    }
    for (name, vlans) in named {
      networks[name]?.network.uplinkVLANs = vlans.sorted()
    }
    for (name, network) in networks {
      let writes = NetworkKeys.table.written("native", in: network.keys) != nil
      if named[name] != nil || writes { networks[name]?.network.vlanFiltering = true }
    }
  }
}
