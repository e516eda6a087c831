internal import Glibc

extension LinuxHost {
  /// Asks the routers of a link that has just taken the host over for an advertisement (RFC 4861, section 4.1), where
  /// the kernel listens to them: it asks by itself when a link gets its first link-local address, which is before the
  /// hardware is there, and then again after four seconds (`addrconf_rs_timer`, net/ipv6/addrconf.c), or never on a link
  /// that has heard of one before.
  ///
  /// Nothing depends on it: the next advertisement comes without being asked for, only later.
  mutating func solicitRouters(on link: LinkName) {
    let setting = { (name: String) in ProcFile.read("/proc/sys/net/ipv6/conf/\(link)/\(name)") }
    // `ipv6_accept_ra`, include/net/ipv6.h
    guard let accepts = setting("accept_ra"),
      accepts == "2" || (accepts == "1" && setting("forwarding") == "0"),
      setting("disable_ipv6") == "0", let index = try? links.index(link)
    else { return }
    let descriptor = Glibc.socket(
      AF_INET6, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), Int32(IPPROTO_ICMPV6))
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // Routers drop what may have come by way of another router.
    var hops: Int32 = 255
    setsockopt(
      descriptor, Int32(IPPROTO_IPV6), IPV6_MULTICAST_HOPS, &hops, socklen_t(MemoryLayout<Int32>.size))
    var routers = sockaddr_in6()
    routers.sin6_family = sa_family_t(AF_INET6)
    routers.sin6_scope_id = index
    // ff02::2; the kernel fills in the checksum (RFC 3542, section 3.1).
    routers.sin6_addr.__in6_u.__u6_addr8.0 = 0xff
    routers.sin6_addr.__in6_u.__u6_addr8.1 = 0x02
    routers.sin6_addr.__in6_u.__u6_addr8.15 = 0x02
    let message: [UInt8] = [133, 0, 0, 0, 0, 0, 0, 0]
    _ = withUnsafePointer(to: &routers) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(
          descriptor, message, message.count, Int32(MSG_DONTWAIT), $0,
          socklen_t(MemoryLayout<sockaddr_in6>.size))
      }
    }
  }
}
