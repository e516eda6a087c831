package enum AddressFamily: UInt8, Sendable, Hashable, Comparable, CaseIterable {
  case ipv4 = 2  // AF_INET
  case ipv6 = 10  // AF_INET6

  /// 32 or 128.
  package var bits: Int { self == .ipv4 ? 32 : 128 }

  package static func < (a: AddressFamily, b: AddressFamily) -> Bool { a.rawValue < b.rawValue }
}

/// An IPv4 or IPv6 address; an IPv4 one occupies the low 32 bits.
package struct IPAddress: Hashable, Sendable {
  package let family: AddressFamily
  package let value: UInt128

  package init(family: AddressFamily, value: UInt128) {
    self.family = family
    self.value = family == .ipv4 ? value & 0xffff_ffff : value
  }

  package static func v4(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> IPAddress {
    IPAddress(family: .ipv4, value: UInt128(a) << 24 | UInt128(b) << 16 | UInt128(c) << 8 | UInt128(d))
  }

  /// Four or sixteen octets in network order.
  package init?(octets: some Collection<UInt8>) {
    guard octets.count == 4 || octets.count == 16 else { return nil }
    family = octets.count == 4 ? .ipv4 : .ipv6
    value = octets.reduce(0) { $0 << 8 | UInt128($1) }
  }

  /// Network order.
  package var octets: [UInt8] {
    let count = family.bits / 8
    return (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt128(8 * (count - 1 - $0))) }
  }

  package static func unspecified(_ family: AddressFamily) -> IPAddress {
    IPAddress(family: family, value: 0)
  }

  package var isUnspecified: Bool { value == 0 }

  /// 127.0.0.0/8 or `::1` (RFC 1122, RFC 4291).
  package var isLoopback: Bool { family == .ipv4 ? value >> 24 == 127 : value == 1 }

  /// 169.254.0.0/16 or fe80::/10 (RFC 3927, RFC 4291).
  package var isLinkLocal: Bool { family == .ipv4 ? value >> 16 == 0xa9fe : value >> 118 == 0x3fa }

  /// 224.0.0.0/4 or ff00::/8.
  package var isMulticast: Bool { family == .ipv4 ? value >> 28 == 0xe : value >> 120 == 0xff }

  /// The address `offset` further on; nil past the end of the family's space.
  package func advanced(by offset: Int) -> IPAddress? {
    let limit: UInt128 = family == .ipv4 ? 0xffff_ffff : .max
    if offset < 0 {
      let step = UInt128(offset.magnitude)
      return step > value ? nil : IPAddress(family: family, value: value - step)
    }
    let step = UInt128(offset)
    return step > limit - value ? nil : IPAddress(family: family, value: value + step)
  }
}

extension IPAddress: Comparable {
  package static func < (a: IPAddress, b: IPAddress) -> Bool {
    a.family == b.family ? a.value < b.value : a.family < b.family
  }
}

// MARK: Text (RFC 4291 section 2.2, RFC 5952)

extension IPAddress: CustomStringConvertible {
  package init?(_ text: some StringProtocol) {
    self.init(utf8: Array(text.utf8)[...])
  }

  init?(utf8: ArraySlice<UInt8>) {
    if utf8.contains(UInt8(ascii: ":")) {
      guard let value = IPAddress.parseIPv6(utf8) else { return nil }
      self.init(family: .ipv6, value: value)
    } else {
      guard utf8.contains(UInt8(ascii: ".")), let value = IPAddress.parseIPv4(utf8) else { return nil }
      self.init(family: .ipv4, value: UInt128(value))
    }
  }

  /// Four decimal octets; a leading zero is refused because some readers take it for octal.
  private static func parseIPv4(_ text: ArraySlice<UInt8>) -> UInt32? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else {
        return nil
      }
      var octet: UInt32 = 0
      for byte in part {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
      }
      guard octet < 256 else { return nil }
      value = value << 8 | octet
    }
    return value
  }

  private static func parseIPv6(_ text: ArraySlice<UInt8>) -> UInt128? {
    var head: [UInt16] = []
    var tail: [UInt16] = []
    var elided = false
    var rest = text
    let colon = UInt8(ascii: ":")
    if rest.starts(with: [colon, colon]) {
      elided = true
      rest = rest.dropFirst(2)
    } else if rest.first == colon {
      return nil
    }
    while !rest.isEmpty {
      let group = rest.prefix { $0 != colon }
      if group.contains(UInt8(ascii: ".")) {
        guard group.count == rest.count, let v4 = parseIPv4(group) else { return nil }
        let pair = [UInt16(v4 >> 16), UInt16(truncatingIfNeeded: v4)]
        if elided { tail += pair } else { head += pair }
        rest = []
        break
      }
      guard (1...4).contains(group.count) else { return nil }
      var value: UInt16 = 0
      for byte in group {
        guard let digit = hexDigit(byte) else { return nil }
        value = value << 4 | UInt16(digit)
      }
      if elided { tail.append(value) } else { head.append(value) }
      rest = rest.dropFirst(group.count)
      if rest.isEmpty { break }
      rest = rest.dropFirst()
      if rest.first == colon {
        guard !elided else { return nil }
        elided = true
        rest = rest.dropFirst()
      } else if rest.isEmpty {
        return nil
      }
    }
    let count = head.count + tail.count
    guard elided ? count <= 7 : count == 8 else { return nil }
    let groups = head + Array(repeating: 0, count: 8 - count) + tail
    return groups.reduce(0) { $0 << 16 | UInt128($1) }
  }

  package var description: String {
    if family == .ipv4 {
      return "\(value >> 24 & 255).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
    }
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(112 - 16 * $0)) }
    // RFC 4291 2.5.5.2: ::ffff:192.0.2.1
    if value >> 32 == 0xffff { return "::ffff:\(IPAddress(family: .ipv4, value: value))" }
    // RFC 5952 4.2: the longest run of at least two zero groups is elided, the first of equals.
    var longest = 0..<0
    var index = 0
    while index < 8 {
      guard groups[index] == 0 else {
        index += 1
        continue
      }
      let start = index
      while index < 8 && groups[index] == 0 { index += 1 }
      if index - start > max(1, longest.count) { longest = start..<index }
    }
    let text = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
    if longest.isEmpty { return text(groups[...]) }
    return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
  }
}
