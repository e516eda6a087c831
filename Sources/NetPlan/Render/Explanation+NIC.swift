extension Explanation {
  /// The NIC of a configuration: what its mode gives, and what the file makes of it.
  package static func text(of nic: NIC, in topology: Topology) -> String {
    let network = topology.networks.first { $0.name == nic.network?.value }
    var lines = ["\(nic.id): " + of(nic.mode, nic.via).text + "here"]
    func add(_ key: String, _ value: String?) {
      if let value { lines.append("  \(key): \(value)") }
    }
    add("network", network?.name)
    let netns = topology.vms.first { $0.name == nic.vm }?.netns?.value
    add(
      "network namespace",
      nic.enclosure == nil ? nil : netns.map { "\($0), in which its software has to run" })
    add("its own addresses", list(nic.addresses.map { "\($0.value)" }))
    add(
      "inside it has", list(nic.innerAddresses.map { "\($0.address)" }).map { $0 + ", translated one to one" }
    )
    add("routed behind it", list(nic.routes.map { "\($0.value)" }))
    add("reached at", list(nic.forwards.map(\.words)))
    add("the host's 127.0.0.1 at", nic.hostLoopback.map { "\($0)" })
    if nic.mode == .shared, nic.forwards.isEmpty { add("reached at", "no port: it has no `forward`") }
    add("isolated", nic.isolated ? "other isolated NICs are out of reach" : nil)
    let isRouted =
      nic.mode != .bridged || network?.automaticAddress == true || network?.addresses.isEmpty == false
    if nic.hasInterface, isRouted {
      switch nic.reach {
      case .all: add("reach", "guests of every network")
      case .networks(let names):
        add("reach", names.isEmpty ? "no guest of another network" : names.joined(separator: ", "))
      }
      switch nic.toHost {
      case .all: add("to-host", "every service that listens there")
      case .basic: add("to-host", "DHCP, DNS, ping and neighbour discovery")
      case .none: add("to-host", "nothing")
      }
    }
    add("block", list(nic.block.map { "\($0)" }))
    if nic.hasInterface, nic.antiSpoof.isEmpty { add("anti-spoof", "off: it may send in anybody's name") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func list(_ items: [String]) -> String? {
    items.isEmpty ? nil : items.joined(separator: ", ")
  }
}
