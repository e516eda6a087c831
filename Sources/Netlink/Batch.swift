internal import CNetlink
import Glibc

/// Requests to be sent together; each gets an answer of its own.
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
