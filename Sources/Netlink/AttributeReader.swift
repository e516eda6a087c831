/// Bytes that are not what the kernel's headers say they are.
package struct MalformedMessage: Error, Hashable, Sendable {
  /// What the bytes were taken for.
  package enum Expected: Hashable, Sendable {
    case u8, u16, u32, u64
    case address
    case attribute
    case message
    /// The end of a range whose beginning was before it.
    case range
    /// A fixed structure of this many bytes.
    case structure(Int)
  }

  /// The attribute's number; nil outside any attribute.
  package var attribute: Int?
  package var expected: Expected
  /// Bytes there were.
  package var length: Int

  package init(attribute: Int?, expected: Expected, length: Int) {
    self.attribute = attribute
    self.expected = expected
    self.length = length
  }
}

extension MalformedMessage: CustomStringConvertible {
  package var description: String {
    let subject = attribute.map { "attribute \($0)" } ?? "the message"
    let wanted =
      switch expected {
      case .u8: "a uint8"
      case .u16: "a uint16"
      case .u32: "a uint32"
      case .u64: "a uint64"
      case .address: "an address"
      case .attribute: "a list of attributes"
      case .message: "a netlink message"
      case .range: "the end of a range"
      case .structure(let size): "a structure of \(size) bytes"
      }
    return "\(subject) is not \(wanted); length: \(length)"
  }
}

/// A cursor over the attributes (linux/netlink.h, `struct nlattr`) in a span of bytes.
///
/// Attributes whose number the caller does not know are passed over, because the kernel grows; a length that does
/// not fit its surroundings is an error.
package struct AttributeReader: ~Escapable {
  private let bytes: RawSpan
  private var position: Int
  private var start = 0
  private var end = 0

  /// The number of the current attribute, without NLA_F_NESTED and NLA_F_NET_BYTEORDER.
  package private(set) var type = 0
  /// NLA_F_NESTED is set on the current attribute.
  package private(set) var isNested = false

  /// `headerLength` bytes in front are skipped, rounded up to the alignment of attributes.
  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan, after headerLength: Int = 0) {
    self.bytes = bytes
    position = aligned(headerLength)
  }

  /// Steps to the next attribute; false at the end.
  package mutating func next() throws(MalformedMessage) -> Bool {
    let rest = bytes.byteCount - position
    guard rest > 0 else { return false }
    guard rest >= 4 else { throw MalformedMessage(attribute: nil, expected: .attribute, length: rest) }
    let length = Int(bytes.loadU16(position))
    let raw = bytes.loadU16(position + 2)
    type = Int(raw & 0x3fff)
    isNested = raw & 0x8000 != 0
    guard length >= 4, length <= rest else {
      throw MalformedMessage(attribute: type, expected: .attribute, length: rest)
    }
    start = position + 4
    end = position + length
    position += aligned(length)
    return true
  }

  /// Bytes in the current attribute.
  package var count: Int { end - start }

  package var payload: RawSpan {
    @_lifetime(copy self) get { bytes.extracting(start..<end) }
  }

  /// A cursor over the attributes inside the current one.
  package var nested: AttributeReader {
    @_lifetime(copy self) get { AttributeReader(payload) }
  }

  private func malformed(_ expected: MalformedMessage.Expected) -> MalformedMessage {
    MalformedMessage(attribute: type, expected: expected, length: count)
  }

  package func u8() throws(MalformedMessage) -> UInt8 {
    guard count == 1 else { throw malformed(.u8) }
    return bytes.loadU8(start)
  }

  package func flag() throws(MalformedMessage) -> Bool { try u8() != 0 }

  package func u16() throws(MalformedMessage) -> UInt16 {
    guard count == 2 else { throw malformed(.u16) }
    return bytes.loadU16(start)
  }

  package func be16() throws(MalformedMessage) -> UInt16 { UInt16(bigEndian: try u16()) }

  package func u32() throws(MalformedMessage) -> UInt32 {
    guard count == 4 else { throw malformed(.u32) }
    return bytes.loadU32(start)
  }

  package func i32() throws(MalformedMessage) -> Int32 { Int32(bitPattern: try u32()) }

  package func be32() throws(MalformedMessage) -> UInt32 { UInt32(bigEndian: try u32()) }

  package func u64() throws(MalformedMessage) -> UInt64 {
    guard count == 8 else { throw malformed(.u64) }
    return bytes.loadU64(start)
  }

  package func be64() throws(MalformedMessage) -> UInt64 { UInt64(bigEndian: try u64()) }

  /// Text up to the first NUL or the attribute's end; the kernel writes it with a NUL, some senders without.
  package func string() -> String { payload.text() }

  /// Four or sixteen bytes.
  package func internetAddress() throws(MalformedMessage) -> InternetAddress {
    guard let address = InternetAddress(bytes: payload) else { throw malformed(.address) }
    return address
  }

  /// At most 32 bytes (linux/netdevice.h, MAX_ADDR_LEN).
  package func linkAddress() throws(MalformedMessage) -> LinkLayerAddress {
    guard let address = LinkLayerAddress(bytes: payload) else { throw malformed(.address) }
    return address
  }

  /// The payload, if it has at least `size` bytes: structures of the kernel grow at their end.
  @_lifetime(copy self)
  package func structure(_ size: Int) throws(MalformedMessage) -> RawSpan {
    guard count >= size else { throw malformed(.structure(size)) }
    return payload
  }

  /// An array of 32-bit integers; bytes after the last whole one are an error.
  package func u32Array() throws(MalformedMessage) -> [UInt32] {
    guard count.isMultiple(of: 4) else { throw malformed(.u32) }
    return unsafe [UInt32](unsafeUninitializedCapacity: count / 4) { buffer, filled in
      for index in 0..<count / 4 {
        unsafe buffer.initializeElement(at: index, to: bytes.loadU32(start + 4 * index))
      }
      filled = count / 4
    }
  }
}

/// Rounds up to NLA_ALIGNTO and NLMSG_ALIGNTO, which are both 4.
@inline(__always)
func aligned(_ length: Int) -> Int { (length + 3) & ~3 }
