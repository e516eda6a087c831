internal import CNetlink
import Glibc

/// A connection to a message bus (D-Bus), by which programs of the host are asked and told.
///
/// Of the protocol it has what that takes: calls whose arguments are texts, one at a time, and their answers.
package struct MessageBus: ~Copyable {
  private let socket: LocalSocket
  private var serial: UInt32 = 0
  /// What has come in and is not read yet.
  private var pending: [UInt8] = []

  /// The system bus, where the environment does not say otherwise.
  package static let system = "unix:path=/var/run/dbus/system_bus_socket"

  /// No call takes longer than `timeout` milliseconds without a word.
  package static func connect(
    _ address: String, timeout: UInt32 = 30_000
  ) throws(BusError) -> MessageBus {
    var bus = MessageBus(socket: try LocalSocket(address, timeout: timeout))
    try bus.authenticate()
    _ = try bus.call(BusMethod(Self.bus, "/org/freedesktop/DBus", Self.bus, "Hello"))
    return bus
  }

  private init(socket: consuming LocalSocket) { self.socket = socket }

  private static let bus = "org.freedesktop.DBus"

  /// The kernel tells the bus who we are; we only have to say the same (EXTERNAL).
  private mutating func authenticate() throws(BusError) {
    let digits = String(geteuid()).utf8.map { String($0, radix: 16) }.joined()
    try socket.send([0] + "AUTH EXTERNAL \(digits)\r\n".utf8)
    var line: [UInt8] = []
    while !line.ends(with: [13, 10]) {
      guard line.count < 4096 else { throw BusError(nil, "the message bus speaks another protocol") }
      line += try receive(1)
    }
    guard line.starts(with: "OK ".utf8) else { throw BusError(.denied, "the message bus refuses us") }
    try socket.send(Array("BEGIN\r\n".utf8))
  }

  /// The answer to a call.
  package mutating func call(_ method: BusMethod, _ arguments: [String] = []) throws(BusError) -> [BusValue] {
    serial += 1
    try socket.send(BusMessage.call(method, arguments, serial: serial))
    while true {
      let message = try next()
      guard message.replySerial == UInt64(serial) else { continue }
      switch message.kind {
      case .answer: return message.body
      case .error: throw BusError(message)
      case .call, .signal: continue
      }
    }
  }

  /// The process that has a name on the bus; nil where nobody has.
  package mutating func process(named name: String) throws(BusError) -> Int32? {
    do {
      let answer = try call(
        BusMethod(Self.bus, "/org/freedesktop/DBus", Self.bus, "GetConnectionUnixProcessID"), [name])
      return answer.first?.number.flatMap { Int32(exactly: $0) }
    } catch {
      if error.kind == .absent { return nil }
      throw error
    }
  }

  private mutating func next() throws(BusError) -> BusMessage {
    let preamble = try receive(BusMessage.preamble)
    guard let length = BusMessage.length(of: preamble) else {
      throw BusError(nil, "the message bus speaks another protocol")
    }
    let rest = try receive(length - preamble.count)
    do throws(MalformedBusMessage) {
      return try BusMessage(decoding: preamble + rest)
    } catch {
      throw BusError(nil, "an answer on the message bus is malformed")
    }
  }

  // MARK: Bytes

  private mutating func receive(_ count: Int) throws(BusError) -> [UInt8] {
    while pending.count < count { pending += try socket.receive() }
    defer { pending.removeFirst(count) }
    return Array(pending[..<count])
  }
}

/// The stream below. Its type goes with the bus into other modules: a private one that cannot be copied is there without
/// the metadata by which they destroy it, and an optimised program does not link.
package struct LocalSocket: ~Copyable {
  private let descriptor: Int32

  init(_ address: String, timeout: UInt32) throws(BusError) {
    guard let place = BusAddress(address) else {
      throw BusError(nil, "the address of the message bus, \(address), is no local socket")
    }
    let result = unsafe place.path.withUnsafeBytes { bytes in
      unsafe cnl_local_connect(
        bytes.bindMemory(to: CChar.self).baseAddress, bytes.count, place.isAbstract ? 1 : 0, timeout)
    }
    guard result >= 0 else { throw BusError(.absent, "no message bus answers", errno: -result) }
    descriptor = result
  }

  deinit { cnl_close(descriptor) }

  func send(_ bytes: [UInt8]) throws(BusError) {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe cnl_local_send(descriptor, buffer.baseAddress! + sent, buffer.count - sent)
      }
      guard count > 0 else { throw BusError(silence: Int32(-count)) }
      sent += count
    }
  }

  /// What is there, or comes next.
  func receive() throws(BusError) -> ArraySlice<UInt8> {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe cnl_local_receive(descriptor, bytes.baseAddress, bytes.count)
    }
    guard count > 0 else { throw BusError(silence: Int32(-count)) }
    return buffer[..<count]
  }
}

/// Why a call came to nothing.
package struct BusError: Error, Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    /// There is no bus, or nobody of that name on it.
    case absent
    case denied
    /// No answer in time, or the connection broke: the call may have been carried out.
    case silent
    /// By the one who was called.
    case refused
  }

  /// nil where the answer made no sense.
  package var kind: Kind?
  package var message: String

  package init(_ kind: Kind?, _ message: String, errno: Int32 = 0) {
    self.kind = kind
    self.message = message + (errno == 0 ? "" : ": \(NetlinkError.text(of: errno))")
  }

  fileprivate init(silence errno: Int32) {
    self.init(
      .silent, errno == 0 ? "the message bus closed the connection" : "no answer on the message bus",
      errno: errno == EAGAIN ? ETIMEDOUT : errno)
  }

  fileprivate init(_ answer: BusMessage) {
    let name = answer.errorName ?? ""
    let text = answer.body.first?.string ?? name
    let known: [String: Kind] = [
      "NameHasNoOwner": .absent, "ServiceUnknown": .absent, "AccessDenied": .denied, "NoReply": .silent,
      "Timeout": .silent, "Disconnected": .silent,
    ]
    let prefix = "org.freedesktop.DBus.Error."
    let kind = name.hasPrefix(prefix) ? known[String(name.dropFirst(prefix.count))] : nil
    self.init(kind ?? .refused, text.isEmpty ? "the call was refused" : text)
  }
}

extension [UInt8] {
  fileprivate func ends(with tail: [UInt8]) -> Bool { suffix(tail.count) == tail[...] }
}
