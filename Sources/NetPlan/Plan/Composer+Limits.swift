extension Composer {
  /// What a guest receives waits in a queue of its TAP. What it sends is measured by the tables.
  mutating func limit(_ nic: NIC, _ tap: Link, _ path: String) {
    guard let rate = nic.limitIn else { return }
    if let kind = observed.link(tap.name)?.facts?.qdisc {
      // Of somebody else's discipline nobody here knows enough to put it back.
      conflict(
        nic.position, "\(path).limit.in",
        "'\(tap.name)' has a queueing discipline that is not ours (\(kind))",
        hint: "take it away: tc qdisc delete dev \(tap.name) root")
      return
    }
    let mtu = tap.mtu ?? observed.link(tap.name)?.mtu ?? 1500
    target.want(.qdisc(Qdisc(link: tap.name, rate: rate, mtu: mtu)), because: path)
  }
}
