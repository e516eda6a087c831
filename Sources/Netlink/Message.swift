internal import CNetlink

/// The sixteen bytes before every netlink message (linux/netlink.h, `struct nlmsghdr`).
package struct MessageHeader: Hashable, Sendable {
  package static let size = 16

  /// Bytes, this header included.
  package var length: UInt32 = 0
  package var type: UInt16 = 0
  package var flags: UInt16 = 0
  package var sequence: UInt32 = 0
  /// The port id of the socket that asked; in a notification, of the socket whose request caused it, or 0.
  package var port: UInt32 = 0

  /// The dump's objects changed while it was being made: some may be missing or twice.
  package var isInterrupted: Bool { flags & UInt16(NLM_F_DUMP_INTR) != 0 }
}

/// A cursor over the messages of one datagram.
package struct MessageReader: ~Escapable {
  private let bytes: RawSpan
  private var position = 0
  private var end = 0
  package private(set) var header = MessageHeader()

  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan) { self.bytes = bytes }

  /// Steps to the next message; false at the end.
  package mutating func next() throws(MalformedMessage) -> Bool {
    let start = aligned(end)
    let rest = bytes.byteCount - start
    guard rest > 0 else { return false }
    guard rest >= MessageHeader.size else {
      throw MalformedMessage(attribute: nil, expected: .message, length: rest)
    }
    header.length = bytes.loadU32(start)
    guard header.length >= MessageHeader.size, header.length <= rest else {
      throw MalformedMessage(attribute: nil, expected: .message, length: rest)
    }
    header.type = bytes.loadU16(start + 4)
    header.flags = bytes.loadU16(start + 6)
    header.sequence = bytes.loadU32(start + 8)
    header.port = bytes.loadU32(start + 12)
    position = start + MessageHeader.size
    end = start + Int(header.length)
    return true
  }

  /// What follows the header of the current message.
  package var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(position..<end) }
  }
}

/// One kind of object that rtnetlink creates, changes, deletes and lists.
package protocol NetlinkMessage: Hashable, Sendable {
  /// RTM_NEW…, RTM_DEL… and RTM_GET… of this kind (linux/rtnetlink.h).
  static var newType: UInt16 { get }
  static var deleteType: UInt16 { get }
  static var getType: UInt16 { get }

  /// Reads what follows the message header: the kind's fixed structure and its attributes.
  init(decoding payload: RawSpan) throws(MalformedMessage)

  /// Appends the fixed structure and one attribute for each property that is not nil.
  func encode(into writer: inout MessageWriter)
}

/// What to do with an object, as flags of the request (rtnetlink(7)).
package enum Verb: Hashable, Sendable {
  /// It must not exist yet: NLM_F_CREATE, NLM_F_EXCL.
  case create
  /// It comes to be, or takes the place of the one with its identity: NLM_F_CREATE, NLM_F_REPLACE.
  case replace
  /// It comes to be, after those of its identity: NLM_F_CREATE, NLM_F_APPEND.
  case append
  /// It must exist: no flag. A link's properties change in this way.
  case change
  case delete

  var flags: UInt16 {
    switch self {
    case .create: UInt16(NLM_F_CREATE | NLM_F_EXCL)
    case .replace: UInt16(NLM_F_CREATE | NLM_F_REPLACE)
    case .append: UInt16(NLM_F_CREATE | NLM_F_APPEND)
    case .change, .delete: 0
    }
  }
}
