/// The guests' addresses of one network. What is written or recorded is taken first, so that whoever comes or goes
/// renumbers nobody; the rest follows from the guest's MAC.
struct GuestPool {
  /// The first subnet of each family, out of which addresses are chosen.
  private let subnets: [AddressFamily: IPInterface]
  private let hosts: [IPInterface]
  /// Addresses that the DHCP server gives to guests it does not know.
  private let dynamic: [ClosedRange<IPAddress>]
  private var used: Set<IPAddress> = []

  init(_ hosts: [IPInterface], dynamic: [ClosedRange<IPAddress>]) {
    self.hosts = hosts
    self.dynamic = dynamic
    let usable = hosts.filter { !$0.address.isLinkLocal && $0.length < $0.family.bits }
    subnets = Dictionary(usable.map { ($0.family, $0) }, uniquingKeysWith: { first, _ in first })
    used = Set(hosts.map(\.address))
  }

  var families: [AddressFamily] { subnets.keys.sorted() }

  /// The address with the length of its subnet; nil where it is in none, or no guest's.
  func interface(_ address: IPAddress) -> IPInterface? {
    guard let subnet = hosts.first(where: { $0.prefix.contains(address) }) else { return nil }
    return isGuest(address, in: subnet.prefix) ? IPInterface(address, length: subnet.length) : nil
  }

  /// Neither the subnet's own address nor its broadcast address, nor the host's.
  private func isGuest(_ address: IPAddress, in subnet: IPPrefix) -> Bool {
    if hosts.contains(where: { $0.address == address }) { return false }
    if subnet.length >= subnet.family.bits - 1 { return true }
    return address != subnet.address && !(subnet.family == .ipv4 && address == subnet.last)
  }

  /// False where it is taken already.
  mutating func take(_ address: IPAddress) -> Bool { used.insert(address).inserted }

  /// A guest's address that nobody wrote; nil where all are taken.
  mutating func choose(_ family: AddressFamily, for mac: MACAddress) -> IPInterface? {
    guard let subnet = subnets[family]?.prefix else { return nil }
    // What the guest makes of an advertised prefix by itself (RFC 4862, section 5.5.3) is the same address.
    if family == .ipv6, subnet.length <= 64 {
      let own = IPAddress(family: .ipv6, value: subnet.address.value | mac.interfaceIdentifier)
      return take(own) ? IPInterface(own, length: subnet.length) : search(subnet, from: mac)
    }
    return search(subnet, from: mac)
  }

  private mutating func search(_ subnet: IPPrefix, from mac: MACAddress) -> IPInterface? {
    let size = subnet.last.value - subnet.address.value + 1
    let start = UInt128(mac.bits) % size
    // Among the addresses of guests that are unknown only where there is no other room.
    for avoided in dynamic.isEmpty ? [[]] : [dynamic, []] {
      // As many tries as addresses can be taken, and those that are no guest's.
      for step in 0..<min(size, UInt128(used.count) + width(of: avoided) + 3) {
        let address = IPAddress(
          family: subnet.family, value: subnet.address.value + (start + step) % size)
        guard isGuest(address, in: subnet), !used.contains(address),
          !avoided.contains(where: { $0.contains(address) })
        else { continue }
        used.insert(address)
        return IPInterface(address, length: subnet.length)
      }
    }
    return nil
  }

  private func width(of ranges: [ClosedRange<IPAddress>]) -> UInt128 {
    ranges.reduce(0) { $0 &+ ($1.upperBound.value &- $1.lowerBound.value &+ 1) }
  }
}
