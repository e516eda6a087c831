/// An IPv4 or IPv6 address as netlink carries it; an IPv4 one occupies the low 32 bits.
package struct InternetAddress: Hashable, Sendable {
  package let isIPv6: Bool
  package let value: UInt128

  package init(v4 value: UInt32) {
    isIPv6 = false
    self.value = UInt128(value)
  }

  package init(v6 value: UInt128) {
    isIPv6 = true
    self.value = value
  }

  /// Four or sixteen bytes in network order.
  package init?(bytes: RawSpan) {
    switch bytes.byteCount {
    case 4: self.init(v4: UInt32(bigEndian: bytes.loadU32(0)))
    case 16:
      let high = UInt64(bigEndian: bytes.loadU64(0))
      self.init(v6: UInt128(high) << 64 | UInt128(UInt64(bigEndian: bytes.loadU64(8))))
    default: return nil
    }
  }

  /// AF_INET or AF_INET6.
  package var family: UInt8 { isIPv6 ? 10 : 2 }
}

/// A link's hardware address: six bytes on an Ethernet, four on some tunnels, twenty on InfiniBand, up to 32.
package struct LinkLayerAddress: Hashable, Sendable {
  /// The first eight bytes, the first one highest; what is not there is zero.
  private let head: UInt64
  private let tail: [UInt8]
  package let count: Int

  package init?(bytes: RawSpan) {
    guard bytes.byteCount <= 32 else { return nil }
    count = bytes.byteCount
    if count == 6 {
      head =
        UInt64(UInt32(bigEndian: bytes.loadU32(0))) << 32 | UInt64(UInt16(bigEndian: bytes.loadU16(4))) << 16
    } else {
      var head: UInt64 = 0
      for index in 0..<8 { head = head << 8 | (index < count ? UInt64(bytes.loadU8(index)) : 0) }
      self.head = head
    }
    tail = count > 8 ? bytes.extracting(8..<count).array() : []
  }

  /// A 48-bit MAC address in the low bits of `mac`, its first byte on the wire in the highest place.
  package init(mac: UInt64) {
    head = mac << 16
    tail = []
    count = 6
  }

  /// The 48 bits of an Ethernet address; nil for any other length.
  package var mac: UInt64? { count == 6 ? head >> 16 : nil }

  /// In wire order.
  package var octets: [UInt8] {
    (0..<min(count, 8)).map { UInt8(truncatingIfNeeded: head >> (56 - 8 * $0)) } + tail
  }
}
