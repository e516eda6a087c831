extension Composer {
  /// Ports of the host that lead to a guest, with what stands in their way.
  mutating func addForwards(_ nic: NIC, _ router: inout RouterTable) {
    if nic.forwards.isEmpty { return }
    let guests = guestAddresses(of: nic).map(\.address).filter { !$0.isLinkLocal }
    let present = observed[.table(TableID(.inet, of: topology.name))]?.table
    for forward in nic.forwards {
      var isNew = false
      for family in AddressFamily.allCases where forward.listen.map({ $0.family == family }) ?? true {
        guard let guest = guests.first(where: { $0.family == family }) else { continue }
        for transport in ["tcp", "udp"] where forward.transport.includes(udp: transport == "udp") {
          for (offset, port) in forward.ports.enumerated() {
            let elements = router.forward(
              transport, port, at: forward.listen, from: forward.from, to: guest,
              forward.to.lowerBound + UInt16(offset))
            // What leads there by now does so before a process hears of it.
            let isThere = elements.allSatisfy { present?[set: $0.set]?.elements[$0.key] != nil }
            if isThere { continue }
            isNew = true
            refuseTaken(forward, nic, udp: transport == "udp", port)
          }
        }
      }
      if isNew, forward.listen == nil, forward.from.isEmpty { noticePublic(forward, nic) }
    }
  }

  /// A forward of the kernel takes precedence over a process of the host, which would go deaf; one by a process finds the
  /// port taken.
  mutating func refuseTaken(_ forward: Forward, _ nic: NIC, udp: Bool, _ port: UInt16) {
    guard let taken = host.facts.listeners?.first(where: { $0.hears(udp: udp, forward.listen, port) }) else {
      return
    }
    let who = taken.process.map { "\($0.name) (pid \($0.pid))" } ?? "a process"
    conflict(
      forward.position, "vms.\(nic.vm).nics.\(nic.name).forward",
      "\(udp ? "udp" : "tcp") port \(port) of the host is in use: \(who) listens on \(taken.address) port \(taken.port)",
      hint: "choose another port, or an address of the host that it does not listen on")
  }

  mutating func noticePublic(_ forward: Forward, _ nic: NIC) {
    let ports =
      forward.ports.count == 1
      ? "port \(forward.ports.lowerBound)" : "ports \(forward.ports.lowerBound)-\(forward.ports.upperBound)"
    target.risks.append(
      Risk(
        "public-forward", object: "\(nic.id) \(forward.transport.rawValue) \(forward.ports.lowerBound)",
        "\(forward.transport.rawValue) \(ports) of every address of the host leads to \(nic.id)",
        refusable: false,
        remedy: nic.hasInterface
          ? "name an address of the host, or 'from', to narrow it"
          : "name an address of the host to narrow it"))
  }
}

extension Topology {
  /// Some port of the host leads to a guest.
  package var hasLimits: Bool {
    vms.contains { $0.nics.contains { $0.limitIn != nil || $0.limitOut != nil } }
  }

  package var hasForwards: Bool { vms.contains { $0.nics.contains { !$0.forwards.isEmpty } } }
}
