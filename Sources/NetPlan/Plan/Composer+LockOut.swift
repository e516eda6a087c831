// Who would be cut off when the host gives up a NIC: said before it happens, and refused until it is accepted.

extension Composer {
  /// Logins from elsewhere that come in by it, the one of whoever asks among them, maybe.
  mutating func warnOfSessions(by hardware: LinkName, _ macvtap: LinkName) {
    let own = Set(observed.addresses.filter { $0.link == hardware }.map(\.local.address))
    let cut = (host.facts.sessions ?? []).filter {
      own.contains($0.local) || wayOut(to: $0.remote).contains(hardware)
    }
    guard let first = cut.first else { return }
    let more = cut.count > 1 ? ", and \(cut.count - 1) more" : ""
    risk(
      "ssh-session", of: macvtap,
      "the SSH session from \(first.remote)\(more) comes in by '\(hardware)', and would end",
      remedy: "log in by another NIC, or at the console")
  }

  /// File systems that are elsewhere, the root of the host among them, maybe.
  mutating func warnOfMounts(by hardware: LinkName, _ macvtap: LinkName) {
    let lost = (host.facts.remoteMounts ?? []).filter { wayOut(to: $0.server).contains(hardware) }
    guard let first = lost.first(where: { $0.place == "/" }) ?? lost.first else { return }
    let more = lost.count > 1 ? ", and \(lost.count - 1) more" : ""
    risk(
      "net-root", of: macvtap,
      "the file system on \(first.place) (\(first.kind)) comes from \(first.server) by '\(hardware)'\(more): processes that use it would hang",
      remedy: first.place == "/" ? nil : "umount \(first.place)")
  }

  /// A client that goes on asking would ask in the guest's name.
  mutating func warnOfClient(on hardware: Link, _ macvtap: LinkName) {
    let leased = observed.addresses.filter {
      $0.link == hardware.name && $0.local.family == .ipv4 && $0.lifetime?.expires == true
    }.map(\.local.description).sorted()
    // RTPROT_DHCP of linux/rtnetlink.h
    let byClient = observed.routes.contains {
      $0.origin == 16 && observed.links(of: $0).contains(hardware.name)
    }
    guard !leased.isEmpty || byClient else { return }
    risk(
      "managed-uplink", of: macvtap,
      leased.isEmpty
        ? "a DHCP client manages '\(hardware.name)' and would go on doing so"
        : "a DHCP client leased \(leased.joined(separator: ", ")) on '\(hardware.name)' and would ask again",
      remedy: """
        let it leave '\(hardware.name)' alone, for systemd-networkd by 'coexist: {networkd: unmanaged}'
        for NetworkManager: nmcli device set \(hardware.name) managed no
        """)
  }

  /// Said of the macvtap, which comes to be whenever the NIC is given.
  private mutating func risk(_ name: String, of macvtap: LinkName, _ detail: String, remedy: String?) {
    target.risks.append(
      Risk(name, object: ObjectID.link(macvtap).description, detail, remedy: remedy))
  }

  /// The links by which the host sends to `remote`: the longest prefix, then the lowest metric, of the main table.
  private func wayOut(to remote: IPAddress) -> [LinkName] {
    let best = observed.routes.filter { $0.id.table == 254 && $0.id.destination.contains(remote) }
      .min { ($1.id.destination.length, $0.id.metric) < ($0.id.destination.length, $1.id.metric) }
    return best.map(observed.links(of:)) ?? []
  }
}
