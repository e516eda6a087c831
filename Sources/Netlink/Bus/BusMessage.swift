/// A message of D-Bus ("Message Protocol" of its specification): calls go out, answers come in.
package struct BusMessage: Hashable, Sendable {
  package enum Kind: UInt8, Sendable { case call = 1, answer, error, signal }

  package var kind: Kind
  /// Of the call that it answers.
  package var replySerial: UInt64?
  package var errorName: String?
  package var body: [BusValue] = []

  /// What comes before every message: enough to know how long it is.
  static let preamble = 16
  /// As the specification has it.
  private static let limit = 1 << 27

  /// The bytes of a message of that preamble; nil where it is none.
  package static func length(of preamble: [UInt8]) -> Int? {
    guard preamble.count >= Self.preamble, let isBig = isBigEndian(preamble[0]) else { return nil }
    func number(_ at: Int) -> Int {
      let part = preamble[at..<at + 4]
      return (isBig ? Array(part) : part.reversed()).reduce(0) { $0 << 8 | Int($1) }
    }
    let (body, fields) = (number(4), number(12))
    guard body <= limit, fields <= limit else { return nil }
    return padded(Self.preamble + fields) + body
  }

  private static func isBigEndian(_ byte: UInt8) -> Bool? {
    byte == UInt8(ascii: "l") ? false : byte == UInt8(ascii: "B") ? true : nil
  }

  private static func padded(_ length: Int) -> Int { (length + 7) / 8 * 8 }

  package init(decoding bytes: [UInt8]) throws(MalformedBusMessage) {
    guard bytes.count >= Self.preamble, let isBig = Self.isBigEndian(bytes[0]),
      let kind = Kind(rawValue: bytes[1]), Self.length(of: bytes) == bytes.count
    else { throw MalformedBusMessage() }
    self.kind = kind
    var reader = BusReader(bytes, from: 12, bigEndian: isBig)
    let fields = try reader.values("a(yv)")[0].list
    var signature = ""
    for field in fields where field.list.count == 2 {
      let value = field.list[1]
      switch field.list[0].number {
      case 4: errorName = value.string
      case 5: replySerial = value.number
      case 8: signature = value.string ?? ""
      default: break
      }
    }
    try reader.align(to: 8)
    var rest = BusReader(Array(bytes[reader.place...]), bigEndian: isBig)
    body = try rest.values(signature)
  }

  /// A call with texts as its arguments. It starts nobody who is not there (NO_AUTO_START).
  package static func call(_ method: BusMethod, _ arguments: [String], serial: UInt32) -> [UInt8] {
    var body = Writer()
    for argument in arguments { body.append(text: argument) }
    var fields = Writer()
    for (code, type, text) in [
      (1, "o", method.path), (6, "s", method.destination), (2, "s", method.interface), (3, "s", method.name),
    ] as [(UInt8, String, String)] {
      fields.begin(code, type)
      fields.append(text: text)
    }
    if !arguments.isEmpty {
      fields.begin(8, "g")
      fields.append(signature: String(repeating: "s", count: arguments.count))
    }
    var message = Writer()
    message.bytes = [UInt8(ascii: "l"), Kind.call.rawValue, 2, 1]
    message.append(number: UInt32(body.bytes.count))
    message.append(number: serial)
    message.append(number: UInt32(fields.bytes.count))
    message.bytes += fields.bytes
    message.align(to: 8)
    return message.bytes + body.bytes
  }

  private struct Writer {
    var bytes: [UInt8] = []

    mutating func align(to size: Int) {
      while bytes.count % size != 0 { bytes.append(0) }
    }

    mutating func append(number: UInt32) {
      align(to: 4)
      for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    mutating func append(text: String) {
      append(number: UInt32(text.utf8.count))
      bytes += Array(text.utf8) + [0]
    }

    mutating func append(signature: String) { bytes += [UInt8(signature.utf8.count)] + signature.utf8 + [0] }

    /// A field of the header: its code, and the signature of its variant. The header's array begins at a multiple of 8.
    mutating func begin(_ code: UInt8, _ type: String) {
      align(to: 8)
      bytes.append(code)
      append(signature: type)
    }
  }
}

/// Where a call goes.
package struct BusMethod: Sendable {
  package var destination: String
  package var path: String
  package var interface: String
  package var name: String

  package init(_ destination: String, _ path: String, _ interface: String, _ name: String) {
    self.destination = destination
    self.path = path
    self.interface = interface
    self.name = name
  }
}
