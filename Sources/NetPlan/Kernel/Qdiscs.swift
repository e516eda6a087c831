internal import Netlink

// Queueing disciplines: dump → model, change → requests.

extension LinuxHost {
  /// Whether a configuration has limits: later observations look for disciplines then.
  package mutating func look(forQdiscs asks: Bool) { asksQdiscs = asks }

  /// What TAPs send by, by index; also those of no configuration, since a foreign hand may take an alias away.
  ///
  /// A dump of it costs as much as one of links, and most hosts have none of ours: the dump of links says whether one can
  /// be (IFLA_QDISC).
  mutating func readQdiscs(of messages: [LinkMessage]) throws(NetlinkError) -> [Int32: QdiscMessage] {
    let taps = messages.filter { $0.kind == "tun" }
    guard !taps.isEmpty, asksQdiscs || taps.contains(where: { $0.qdisc == TokenBucket.kind }) else {
      return [:]
    }
    let indexes = Set(taps.map(\.index))
    var result: [Int32: QdiscMessage] = [:]
    for message in try socket.dumpQdiscs()
    // Those without a handle are the kernel's own choice.
    where message.parent == QdiscMessage.root && message.handle != 0 && indexes.contains(message.index) {
      result[message.index] = message
    }
    return result
  }

  func observe(_ message: QdiscMessage, of link: inout Link, _ state: inout State) {
    if let qdisc = Qdisc(message, link.name) {
      state.insert(.qdisc(qdisc))
    } else if link.owner != nil {
      link.facts = link.facts ?? LinkFacts()
      link.facts?.qdisc = message.kind ?? "unknown"
    }
  }
}

extension Qdisc {
  /// nil for what is not ours, or has more to it than ours have.
  init?(_ message: QdiscMessage, _ link: LinkName) {
    guard message.handle == Ownership.qdisc, message.parent == QdiscMessage.root,
      let bucket = message.tokenBucket,
      bucket == TokenBucket(rate: bucket.rate, buffer: bucket.buffer, limit: bucket.limit),
      bucket.rate <= UInt64.max / 8
    else { return nil }
    self.init(link: link, rate: bucket.rate * 8, buffer: bucket.buffer, limit: bucket.limit)
  }
}

extension Netlink.Batch {
  mutating func add(_ before: Qdisc?, _ after: Qdisc?, _ table: inout LinkTable) throws(NetlinkError) {
    let qdisc = (after ?? before)!
    var message = QdiscMessage(index: Int32(try table.index(qdisc.link)), handle: Ownership.qdisc)
    message.kind = TokenBucket.kind
    if after == nil { return add("remove qdisc tbf from \(qdisc.link)", .delete, message) }
    message.tokenBucket = TokenBucket(rate: qdisc.rate / 8, buffer: qdisc.buffer, limit: qdisc.limit)
    // One that is there is changed in place, and keeps what waits in it (`qdisc_change`, net/sched/sch_api.c).
    if before == nil {
      add("add qdisc tbf to \(qdisc.link)", .create, message)
    } else {
      add("change qdisc tbf of \(qdisc.link)", .change, message)
    }
  }
}
