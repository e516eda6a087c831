// Zones of firewalld that interfaces are bound to by which guests are reached.

extension Composer {
  /// In the ledger, where there was no binding.
  static let defaultZone = ""

  mutating func bindZones(of ways: [GuestWay]) {
    guard let zone = topology.coexist.firewalldZone, !ways.isEmpty else { return }
    // What cannot be read is not compared; who may apply may read.
    if host.facts.filters == false { return noticeUnreadTables() }
    let position = topology.coexist.written["firewalld"]
    guard let zones = host.facts.zones else {
      let reason = host.facts.zonesUnread.map { ": \($0)" } ?? ""
      return lacking(
        position, "coexist.firewalld", "firewalld does not answer\(reason)",
        hint:
          "start it (systemctl start firewalld), or leave `coexist.firewalld` out: zones are firewalld's alone"
      )
    }
    guard zones.contains(zone) else {
      return lacking(
        position, "coexist.firewalld", "firewalld has no zone '\(zone)'",
        hint: zones.isEmpty ? nil : "the zones are \(zones.joined(separator: ", "))")
    }
    for way in ways {
      hold(.zone(way.link), "zone", zone)
      target.want(.zone(ZoneBinding(interface: way.link, zone: zone)), because: "coexist")
    }
  }

  /// What nobody asks for any more. Somebody else's decision since then stands.
  mutating func restoreZone(of link: LinkName, _ former: Former, because reason: String) {
    guard observed[.zone(link)]?.zone?.zone == former.set else { return }
    if former.value != Self.defaultZone, host.facts.zones?.contains(former.value) ?? true {
      target.want(.zone(ZoneBinding(interface: link, zone: former.value)), because: reason)
    } else {
      target.drop(.zone(link), because: reason)
    }
  }
}
