internal import CNetlink
import Glibc

extension Conversation where Carrier: ~Copyable {
  /// Lists objects: `each` sees every message of the answer, its type and what follows its header.
  ///
  /// A dump during which the kernel's list changed (NLM_F_DUMP_INTR), whose answers were lost or did not fit is made
  /// anew, from `initial`, up to 20 times.
  package mutating func dump<Result>(
    _ operation: String, type: UInt16, into initial: Result,
    request: (inout MessageWriter) -> Void,
    each: (inout Result, _ type: UInt16, RawSpan) throws(MalformedMessage) -> Void
  ) throws(NetlinkError) -> Result {
    var writer = MessageWriter()
    writer.message(type: type, flags: UInt16(NLM_F_REQUEST | NLM_F_DUMP), request)
    var attempt = 1
    while true {
      var result = initial
      do throws(NetlinkError) {
        try converse(operation, writer, into: &result, each)
        return result
      } catch {
        guard attempt < Self.attempts, recovers(from: error) else { throw error }
        attempt += 1
      }
    }
  }

  /// Lists all objects of a kind that `request` describes.
  package mutating func dump<Message: NetlinkMessage>(
    _ operation: String, _ kind: Message.Type = Message.self, request: (inout MessageWriter) -> Void
  ) throws(NetlinkError) -> [Message] {
    try dump(operation, type: Message.getType, into: [Message](), request: request) {
      (list, type, payload) throws(MalformedMessage) in
      if type == Message.newType { list.append(try Message(decoding: payload)) }
    }
  }

  /// Asks for one object; `each` sees the answer.
  package mutating func query<Result>(
    _ operation: String, type: UInt16, into initial: Result,
    request: (inout MessageWriter) -> Void,
    each: (inout Result, _ type: UInt16, RawSpan) throws(MalformedMessage) -> Void
  ) throws(NetlinkError) -> Result {
    var writer = MessageWriter()
    // With an acknowledgement after the object, both outcomes end in the same way.
    writer.message(type: type, flags: UInt16(NLM_F_REQUEST | NLM_F_ACK), request)
    var result = initial
    try converse(operation, writer, into: &result, each)
    return result
  }

  private mutating func recovers(from error: NetlinkError) -> Bool {
    switch error.errno {
    case EINTR, ENOBUFS: return true
    case ENOSPC where buffer.count < Self.longestDatagram:
      buffer = [UInt8](repeating: 0, count: buffer.count * 4)
      return true
    default: return false
    }
  }

  /// Sends one request and reads to the end of its answer.
  private mutating func converse<Result>(
    _ operation: String, _ request: MessageWriter, into result: inout Result,
    _ each: (inout Result, _ type: UInt16, RawSpan) throws(MalformedMessage) -> Void
  ) throws(NetlinkError) {
    guard !request.overflowed else {
      throw NetlinkError(
        operation: operation, errno: EMSGSIZE, message: "a value does not fit into an attribute")
    }
    try begin()
    let sequence = takeSequence()
    var bytes = request.bytes
    unsafe bytes.withUnsafeMutableBytes {
      unsafe $0.storeBytes(of: sequence, toByteOffset: 8, as: UInt32.self)
    }
    let sent = wire.send(bytes.rawSpan)
    guard sent == bytes.count else {
      throw NetlinkError(
        operation: operation, errno: sent < 0 ? Int32(-sent) : EPROTO, message: "the send failed")
    }
    var progress = Progress(sequence: sequence)
    while !progress.ended {
      let length = try receive(operation)
      do throws(MalformedMessage) {
        try progress.read(buffer.rawSpan.extracting(first: length), wire.port, operation, &result, each)
      } catch {
        throw NetlinkError(operation: operation, malformed: error)
      }
      if let error = progress.error, !progress.ended { throw error }
    }
    end()
    if let error = progress.error { throw error }
    if progress.interrupted {
      throw NetlinkError(
        operation: operation, errno: EINTR, message: "the list kept changing while it was read")
    }
  }

  /// How far the answer to one request has come.
  private struct Progress {
    let sequence: UInt32
    var ended = false
    var interrupted = false
    var error: NetlinkError?

    init(sequence: UInt32) { self.sequence = sequence }

    mutating func read<Result>(
      _ datagram: RawSpan, _ port: UInt32, _ operation: String, _ result: inout Result,
      _ each: (inout Result, _ type: UInt16, RawSpan) throws(MalformedMessage) -> Void
    ) throws(MalformedMessage) {
      var reader = MessageReader(datagram)
      while !ended, try reader.next() {
        let header = reader.header
        error = fault(header, port: port, sequences: sequence..<sequence + 1, operation)
        guard error == nil else { return }
        interrupted = interrupted || header.isInterrupted
        switch header.type {
        case UInt16(NLMSG_NOOP): break
        case UInt16(NLMSG_OVERRUN):
          error = NetlinkError(operation: operation, errno: ENOBUFS, message: "answers were lost")
          return
        case UInt16(NLMSG_ERROR):
          let answer = try Acknowledgement(error: reader.payload, flags: header.flags)
          if answer.errno != 0 { error = answer.error(operation) }
          ended = true
        case UInt16(NLMSG_DONE):
          let answer = try Acknowledgement(done: reader.payload, flags: header.flags)
          if answer.errno != 0 { error = answer.error(operation) }
          ended = true
        default:
          // What is thrown away anyway need not be read.
          if !interrupted { try each(&result, header.type, reader.payload) }
        }
      }
    }
  }
}
