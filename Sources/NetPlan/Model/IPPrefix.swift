/// A network: an address whose host bits are zero, and a length.
package struct IPPrefix: Hashable, Sendable, Comparable {
  package let address: IPAddress
  /// 0 … 32 or 0 … 128.
  package let length: Int

  /// Clears the host bits; nil for a length outside the family's range.
  package init?(_ address: IPAddress, length: Int) {
    guard (0...address.family.bits).contains(length) else { return nil }
    self.address = IPAddress(
      family: address.family, value: address.value & IPPrefix.mask(address.family, length))
    self.length = length
  }

  package init(host address: IPAddress) {
    self.address = address
    length = address.family.bits
  }

  package static func all(_ family: AddressFamily) -> IPPrefix {
    IPPrefix(.unspecified(family), length: 0)!
  }

  package var family: AddressFamily { address.family }
  package var isHost: Bool { length == family.bits }

  package static func mask(_ family: AddressFamily, _ length: Int) -> UInt128 {
    let full: UInt128 = family == .ipv4 ? 0xffff_ffff : .max
    return length == 0 ? 0 : full ^ (length == family.bits ? 0 : full >> UInt128(length))
  }

  /// The highest address; IPv4's broadcast address for lengths below 31.
  package var last: IPAddress {
    let full: UInt128 = family == .ipv4 ? 0xffff_ffff : .max
    return IPAddress(family: family, value: address.value | (full ^ IPPrefix.mask(family, length)))
  }

  package func contains(_ other: IPAddress) -> Bool {
    other.family == family && other.value & IPPrefix.mask(family, length) == address.value
  }

  package func contains(_ other: IPPrefix) -> Bool { other.length >= length && contains(other.address) }

  package func overlaps(_ other: IPPrefix) -> Bool { contains(other) || other.contains(self) }

  package static func < (a: IPPrefix, b: IPPrefix) -> Bool {
    a.address == b.address ? a.length < b.length : a.address < b.address
  }
}

extension IPPrefix: CustomStringConvertible {
  /// Reads `10.0.0.0/8`, or a bare address as a host prefix. Host bits must be zero.
  package init?(_ text: some StringProtocol) {
    guard let interface = IPInterface(text), interface.prefix.address == interface.address else { return nil }
    self = interface.prefix
  }

  package var description: String { "\(address)/\(length)" }
}

/// An address together with the length of its subnet's prefix, as `ip address` shows it: `192.0.2.10/24`.
package struct IPInterface: Hashable, Sendable, Comparable {
  package let address: IPAddress
  package let length: Int

  package init?(_ address: IPAddress, length: Int) {
    guard (0...address.family.bits).contains(length) else { return nil }
    self.address = address
    self.length = length
  }

  package init(host address: IPAddress) {
    self.address = address
    length = address.family.bits
  }

  package var family: AddressFamily { address.family }
  package var prefix: IPPrefix { IPPrefix(address, length: length)! }

  package static func < (a: IPInterface, b: IPInterface) -> Bool {
    a.address == b.address ? a.length < b.length : a.address < b.address
  }
}

extension IPInterface: CustomStringConvertible {
  /// Reads `192.0.2.10/24`; without a length, the whole address.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = IPAddress(parts[0]) else { return nil }
    if parts.count == 1 {
      self.init(host: address)
    } else {
      let digits = parts[1]
      guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
        digits.utf8.count == 1 || digits.utf8.first != 48, let length = Int(digits)
      else { return nil }
      self.init(address, length: length)
    }
  }

  package var description: String { "\(address)/\(length)" }
}
