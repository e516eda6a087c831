internal import CNetlink
import Glibc

/// Requests to be sent together; each has an outcome of its own.
///
/// The kernel goes through all of them: one that fails does not stop those after it. So a batch holds only requests
/// whose effects do not depend on one another's success.
package struct Batch: Sendable {
  struct Request: Sendable {
    var operation: String
    /// Its bytes in the writer; empty if it could not be written.
    var range: Range<Int>
  }

  private(set) var requests: [Request] = []
  private var writer: MessageWriter

  package init(reserving requests: Int = 16) {
    self.requests.reserveCapacity(requests)
    writer = MessageWriter(reserving: requests * 96)
  }

  package var count: Int { requests.count }
  package var isEmpty: Bool { requests.isEmpty }

  /// The messages as they will be sent, sequence numbers aside.
  package var bytes: [UInt8] { writer.bytes }

  /// Appends one request; `operation` names it in an error, with its object: `create bridge br0`.
  package mutating func add(
    _ operation: String, type: UInt16, flags: UInt16 = 0, _ body: (inout MessageWriter) -> Void
  ) {
    let start = writer.bytes.count
    writer.message(type: type, flags: flags | UInt16(NLM_F_REQUEST | NLM_F_ACK), body)
    if writer.overflowed { writer.truncate(to: start) }
    requests.append(Request(operation: operation, range: start..<writer.bytes.count))
  }

  /// Appends one request of nfnetlink as a transaction of its own (linux/netfilter/nfnetlink.h): it stands between two
  /// marks, which share its sequence number and are answered only if they fail.
  package mutating func addTransaction(
    _ operation: String, subsystem: UInt16, type: UInt16, flags: UInt16 = 0,
    _ body: (inout MessageWriter) -> Void
  ) {
    let start = writer.bytes.count
    func mark(_ type: Int32) {
      writer.message(type: UInt16(type), flags: UInt16(NLM_F_REQUEST)) {
        // `struct nfgenmsg`: the subsystem stands in its last two bytes, in network order.
        $0.append(zeros: 2)
        $0.append(subsystem.bigEndian)
      }
    }
    // NFNL_MSG_BATCH_BEGIN and _END, which are no plain numbers in the header.
    mark(NLMSG_MIN_TYPE)
    writer.message(
      type: subsystem << 8 | type, flags: flags | UInt16(NLM_F_REQUEST | NLM_F_ACK), body)
    mark(NLMSG_MIN_TYPE + 1)
    if writer.overflowed { writer.truncate(to: start) }
    requests.append(Request(operation: operation, range: start..<writer.bytes.count))
  }

  package mutating func add<Message: NetlinkMessage>(_ operation: String, _ verb: Verb, _ message: Message) {
    add(operation, type: verb == .delete ? Message.deleteType : Message.newType, flags: verb.flags) {
      message.encode(into: &$0)
    }
  }
}

/// What became of one request.
package enum Outcome: Hashable, Sendable {
  case done
  /// The kernel refused it, and changed nothing.
  case failed(NetlinkError)
  /// It was sent and its answer is lost: it may or may not have happened, only looking tells.
  case unknown(NetlinkError)
  /// It never reached the kernel.
  case notSent(NetlinkError)

  /// nil when done.
  package var error: NetlinkError? {
    switch self {
    case .done: nil
    case .failed(let error), .unknown(let error), .notSent(let error): error
    }
  }
}
