internal import Netlink

// Zones of firewalld, which is asked where the configuration names one or the ledger holds one.

extension LinuxHost {
  /// A configuration names a zone, or a plan changes one.
  package mutating func look(forZones asks: Bool) { asksZones = asks }

  /// Adds what interfaces are bound to, and to the facts of this look what zones there are.
  mutating func readZones(into state: inout State) throws(HostError) {
    (zones, zonesUnread) = (nil, nil)
    guard asksZones || state.formers.contains(where: { $0.id.zoneInterface != nil }) else { return }
    do throws(FirewallDaemon.Failure) {
      var daemon = try FirewallDaemon.connect()
      zones = try daemon.zones()
      for binding in try daemon.bindings() { state.insert(.zone(binding)) }
    } catch {
      switch error {
      case .absent(let reason): zonesUnread = reason
      case .said(_, let message):
        throw HostError(operation: "ask firewalld for its zones", errno: 0, message: message)
      }
    }
  }

  func performZones(_ batch: Batch, _ outcomes: inout [StepOutcome]) {
    for (index, step) in batch.steps.enumerated() {
      guard case .zone(let interface) = step.change.id else { continue }
      let after = step.change.after?.zone
      let operation =
        after.map { "bind '\(interface)' to firewalld's zone '\($0.zone)'" }
        ?? "take '\(interface)' out of its zone of firewalld"
      do throws(FirewallDaemon.Failure) {
        var daemon = try FirewallDaemon.connect()
        if let after { try daemon.bind(after) } else { try daemon.release(interface) }
      } catch {
        switch error {
        // With firewalld its bindings have gone.
        case .absent where after == nil: continue
        case .absent(let reason):
          outcomes[index] = .failed(
            HostError(
              operation: operation, errno: 0, message: "firewalld does not answer: \(reason)",
              hint: "start it: systemctl start firewalld"))
        case .said(let isKnown, let message):
          let error = HostError(operation: operation, errno: 0, message: message)
          // It leaves one zone before it enters the other (`change_zone_of_interface`, firewall/core/fw_zone.py).
          let isWhole = isKnown && step.change.before == nil
          outcomes[index] = isWhole ? .failed(error) : .unknown(error)
        }
      }
    }
  }
}
