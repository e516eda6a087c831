/// A 48-bit IEEE 802 address, kept in the low bits of one integer.
package struct MACAddress: Hashable, Sendable, Comparable {
  /// 0 … 2⁴⁸−1, the first octet on the wire in the highest byte.
  package var bits: UInt64

  package init(bits: UInt64) { self.bits = bits & 0xffff_ffff_ffff }

  /// Six octets in wire order; nil for any other count (InfiniBand, tunnels).
  package init?(octets: some Collection<UInt8>) {
    guard octets.count == 6 else { return nil }
    bits = octets.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Reads `52:54:00:12:34:56` or `52-54-00-12-34-56`, in either case.
  package init?(_ text: some StringProtocol) {
    let utf8 = Array(text.utf8)
    guard utf8.count == 17 else { return nil }
    let separator = utf8[2]
    guard separator == UInt8(ascii: ":") || separator == UInt8(ascii: "-") else { return nil }
    var bits: UInt64 = 0
    for (index, byte) in utf8.enumerated() {
      if index % 3 == 2 {
        guard byte == separator else { return nil }
      } else {
        guard let digit = hexDigit(byte) else { return nil }
        bits = bits << 4 | UInt64(digit)
      }
    }
    self.bits = bits
  }

  /// Wire order.
  package var octets: [UInt8] { (0..<6).map { UInt8(truncatingIfNeeded: bits >> (40 - 8 * $0)) } }

  /// The group bit of the first octet (IEEE 802, clause 8.2): not usable as a station's address.
  package var isMulticast: Bool { bits >> 40 & 1 == 1 }

  /// The local bit of the first octet: not assigned by a manufacturer.
  package var isLocallyAdministered: Bool { bits >> 41 & 1 == 1 }

  package var isZero: Bool { bits == 0 }

  /// The lower half of the IPv6 addresses that a link makes of it (RFC 4291, appendix A).
  package var interfaceIdentifier: UInt128 {
    let flipped = UInt128(bits ^ (1 << 41))
    return (flipped >> 24) << 40 | 0xff_fe00_0000 | (flipped & 0xff_ffff)
  }

  package static func < (a: MACAddress, b: MACAddress) -> Bool { a.bits < b.bits }
}

extension MACAddress: CustomStringConvertible {
  package var description: String {
    String(unsafeUninitializedCapacity: 17) { buffer in
      for index in 0..<17 {
        if index % 3 == 2 {
          buffer[index] = UInt8(ascii: ":")
        } else {
          let nibble = 44 - 4 * (index - index / 3)
          buffer[index] = hexCharacter(UInt8(truncatingIfNeeded: bits >> nibble) & 15)
        }
      }
      return 17
    }
  }
}

package func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}

package func hexCharacter(_ nibble: UInt8) -> UInt8 {
  nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
}
