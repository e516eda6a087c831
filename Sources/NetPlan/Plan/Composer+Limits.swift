extension Composer {
  /// What a guest receives waits in a queue of its TAP. What it sends is measured by the tables.
  mutating func limit(_ nic: NIC, _ tap: Link, _ path: String) {
    refuse(nic.limitOut, "limit.out", of: nic, path)
    guard let rate = nic.limitIn else { return }
    if let kind = observed.link(tap.name)?.facts?.qdisc {
      // Of somebody else's discipline nobody here knows enough to put it back.
      conflict(
        nic.written["limit.in"] ?? nic.position, "\(path).limit.in",
        "'\(tap.name)' has a queueing discipline that is not ours (\(kind))",
        hint: "take it away: tc qdisc delete dev \(tap.name) root")
      return
    }
    let mtu = tap.mtu ?? observed.link(tap.name)?.mtu ?? 1500
    target.want(.qdisc(Qdisc(link: tap.name, rate: rate, mtu: mtu)), because: path)
  }

  /// Both ways are measured by the table of a macvtap: what its guest receives is never sent by the host, so that there is
  /// no queue for it.
  mutating func refuseLimit(above nic: NIC, _ path: String) {
    refuse(nic.limitOut, "limit.out", of: nic, path)
    refuse(nic.limitIn, "limit.in", of: nic, path)
  }

  /// Nanoseconds of a second's bytes must fit into 64 bits (`nft_limit_init`, net/netfilter/nft_limit.c).
  private mutating func refuse(_ rate: UInt64?, _ key: String, of nic: NIC, _ path: String) {
    guard let rate, rate > 100_000_000_000 else { return }
    lacking(
      nic.written[key] ?? nic.position, "\(path).\(key)",
      "the kernel measures up to 100gbit of what a guest \(key == "limit.out" ? "sends" : "receives"), not \(rate.bitRate)",
      hint:
        "a limit above what the guest can \(key == "limit.out" ? "send" : "receive") is none: leave it out")
  }
}
