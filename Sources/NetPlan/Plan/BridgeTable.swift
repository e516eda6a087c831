/// The table of family bridge of a configuration: what guests may send at ports of bridges.
struct BridgeTable {
  private var checks = GuestChecks()
  private var stations = StationChecks()
  /// How much guests may receive by ports that have a name and no queue of ours.
  private var received = TableSet(TableSet.receivedRate, key: "ifname", value: TableSet.limit)

  var isEmpty: Bool { checks.sets["guests"]!.elements.isEmpty && stations.isEmpty }

  mutating func add(_ guest: GuestChecks.Guest) { checks.add(guest) }

  mutating func add(_ guest: GuestChecks.Guest, _ port: NamedPort, receivingAtMost rate: UInt64?) {
    if port.name.isPattern {
      let place = StationChecks.Ports(
        bridge: "\"\(port.bridge)\"", name: port.name, isChecked: !port.nic.antiSpoof.isEmpty)
      return stations.add(guest, at: place, receivingAtMost: rate)
    }
    checks.add(guest)
    if let rate { received.elements[guest.interface] = TableSet.definition(ofLimit: rate / 8) }
  }

  mutating func reserve(_ address: IPAddress) {
    checks.reserve(address)
    stations.reserve(address)
  }

  consuming func table(_ id: TableID) -> Table {
    var table = Table(id: id)
    let drops = Drops.ofFrames + Drops.ofPackets
    let limits = received.elements.isEmpty ? [] : [received]
    table.sets =
      (Array(checks.sets.values) + Drops.sets(drops) + limits + (stations.isEmpty ? [] : stations.sets))
      .sorted { $0.name < $1.name }
    table.chains = Drops.chains(drops)
    if !limits.isEmpty { table.chains.append(Drops.chain("received", as: "rate", of: "oifname")) }
    table.chains += [
      NeighbourChecks.chain,
      TableChain("checked", [GuestChecks.rate] + GuestChecks.frames + GuestChecks.packets),
    ]
    if !stations.isEmpty { table.chains += StationChecks.chains }
    table.chains += [
      TableChain(
        "early", hook: TableChain.hook("filter", "prerouting", -300),
        ["iifname @guests goto checked"] + stations.early),
      // Of link-local multicast but BPDUs the kernel asks here, not before (`br_handle_frame`).
      TableChain(
        "input", hook: TableChain.hook("filter", "input", -300),
        [GuestChecks.linkLocalOfGuests] + stations.input),
    ]
    if !limits.isEmpty {
      table.chains.append(
        TableChain(
          "received", hook: TableChain.hook("filter", "postrouting", -300),
          ["limit name oifname map @\(TableSet.receivedRate) goto drop-received"]))
    }
    if !stations.isEmpty { table.chains.append(StationChecks.receiving) }
    return table
  }
}
