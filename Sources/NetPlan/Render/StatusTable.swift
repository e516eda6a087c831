/// The NICs of a host as they are: one row each.
package struct StatusTable: Sendable {
  package struct Row: Sendable {
    /// Name of the configuration.
    package var name: String
    /// `VM/NIC`
    package var nic: String
    package var mode: String
    /// nil where the VM software speaks for the guest itself.
    package var device: LinkName?
    /// The network namespace in which it is, where that is not the host's.
    package var netns: String?
    package var isUp: Bool
    package var carrier: Bool
    package var holders: [Holder]
    package var addresses: [String]
    /// Those of them that a DHCP server of ours has given to the guest.
    package var leases: [String]
    package var counters: LinkCounters?
    /// What the filters dropped, by check.
    package var drops: [String: UInt64]
    /// A program of ours speaks for the guest: `isUp` while it runs, `carrier` while a VM is connected.
    package var isProgram = false
    /// What the VM software calls the device that it makes: `vnet*`, or a whole name.
    package var port: String?
  }

  package var rows: [Row]

  /// NICs of the configuration `name`, or of all. `topology` is a configuration: its word on modes is the last.
  package init(
    _ state: State, name: String?, topology: Topology? = nil, holders: [LinkName: [Holder]],
    counters: [LinkName: LinkCounters],
    drops: DropCounts = DropCounts(), leased: Set<IPAddress> = [], named: [String: [Attachment]] = [:]
  ) {
    var addresses: [LinkName: [String]] = [:]
    for route in state.routes where route.origin == Ownership.origin && route.id.isInMain {
      for link in route.links { addresses[link, default: []].append(route.id.destination.description) }
    }
    let modes = StatusMode(state)
    let switches = state.switches
    var written: [String: Mode] = [:]
    for nic in topology?.vms.flatMap(\.nics) ?? [] { written[nic.id] = nic.mode }
    rows = state.links.compactMap { link -> Row? in
      guard link.isForVM, let owner = link.owner, name == nil || owner == name!,
        let nic = link.nicID
      else { return nil }
      let id = ReservationID(name: String(owner), path: String(link.path ?? ""))
      let reserved = (state[.reservation(id)]?.reservation?.addresses ?? []).map(\.address)
      let mode = topology?.name == String(owner) ? written[nic] : nil
      let netns = link.veth.netns.flatMap { state[.netns($0)]?.netns }
      let tap = netns?.link(at: String(link.path ?? "")) ?? link
      return Row(
        name: String(owner), nic: nic,
        mode: (mode ?? modes.mode(of: link, owner: owner)).rawValue
          + ((link.master?.name ?? link.macvtap.link).map { " \($0)" } ?? ""), device: tap.name,
        netns: netns?.name, isUp: tap.up == true,
        carrier: switches[link.name].map { $0.inUse == true } ?? tap.isHeld,
        holders: holders[link.name] ?? [],
        addresses: (addresses[link.name] ?? []).sorted() + reserved.map { "\($0)" },
        leases: reserved.filter(leased.contains).map { "\($0)" },
        counters: counters[link.name].map { link.kind == .macvtap ? $0.swapped : $0 },
        drops: (drops.ports[link.name] ?? [:]).filter { $0.value > 0 })
    }
    let processes = state.services.filter {
      $0.id.program == .passt && (name == nil || $0.id.name == name)
    }
    rows += processes.map(Row.init)
    var ports = StatusNamed(
      state: state, counters: counters, holders: holders, drops: drops, leased: leased)
    for (owner, items) in named { rows += ports.rows(owner, items) }
    let seen = Set(processes.map(\.id))
    for nic in topology?.vms.flatMap(\.nics) ?? []
    where nic.via == .vmm && !rows.contains(where: { $0.name == topology!.name && $0.nic == nic.id }) {
      rows.append(Row(without: nic, of: topology!.name))
    }
    for nic in topology?.vms.flatMap(\.nics) ?? []
    where !nic.hasInterface || nic.isHanded(over: .netns) || nic.isHanded(over: .vfio) {
      let id = ServiceID(program: .passt, name: topology!.name, subject: nic.id)
      if nic.via == .user || !seen.contains(id) { rows.append(Row(without: nic, of: topology!.name)) }
    }
    rows.sort { $0.name == $1.name ? naturallyPrecedes($0.nic, $1.nic) : $0.name < $1.name }
  }

  package var text: String {
    if rows.isEmpty { return "No NICs.\n" }
    let head = ["NAME", "NIC", "MODE", "DEVICE", "STATE", "HELD BY", "ADDRESS", "RX", "TX", "DROPPED"]
    let table = [head] + rows.map(\.cells)
    let widths = head.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    return table.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        line +=
          column == row.count - 1
          ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 2)
      }
      return line + "\n"
    }.joined()
  }

  package var json: JSON {
    .array(
      rows.map { row in
        .object([
          .init("name", row.name.json), .init("nic", row.nic.json), .init("mode", row.mode.json),
          .init("device", row.device?.json ?? .null), .init("netns", row.netns?.json ?? .null),
          .init("port", row.port?.json ?? .null),
          .init("up", row.isUp.json),
          .init("carrier", row.carrier.json),
          .init(
            "holders",
            .array(row.holders.map { .object([.init("name", $0.name.json), .init("pid", $0.pid.json)]) })),
          .init("addresses", row.addresses.json),
          .init("leases", row.leases.json),
          .init("rx-bytes", row.counters.map { Int64(clamping: $0.receivedBytes).json } ?? .null),
          .init("tx-bytes", row.counters.map { Int64(clamping: $0.sentBytes).json } ?? .null),
          .init(
            "dropped",
            .object(
              row.drops.sorted { $0.key < $1.key }.map { .init($0.key, Int64(clamping: $0.value).json) })),
        ])
      })
  }
}

extension StatusTable.Row {
  fileprivate init(_ service: Service) {
    self.init(
      name: service.id.name, nic: service.id.subject, mode: Mode.shared.rawValue, device: nil, netns: nil,
      isUp: service.state != .stopped, carrier: service.inUse == true, holders: [], addresses: [], leases: [],
      counters: nil, drops: [:], isProgram: true)
  }

  /// Nothing of it is on the host.
  fileprivate init(without nic: NIC, of name: String) {
    self.init(
      name: name, nic: nic.id, mode: nic.mode.rawValue, device: nil, netns: nil, isUp: false, carrier: false,
      holders: [],
      addresses: [], leases: [], counters: nil, drops: [:])
  }

  fileprivate var cells: [String] {
    let held = holders.map { "\($0.name) (\($0.pid))" }
    let own = addresses.map { leases.contains($0) ? "\($0) (lease)" : $0 }
    return [
      name, nic, mode, (device?.text ?? port ?? "-") + (netns.map { " in \($0)" } ?? ""), state,
      held.isEmpty ? "-" : held.joined(separator: " "),
      own.isEmpty ? "-" : own.joined(separator: " "), counters.map { "\($0.receivedBytes)" } ?? "-",
      counters.map { "\($0.sentBytes)" } ?? "-", dropped,
    ]
  }

  private var state: String {
    if device == nil, !isProgram { return "-" }
    return isUp ? carrier ? "up" : "up, free" : "down"
  }

  private var dropped: String {
    if drops.isEmpty { return "-" }
    return drops.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }
}
