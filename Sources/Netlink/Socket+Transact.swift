internal import CNetlink
import Glibc

extension Conversation where Carrier: ~Copyable {
  /// Sends the requests in as few datagrams as their answers allow, and matches every answer to its request.
  ///
  /// The kernel goes through a datagram in order and answers what it refuses, asked or not (`netlink_rcv_skb`,
  /// net/netlink/af_netlink.c); an answer that it has no room for makes the next receive fail with ENOBUFS. So the last
  /// request alone asks to be answered: once that answer is here, and no receive has failed, what was not answered is done (but
  /// for EINTR, which the kernel never answers, and which no change of rtnetlink ends with).
  ///
  /// A send or receive that fails ends it: what was under way is unknown, what would have followed is not sent.
  package mutating func transact(_ batch: Batch) -> [Outcome] {
    let requests = batch.requests
    var outcomes = [Outcome?](repeating: nil, count: requests.count)
    for index in requests.indices where requests[index].range.isEmpty {
      let error = NetlinkError(
        operation: requests[index].operation, errno: EMSGSIZE,
        message: "a value does not fit into an attribute")
      outcomes[index] = .notSent(error)
    }
    var failure: NetlinkError?
    do throws(NetlinkError) {
      try begin()
      let first = takeSequence(max(1, requests.count))
      var bytes = Self.numbered(batch, from: first)
      var next = 0
      while next < requests.count {
        let chunk = self.chunk(of: requests, from: next)
        next = chunk.upperBound
        try exchange(chunk, of: requests, &bytes, first, &outcomes)
      }
      end()
    } catch {
      failure = error
    }
    return outcomes.indices.map { index in
      if let outcome = outcomes[index] { return outcome }
      var error = failure ?? NetlinkError(operation: "", errno: EPROTO)
      error.operation = requests[index].operation
      return .notSent(error)
    }
  }

  /// Sends one request and waits for its answer.
  package mutating func request<Message: NetlinkMessage>(
    _ operation: String, _ verb: Verb, _ message: Message
  ) throws(NetlinkError) {
    var batch = Batch(reserving: 1)
    batch.add(operation, verb, message)
    if let error = transact(batch)[0].error { throw error }
  }

  private static func numbered(_ batch: Batch, from first: UInt32) -> [UInt8] {
    var bytes = batch.bytes
    unsafe bytes.withUnsafeMutableBytes { bytes in
      for (index, request) in batch.requests.enumerated() {
        var start = request.range.lowerBound
        while start < request.range.upperBound {
          unsafe bytes.storeBytes(of: first + UInt32(index), toByteOffset: start + 8, as: UInt32.self)
          let length = unsafe bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)
          start += (Int(length) + 3) & ~3
        }
      }
    }
    return bytes
  }

  private func chunk(of requests: [Batch.Request], from start: Int) -> Range<Int> {
    var end = start + 1
    while end < requests.count, end - start < requestsPerSend,
      requests[end].range.upperBound - requests[start].range.lowerBound <= Self.longestSend
    {
      end += 1
    }
    return start..<end
  }

  /// One send and all its answers.
  private mutating func exchange(
    _ chunk: Range<Int>, of requests: [Batch.Request], _ bytes: inout [UInt8], _ first: UInt32,
    _ outcomes: inout [Outcome?]
  ) throws(NetlinkError) {
    let range = requests[chunk.lowerBound].range.lowerBound..<requests[chunk.upperBound - 1].range.upperBound
    guard let last = chunk.last(where: { outcomes[$0] == nil }) else { return }
    Self.keepQuiet(requests[chunk.lowerBound..<last], in: &bytes)
    let sent = wire.send(bytes.rawSpan.extracting(range))
    // A netlink send fails before the kernel looks at the messages, or not at all (netlink_unicast_kernel).
    guard sent >= 0 else {
      throw NetlinkError(operation: "", errno: Int32(-sent), message: "the send failed")
    }
    do throws(NetlinkError) {
      guard sent == range.count else {
        throw NetlinkError(operation: "", errno: EPROTO, message: "the send was cut short")
      }
      var failures: [NetlinkError] = []
      while outcomes[last] == nil {
        let length: Int
        do throws(NetlinkError) {
          length = try receive("", wait: failures.isEmpty)
        } catch {
          // The kernel has made all answers before the send returned. After a failure those that are still there
          // are read without waiting; only what is missing then is unknown.
          failures.append(error)
          guard failures.count < 16, error.errno != EAGAIN else { throw failures[0] }
          continue
        }
        try read(length, chunk, requests, first, &outcomes)
      }
      if let failure = failures.first, chunk.contains(where: { outcomes[$0] == nil }) { throw failure }
    } catch {
      for index in chunk where outcomes[index] == nil {
        var error = error
        error.operation = requests[index].operation
        outcomes[index] = .unknown(error)
      }
      throw error
    }
    for index in chunk where outcomes[index] == nil { outcomes[index] = .done }
  }

  /// These are answered only if the kernel refuses them; a transaction of nfnetlink, which goes alone, keeps its answer.
  private static func keepQuiet(_ requests: ArraySlice<Batch.Request>, in bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { bytes in
      for request in requests where !request.range.isEmpty {
        let place = request.range.lowerBound + 6
        let flags = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt16.self)
        unsafe bytes.storeBytes(of: flags & ~UInt16(NLM_F_ACK), toByteOffset: place, as: UInt16.self)
      }
    }
  }

  /// Takes the answers from one datagram.
  private mutating func read(
    _ length: Int, _ chunk: Range<Int>, _ requests: [Batch.Request], _ first: UInt32,
    _ outcomes: inout [Outcome?]
  ) throws(NetlinkError) {
    let sequences = first + UInt32(chunk.lowerBound)..<first + UInt32(chunk.upperBound)
    var foreign: NetlinkError?
    do throws(MalformedMessage) {
      var reader = MessageReader(buffer.rawSpan.extracting(first: length))
      while try reader.next() {
        let header = reader.header
        foreign = Self.fault(header, port: wire.port, sequences: sequences, "")
        if foreign != nil { break }
        guard header.type == UInt16(NLMSG_ERROR) else { continue }
        let index = Int(header.sequence - first)
        guard outcomes[index] == nil else { continue }
        let answer = try Acknowledgement(error: reader.payload, flags: header.flags)
        outcomes[index] = answer.errno == 0 ? .done : .failed(answer.error(requests[index].operation))
      }
    } catch {
      throw NetlinkError(operation: "", malformed: error)
    }
    if let foreign { throw foreign }
  }
}
