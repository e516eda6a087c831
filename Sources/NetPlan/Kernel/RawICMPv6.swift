internal import Glibc

/// Messages of neighbour discovery (RFC 4861) to everybody on a link.
enum RawICMPv6 {
  /// ff02::1, ff02::2
  enum Group: UInt8 {
    case nodes = 1, routers = 2
  }

  /// Not heard of where it fails: what is sent by it is sent in vain now and then anyway.
  static func send(_ message: [UInt8], toAll group: Group, on index: UInt32) {
    let descriptor = Glibc.socket(
      AF_INET6, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), Int32(IPPROTO_ICMPV6))
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // What may have come by way of a router is dropped.
    var hops: Int32 = 255
    setsockopt(
      descriptor, Int32(IPPROTO_IPV6), IPV6_MULTICAST_HOPS, &hops, socklen_t(MemoryLayout<Int32>.size))
    var everybody = sockaddr_in6()
    everybody.sin6_family = sa_family_t(AF_INET6)
    everybody.sin6_scope_id = index
    // The kernel fills in the checksum (RFC 3542, section 3.1).
    everybody.sin6_addr.__in6_u.__u6_addr8.0 = 0xff
    everybody.sin6_addr.__in6_u.__u6_addr8.1 = 0x02
    everybody.sin6_addr.__in6_u.__u6_addr8.15 = group.rawValue
    _ = withUnsafePointer(to: &everybody) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(
          descriptor, message, message.count, Int32(MSG_DONTWAIT), $0,
          socklen_t(MemoryLayout<sockaddr_in6>.size))
      }
    }
  }
}
