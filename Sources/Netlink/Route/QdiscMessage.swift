internal import CNetlink

/// A queueing discipline (linux/pkt_sched.h, `struct tcmsg` and TCA_…): what tc-qdisc(8) shows and sets.
package struct QdiscMessage: NetlinkMessage {
  package static let newType = UInt16(RTM_NEWQDISC)
  package static let deleteType = UInt16(RTM_DELQDISC)
  package static let getType = UInt16(RTM_GETQDISC)

  /// TC_H_ROOT: the parent of what a link sends by.
  package static let root: UInt32 = 0xffff_ffff

  package var index: Int32
  /// Its major number in the upper half; 0 for one that the kernel chose by itself.
  package var handle: UInt32
  package var parent: UInt32
  /// How many hold it; 0 in a request.
  package var references: UInt32 = 0
  /// TCA_KIND: `tbf`, `fq_codel`, `mq`.
  package var kind: String?
  /// TCA_OPTIONS of a token bucket.
  package var tokenBucket: TokenBucket?

  package init(index: Int32, handle: UInt32 = 0, parent: UInt32 = QdiscMessage.root) {
    self.index = index
    self.handle = handle
    self.parent = parent
  }

  package init(decoding payload: RawSpan) throws(MalformedMessage) {
    try payload.require(20)
    index = payload.loadI32(4)
    handle = payload.loadU32(8)
    parent = payload.loadU32(12)
    references = payload.loadU32(16)
    var a = AttributeReader(payload, after: 20)
    while try a.next() {
      switch a.type {
      case TCA_KIND: kind = a.string()
      // The kind precedes the options it explains, as the kernel writes them (`tc_fill_qdisc`).
      case TCA_OPTIONS where kind == TokenBucket.kind: tokenBucket = try TokenBucket(decoding: a.nested)
      default: break
      }
    }
  }

  package func encode(into writer: inout MessageWriter) {
    writer.append(zeros: 4)
    writer.append(index)
    writer.append(handle)
    writer.append(parent)
    writer.append(references)
    if let kind { writer.put(TCA_KIND, string: kind) }
    if let tokenBucket { writer.nest(TCA_OPTIONS) { tokenBucket.encode(into: &$0) } }
  }
}

/// A token bucket filter (tc-tbf(8), TCA_TBF_…). Of what it can do besides, the peak rate is read only as far as it is
/// needed to see that there is one.
package struct TokenBucket: Hashable, Sendable {
  package static let kind = "tbf"

  /// Bytes per second.
  package var rate: UInt64
  /// The time that the bucket takes to fill, in ticks of 64 ns (PSCHED_SHIFT, net/pkt_sched.h).
  package var buffer: UInt32
  /// Bytes that may wait.
  package var limit: UInt32
  /// TC_LINKLAYER_ETHERNET: the kernel computes, and needs no table.
  package var linkLayer: UInt8 = 1
  /// Bytes that each packet counts besides its own, and the fewest that it counts.
  package var overhead: UInt16 = 0
  package var minimum: UInt16 = 0
  /// Bytes per second; 0 for none.
  package var peakRate: UInt64 = 0

  package init(rate: UInt64, buffer: UInt32, limit: UInt32) {
    self.rate = rate
    self.buffer = buffer
    self.limit = limit
  }

  init(decoding attributes: consuming AttributeReader) throws(MalformedMessage) {
    self.init(rate: 0, buffer: 0, limit: 0)
    var a = attributes
    while try a.next() {
      switch a.type {
      case TCA_TBF_PARMS:
        // `struct tc_tbf_qopt`: two of `struct tc_ratespec`, and three numbers.
        let bytes = try a.structure(36)
        linkLayer = bytes.loadU8(1) & 0x0f
        overhead = bytes.loadU16(2)
        minimum = bytes.loadU16(6)
        if rate == 0 { rate = UInt64(bytes.loadU32(8)) }
        if peakRate == 0 { peakRate = UInt64(bytes.loadU32(20)) }
        limit = bytes.loadU32(24)
        buffer = bytes.loadU32(28)
      // Where a rate has more than 32 bits; the other field is all ones then.
      case TCA_TBF_RATE64: rate = try a.u64()
      case TCA_TBF_PRATE64: peakRate = try a.u64()
      default: break
      }
    }
  }

  func encode(into writer: inout MessageWriter) {
    if rate > UInt64(UInt32.max) { writer.put(TCA_TBF_RATE64, u64: rate) }
    if peakRate > UInt64(UInt32.max) { writer.put(TCA_TBF_PRATE64, u64: peakRate) }
    writer.attribute(TCA_TBF_PARMS) {
      $0.append(UInt8(0))
      $0.append(linkLayer)
      $0.append(overhead)
      $0.append(UInt16(0))
      $0.append(minimum)
      $0.append(UInt32(clamping: rate))
      $0.append(zeros: 8)
      $0.append(UInt32(clamping: peakRate))
      $0.append(limit)
      $0.append(buffer)
      $0.append(UInt32(0))
    }
  }
}
