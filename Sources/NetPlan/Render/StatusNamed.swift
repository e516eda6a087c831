/// The rows of NICs whose ports their VM software makes.
///
/// Which port is whose no rule needs to know, and nothing on the host says for certain. libvirt gives a port the guest's MAC but
/// for the first byte (`virNetDevTapCreateInBridgePort`); where one NIC alone can have such a name and one such port is there, it
/// is that one.
struct StatusNamed {
  let state: State
  let counters: [LinkName: LinkCounters]
  let holders: [LinkName: [Holder]]
  var drops: DropCounts
  let leased: Set<IPAddress>

  /// Ports of the bridge that have such a name, and that are not ours.
  private func ports(_ bridge: LinkName, _ name: PortName) -> [Link] {
    state.links.filter { $0.master?.name == bridge && $0.owner == nil && name.matches($0.name) }
  }

  private func port(of item: Attachment, _ bridge: LinkName, _ name: PortName, isAlone: Bool) -> Link? {
    let there = ports(bridge, name)
    let tail: UInt64 = 0xff_ffff_ffff
    if let own = there.first(where: { $0.mac.map { $0.bits & tail == item.mac.bits & tail } ?? false }) {
      return own
    }
    return there.count == 1 && isAlone ? there[0] : nil
  }

  /// Of the NICs of a configuration; what cannot be told to be somebody's has a row of its own.
  mutating func rows(_ owner: String, _ items: [Attachment]) -> [StatusTable.Row] {
    var rows: [StatusTable.Row] = []
    var known: Set<LinkName> = []
    for item in items {
      guard let bridge = item.bridge, let name = item.port.map(PortName.init) else { continue }
      let isAlone = items.count { $0.bridge == bridge && $0.port == item.port } == 1
      let port = port(of: item, bridge, name, isAlone: isAlone)
      if let port { known.insert(port.name) }
      let id = ReservationID(name: owner, path: "vms.\(item.vm).nics.\(item.nic)")
      let reserved = (state[.reservation(id)]?.reservation?.addresses ?? []).map(\.address)
      let station = DropCounts.Station(bridge: bridge, mac: item.mac)
      let dropped = (drops.stations[station] ?? [:]).merging(
        (name.name ?? port?.name).flatMap { drops.ports[$0] } ?? [:], uniquingKeysWith: +)
      var row = StatusTable.Row(
        name: owner, nic: "\(item.vm)/\(item.nic)", mode: "\(Mode.bridged.rawValue) \(bridge)",
        device: port?.name, netns: nil, isUp: port?.up == true,
        carrier: port?.isHeld == true, holders: port.flatMap { holders[$0.name] } ?? [],
        addresses: reserved.map { "\($0)" }, leases: reserved.filter(leased.contains).map { "\($0)" },
        counters: port.flatMap { counters[$0.name] }, drops: dropped.filter { $0.value > 0 })
      row.port = name.text
      rows.append(row)
    }
    return rows + strangers(owner, items, but: known)
  }

  private func strangers(
    _ owner: String, _ items: [Attachment], but known: Set<LinkName>
  ) -> [StatusTable.Row] {
    let bridges = Set(items.compactMap(\.bridge))
    return bridges.sorted().flatMap { bridge in
      let names = items.filter { $0.bridge == bridge }.compactMap { $0.port.map(PortName.init) }
      let there = state.links.filter { link in
        link.master?.name == bridge && link.owner == nil && !known.contains(link.name)
          && names.contains { $0.matches(link.name) }
      }
      return there.sorted { naturallyPrecedes($0.name.text, $1.name.text) }.map { link in
        StatusTable.Row(
          name: owner, nic: "-", mode: "\(Mode.bridged.rawValue) \(bridge)", device: link.name, netns: nil,
          isUp: link.up == true, carrier: link.isHeld, holders: holders[link.name] ?? [], addresses: [],
          leases: [], counters: counters[link.name],
          drops: (drops.ports[link.name] ?? [:]).filter { $0.value > 0 })
      }
    }
  }
}
