import Glibc
import Netlink

/// A stand-in for the kernel: what it answers is a function of what it is asked.
struct ScriptedWire: ~Copyable, Wire {
  /// A message as it was sent.
  struct Request: Sendable {
    var type: UInt16
    var flags: UInt16
    var sequence: UInt32
  }

  enum Event: Sendable {
    case datagram([UInt8])
    case failure(Int32)
  }

  var port: UInt32 = 1000
  var answersHeld = 64
  /// Every datagram sent up to now, and what is to be received. Shared with the test, which looks at it afterwards.
  let log: Log
  private var pending: [Event] = []
  private let answer: @Sendable (_ send: Int, _ port: UInt32, [Request]) -> [Event]

  final class Log: @unchecked Sendable {
    var sends: [[Request]] = []
    var reopened = 0
    /// −errno instead of a send.
    var sendFailures: [Int: Int32] = [:]
  }

  init(_ log: Log = Log(), answer: @escaping @Sendable (Int, UInt32, [Request]) -> [Event]) {
    self.log = log
    self.answer = answer
  }

  mutating func send(_ bytes: RawSpan) -> Int {
    var requests: [Request] = []
    var reader = MessageReader(bytes)
    while (try? reader.next()) == true {
      requests.append(
        Request(type: reader.header.type, flags: reader.header.flags, sequence: reader.header.sequence))
    }
    log.sends.append(requests)
    if let errno = log.sendFailures[log.sends.count] { return -Int(errno) }
    pending += answer(log.sends.count, port, requests)
    return bytes.byteCount
  }

  mutating func receive(into buffer: inout [UInt8], wait: Bool) -> Int {
    guard !pending.isEmpty else { return -Int(EAGAIN) }
    switch pending.removeFirst() {
    case .failure(let errno): return -Int(errno)
    case .datagram(let bytes):
      guard bytes.count <= buffer.count else { return -Int(ENOSPC) }
      buffer.replaceSubrange(0..<bytes.count, with: bytes)
      return bytes.count
    }
  }

  mutating func reopen() throws(NetlinkError) {
    pending = []
    port += 1
    log.reopened += 1
  }
}

/// Messages as the kernel makes them.
enum Answer {
  static let multi: UInt16 = 2
  static let interrupted: UInt16 = 0x10

  static func message(
    _ type: UInt16, flags: UInt16 = 0, _ sequence: UInt32, _ port: UInt32,
    _ body: (inout MessageWriter) -> Void = { _ in }
  ) -> [UInt8] {
    var writer = MessageWriter()
    writer.message(type: type, flags: flags, sequence: sequence, body)
    var bytes = writer.bytes
    for index in 0..<4 { bytes[12 + index] = UInt8(truncatingIfNeeded: port >> (8 * UInt32(index))) }
    return bytes
  }

  /// A new link of a dump.
  static func link(_ name: String, flags: UInt16 = multi, _ sequence: UInt32, _ port: UInt32) -> [UInt8] {
    message(16, flags: flags, sequence, port) { LinkMessage(index: 1, name: name).encode(into: &$0) }
  }

  static func done(_ sequence: UInt32, _ port: UInt32, flags: UInt16 = multi, error: Int32 = 0) -> [UInt8] {
    message(3, flags: flags, sequence, port) { $0.append(error) }
  }

  /// An acknowledgement, with an explanation if there is one; capped, as asked for.
  static func error(_ errno: Int32, _ sequence: UInt32, _ port: UInt32, _ explanation: String? = nil)
    -> [UInt8]
  {
    message(2, flags: 0x100 | (explanation == nil ? 0 : 0x200), sequence, port) {
      $0.append(-errno)
      $0.append(zeros: 16)
      if let explanation { $0.put(1, string: explanation) }
    }
  }
}
