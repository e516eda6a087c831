extension Composer {
  /// What a guest receives waits in a queue of its TAP. What it sends is measured by the tables.
  mutating func limit(_ nic: NIC, _ tap: Link, _ path: String) {
    // Nanoseconds of a second's bytes must fit into 64 bits (`nft_limit_init`, net/netfilter/nft_limit.c).
    if let rate = nic.limitOut, rate > 100_000_000_000 {
      lacking(
        nic.written["limit.out"] ?? nic.position, "\(path).limit.out",
        "the kernel measures up to 100gbit of what a guest sends, not \(rate.bitRate)",
        hint: "a limit above what the guest can send is none: leave it out")
    }
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
}
