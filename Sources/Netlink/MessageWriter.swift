/// Appends netlink messages and their attributes to one growing buffer.
///
/// Integers are in host byte order; `be` in a label means network order. What cannot be represented, a payload
/// longer than an attribute's 16-bit length or text with a NUL inside, is left out and remembered in `overflowed`.
package struct MessageWriter: Sendable {
  package private(set) var bytes: [UInt8] = []
  /// Something was left out: the buffer must not be sent.
  package private(set) var overflowed = false

  package init(reserving capacity: Int = 256) { bytes.reserveCapacity(capacity) }

  /// Appends a message (linux/netlink.h, `struct nlmsghdr`), whose length is set when `body` has returned.
  package mutating func message(
    type: UInt16, flags: UInt16, sequence: UInt32 = 0, _ body: (inout MessageWriter) -> Void
  ) {
    let start = bytes.count
    append(UInt32(0))
    append(type)
    append(flags)
    append(sequence)
    // The kernel knows the sender's port id from the socket.
    append(UInt32(0))
    body(&self)
    set(UInt32(bytes.count - start), at: start)
    pad()
  }

  /// Takes back everything from `count` bytes on, and what was left out there.
  package mutating func truncate(to count: Int) {
    bytes.removeSubrange(count...)
    overflowed = false
  }

  // MARK: Fixed structures

  package mutating func append(_ value: UInt8) { bytes.append(value) }

  package mutating func append(_ value: UInt16) { raw(value) }

  package mutating func append(_ value: UInt32) { raw(value) }

  package mutating func append(_ value: Int32) { raw(value) }

  package mutating func append(_ value: UInt64) { raw(value) }

  /// In network order.
  package mutating func append(_ address: InternetAddress) {
    if address.isIPv6 {
      raw(address.value.bigEndian)
    } else {
      append(UInt32(truncatingIfNeeded: address.value).bigEndian)
    }
  }

  package mutating func append(zeros count: Int) { bytes.append(contentsOf: repeatElement(0, count: count)) }

  private mutating func raw(_ value: some BitwiseCopyable) {
    unsafe withUnsafeBytes(of: value) { unsafe bytes.append(contentsOf: $0) }
  }

  private mutating func pad() { append(zeros: aligned(bytes.count) - bytes.count) }

  private mutating func set(_ value: UInt32, at position: Int) {
    unsafe bytes.withUnsafeMutableBytes {
      unsafe $0.storeBytes(of: value, toByteOffset: position, as: UInt32.self)
    }
  }

  // MARK: Attributes

  /// Appends an attribute whose payload `body` writes.
  package mutating func attribute(_ type: Int, _ body: (inout MessageWriter) -> Void) {
    lengthPrefixed {
      $0.append(UInt16(truncatingIfNeeded: type))
      body(&$0)
    }
  }

  /// Appends something that begins with its own length in 16 bits: an attribute, a leg of a route.
  mutating func lengthPrefixed(_ body: (inout MessageWriter) -> Void) {
    let start = bytes.count
    append(UInt16(0))
    body(&self)
    let length = bytes.count - start
    guard length <= Int(UInt16.max) else {
      bytes.removeSubrange(start...)
      overflowed = true
      return
    }
    unsafe bytes.withUnsafeMutableBytes {
      unsafe $0.storeBytes(of: UInt16(length), toByteOffset: start, as: UInt16.self)
    }
    pad()
  }

  /// Appends an attribute made of attributes, with NLA_F_NESTED.
  package mutating func nest(_ type: Int, _ body: (inout MessageWriter) -> Void) {
    attribute(type | 0x8000, body)
  }

  private mutating func put(_ type: Int, raw value: some BitwiseCopyable, size: Int) {
    append(UInt16(4 + size))
    append(UInt16(truncatingIfNeeded: type))
    raw(value)
    pad()
  }

  package mutating func put(_ type: Int, u8 value: UInt8) { put(type, raw: value, size: 1) }

  package mutating func put(_ type: Int, flag value: Bool) { put(type, u8: value ? 1 : 0) }

  package mutating func put(_ type: Int, u16 value: UInt16) { put(type, raw: value, size: 2) }

  package mutating func put(_ type: Int, be16 value: UInt16) { put(type, raw: value.bigEndian, size: 2) }

  package mutating func put(_ type: Int, u32 value: UInt32) { put(type, raw: value, size: 4) }

  package mutating func put(_ type: Int, i32 value: Int32) { put(type, raw: value, size: 4) }

  package mutating func put(_ type: Int, be32 value: UInt32) { put(type, raw: value.bigEndian, size: 4) }

  package mutating func put(_ type: Int, u64 value: UInt64) { put(type, raw: value, size: 8) }

  package mutating func put(_ type: Int, be64 value: UInt64) { put(type, raw: value.bigEndian, size: 8) }

  /// An attribute without a payload.
  package mutating func put(_ type: Int) { attribute(type) { _ in } }

  package mutating func put(_ type: Int, bytes value: some Collection<UInt8>) {
    attribute(type) { $0.bytes.append(contentsOf: value) }
  }

  /// Text with a NUL at its end, or without where the kernel counts the bytes it gets.
  package mutating func put(_ type: Int, string: String, terminated: Bool = true) {
    guard !string.utf8.contains(0) else {
      overflowed = true
      return
    }
    attribute(type) {
      $0.bytes.append(contentsOf: string.utf8)
      if terminated { $0.append(UInt8(0)) }
    }
  }

  package mutating func put(_ type: Int, address: InternetAddress) {
    attribute(type) { $0.append(address) }
  }

  package mutating func put(_ type: Int, address: LinkLayerAddress) { put(type, bytes: address.octets) }
}
