internal import Netlink

/// Which IPv6 routes the kernel made of advertisements: netlink does not tell, and a daemon that reads advertisements
/// in the kernel's place marks its routes in the same way (RTPROT_RA).
struct AdvertisedRoutes {
  /// Lines of `/proc/net/ipv6_route` whose flags have RTF_ADDRCONF (linux/ipv6_route.h).
  private var made: Set<Key> = []

  private struct Key: Hashable {
    var destination: IPPrefix
    var gateway: IPAddress
    var metric: UInt32
    var link: String
  }

  /// Reads the file where some route may be one.
  init(among messages: [RouteMessage]) {
    guard messages.contains(where: AdvertisedRoutes.mayBe),
      let text = ProcFile.read("/proc/thread-self/net/ipv6_route")
    else { return }
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 10, let flags = UInt32(words[8], radix: 16), flags & 0x4_0000 != 0,
        let address = UInt128(words[0], radix: 16), let length = Int(words[1], radix: 16),
        let gateway = UInt128(words[4], radix: 16), let metric = UInt32(words[5], radix: 16),
        let destination = IPPrefix(IPAddress(family: .ipv6, value: address), length: length)
      else { continue }
      made.insert(
        Key(
          destination: destination, gateway: IPAddress(family: .ipv6, value: gateway), metric: metric,
          link: String(words[9])))
    }
  }

  /// RTPROT_RA of linux/rtnetlink.h
  private static func mayBe(_ message: RouteMessage) -> Bool {
    message.family == AddressFamily.ipv6.rawValue && message.proto == Route.advertised && expires(message)
  }

  private static func expires(_ message: RouteMessage) -> Bool {
    message.cache.map { $0.expires > 0 } ?? false
  }

  func contains(_ message: RouteMessage, _ names: LinkTable) -> Bool {
    // RTPROT_KERNEL: a prefix that was advertised, or that of an address which expires; with the address it does not go
    // (`ipv6_del_addr`, net/ipv6/addrconf.c).
    if message.family == AddressFamily.ipv6.rawValue, message.proto == 2, message.table == 254 {
      return AdvertisedRoutes.expires(message)
    }
    guard AdvertisedRoutes.mayBe(message), let link = message.output.flatMap(names.name),
      let destination = IPPrefix(
        message.destination.map { IPAddress($0) } ?? .unspecified(.ipv6),
        length: Int(message.destinationLength))
    else { return false }
    return made.contains(
      Key(
        destination: destination, gateway: message.gateway.map { IPAddress($0) } ?? .unspecified(.ipv6),
        metric: message.priority ?? 0, link: link.text))
  }
}
