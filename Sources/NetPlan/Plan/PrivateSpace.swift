/// Subnets for networks whose address nobody wrote: stable for a network, overlapping nothing that is known.
struct PrivateSpace {
  /// IPv4 subnets of 24 bits and longer by their first 24 bits, where a look-up tells.
  private var small: Set<UInt128> = []
  /// All others.
  private var large: [IPPrefix] = []

  /// Private addresses of RFC 1918, beginning where neither home routers nor container software or the usual VPNs do.
  private static let pools: [IPPrefix] = [
    IPPrefix(.v4(10, 160, 0, 0), length: 11)!, IPPrefix(.v4(172, 16, 0, 0), length: 12)!,
    IPPrefix(.v4(192, 168, 0, 0), length: 16)!, IPPrefix(.v4(10, 0, 0, 0), length: 8)!,
  ]

  /// Prefixes as short as this mean "everything", as a default route does: 0.0.0.0/1, 2000::/3, fc00::/7.
  private static func isDefault(_ prefix: IPPrefix) -> Bool {
    prefix.length < (prefix.family == .ipv4 ? 8 : 9)
  }

  mutating func take(_ prefix: IPPrefix) {
    if PrivateSpace.isDefault(prefix) { return }
    if prefix.family == .ipv4, prefix.length >= 24 {
      small.insert(prefix.address.value >> 8)
    } else {
      large.append(prefix)
    }
  }

  private func isFree(_ prefix: IPPrefix) -> Bool {
    if prefix.family == .ipv4, small.contains(prefix.address.value >> 8) { return false }
    return !large.contains { $0.overlaps(prefix) }
  }

  /// The host's address in a subnet of its own, /24 or /64; nil where everything is taken.
  mutating func subnet(_ family: AddressFamily, seed: UInt64) -> IPInterface? {
    let found = family == .ipv4 ? ipv4(seed) : ipv6(seed)
    guard let found else { return nil }
    take(found)
    return IPInterface(found.address.advanced(by: 1)!, length: found.length)
  }

  private func ipv4(_ seed: UInt64) -> IPPrefix? {
    for pool in PrivateSpace.pools {
      let count = UInt64(1) << UInt64(24 - pool.length)
      for step in 0..<count {
        let number = UInt128((seed % count + step) % count)
        let prefix = IPPrefix(
          IPAddress(family: .ipv4, value: pool.address.value + number << 8), length: 24)!
        if isFree(prefix) { return prefix }
      }
    }
    return nil
  }

  /// fd00::/8 with 56 pseudo-random bits: a global ID and the number of a subnet (RFC 4193, section 3.1). The steps are
  /// wide, so that a taken prefix of any length is soon left behind.
  private func ipv6(_ seed: UInt64) -> IPPrefix? {
    for step in 0..<UInt64(1 << 16) {
      let number = UInt128((seed >> 8 &+ step &* 0x9e37_79b9_7f4a_7c15) & (1 << 56 - 1))
      let prefix = IPPrefix(
        IPAddress(family: .ipv6, value: 0xfd << 120 | number << 64), length: 64)!
      if isFree(prefix) { return prefix }
    }
    return nil
  }
}
