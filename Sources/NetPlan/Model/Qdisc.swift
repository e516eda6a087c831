/// The token bucket by which a TAP sends to its guest no faster than it may (tc-tbf(8)), the link's root discipline.
///
/// One of ours has our handle (`Ownership.qdisc`); others, and what our handle has that is no plain bucket, are a fact
/// about the link.
package struct Qdisc: Described, Hashable {
  package var link: LinkName
  /// Bits per second, a multiple of 8.
  package var rate: UInt64
  /// The time in which an empty bucket fills, in the kernel's ticks of 64 ns: it keeps no bytes there, and tells what it
  /// was told (`tbf_dump`, net/sched/sch_tbf.c).
  package var buffer: UInt32
  /// Bytes that may wait; what comes then is dropped.
  package var limit: UInt32

  package init(link: LinkName, rate: UInt64, buffer: UInt32, limit: UInt32) {
    self.link = link
    self.rate = rate
    self.buffer = buffer
    self.limit = limit
  }

  package static let fields: [Field<Qdisc>] = [
    .always("link", \.link),
    .always("rate", \.rate),
    .always("buffer", \.buffer),
    .always("limit", \.limit),
  ]

  package static var blank: Qdisc { Qdisc(link: LinkName(kernel: ""), rate: 0, buffer: 0, limit: 0) }
}

extension Qdisc {
  /// For a guest that is to receive `rate` bits per second in frames of an MTU.
  ///
  /// The bucket holds what 10 ms bring, and two frames at least: a larger packet than it holds would never pass. As much
  /// as 50 ms bring may wait behind it, and ten frames at least, without which TCP cannot tell loss from a limit.
  package init(link: LinkName, rate: UInt64, mtu: Int) {
    // An Ethernet header and a tag.
    let frame = UInt64(mtu) + 18
    let bytes = rate / 8
    let burst = max(bytes / 100, 2 * frame)
    let waiting = max(bytes / 20, 10 * frame)
    // Up, so that the frames fit.
    let ticks = UInt128(burst) * (1_000_000_000 / 64) / UInt128(bytes) + 1
    self.init(
      link: link, rate: rate, buffer: UInt32(clamping: ticks), limit: UInt32(clamping: burst + waiting))
  }
}
