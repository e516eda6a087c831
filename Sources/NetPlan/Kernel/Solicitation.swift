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
    RawICMPv6.send([133, 0, 0, 0, 0, 0, 0, 0], toAll: .routers, on: index)
  }
}
