// The host as one more station on hardware that carries macvtaps: what it sends by the hardware itself goes to the wire
// alone and never to those above (`macvlan_queue_xmit`, drivers/net/macvlan.c), what it sends by a macvlan reaches both.

extension Composer {
  /// What the host has on `hardware` goes to a macvlan there. One serves all guests.
  mutating func addStation(on hardware: Link, at position: SourcePosition?, _ path: String) {
    guard stations[hardware.name] == nil, station(on: hardware.name) == nil else { return }
    let key = "\(path).host-access"
    let reason = "hardware.\(hardware.name)"
    let present = owned[reason]
    let name = present?.name ?? topology.names.station(on: hardware.name)
    if present == nil, let holder = observed.link(name)?.name ?? altnames[name.text] {
      conflict(
        position, key,
        "the host would be on '\(name)', \(holder == name ? "an interface that is not ours" : "an alternative name of '\(holder)'")",
        hint: "rename that first")
      return
    }
    var station = Link(name: name, kind: .macvlan)
    station.macvtap = Link.Macvtap(.bridge, on: hardware.name)
    station.alias = alias(reason)
    station.mac = topology.names.stationMAC(on: hardware.name)
    station.mtu = hardware.mtu
    station.up = true
    station.master = Link.Master.none
    target.want(.link(station), because: reason)
    stations[hardware.name] = name
    hold(hardware.name, "addrgenmode", Link.AddressGeneration.none.json, because: reason)
    held[mode(of: hardware.name)]?.isAlwaysKept = true
    // It would answer with its own MAC for addresses that are not on it any more. 1: for its own alone (ip-sysctl).
    hold(SysctlKey(family: .ipv4, link: hardware.name, name: "arp_ignore"), "1", because: reason)
    guard present == nil else { return }
    target.risks.append(
      Risk(
        "foreign-object", object: ObjectID.link(hardware.name).description,
        "'\(hardware.name)' is not ours, and what the host has there goes to '\(name)', as \(key) asks",
        refusable: false))
    noticeMAC(from: hardware, to: station)
    warnOfManager(hardware, station, key)
    interruptHost(on: hardware.name)
    move(from: hardware.name, to: name, because: reason)
    copySettings(from: hardware, to: station, because: reason)
    moveHolds(from: hardware.name, to: name, because: reason)
  }

  /// The macvlan by which another configuration has the host on that hardware.
  func station(on hardware: LinkName) -> Link? {
    observed.links.first { link in
      guard link.kind == .macvlan, link.macvtap.link == hardware else { return false }
      return if case .another = whose(link) { true } else { false }
    }
  }

  private mutating func noticeMAC(from hardware: Link, to station: Link) {
    let isThere = observed.addresses.contains {
      $0.link == hardware.name && !$0.local.address.isLinkLocal
    }
    guard isThere, let former = hardware.mac, let mac = station.mac else { return }
    target.risks.append(
      Risk(
        "mac-changes", object: ObjectID.link(hardware.name).description,
        "the host's MAC on the LAN of '\(hardware.name)' changes from \(former) to \(mac): peers are told, "
          + "but a DHCP reservation may not follow",
        refusable: false))
  }

  /// Its MAC is another one from then on.
  private mutating func interruptHost(on hardware: LinkName) {
    target.interruptions[.link(hardware), default: []].append(
      "traffic of the host through '\(hardware)': a few milliseconds")
  }

  /// What the host has on a macvlan that no guest asks for any more goes back to the hardware.
  mutating func releaseStations() {
    let carrying = Set(attached.compactMap(\.link.macvtap.link))
    for link in observed.links where link.kind == .macvlan && isOurs(link) {
      guard target.wanted.link(link.name) == nil, let hardware = link.macvtap.link else { continue }
      let reason = String(link.path ?? "")
      interruptHost(on: hardware)
      if goesDown(hardware), !carrying.contains(hardware), !isUsed(link.name, by: hardware) {
        goingDown.insert(hardware)
        move(from: link.name, to: hardware, because: reason) { $0.canBeOnDownLink }
      } else {
        move(from: link.name, to: hardware, because: reason)
      }
      moveHolds(from: link.name, to: hardware, because: reason)
    }
  }
}
