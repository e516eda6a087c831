internal import Glibc
internal import Netlink

// Settings: most are read from the link dump; all are written through /proc/sys, which shows the namespace of the
// calling thread (net/sysctl_net.c).

/// What is observed of an interface, by the kernel's numbers.
private let ipv4Settings: [(String, IPv4Settings.Setting)] = [
  ("forwarding", .forwarding), ("rp_filter", .rpFilter), ("arp_filter", .arpFilter),
  ("arp_announce", .arpAnnounce), ("arp_ignore", .arpIgnore), ("arp_accept", .arpAccept),
  ("arp_notify", .arpNotify), ("src_valid_mark", .sourceValidMark), ("proxy_arp", .proxyARP),
  ("route_localnet", .routeLocalnet),
]
private let ipv6Settings: [(String, IPv6Settings.Setting)] = [
  ("forwarding", .forwarding), ("accept_ra", .acceptRA), ("use_tempaddr", .useTemporaryAddresses),
  ("proxy_ndp", .proxyNDP), ("force_forwarding", .forceForwarding), ("disable_ipv6", .disableIPv6),
]
/// How a host lives from advertisements; of no concern to a TAP, whose guest is not asked.
private let advertisementSettings: [(String, IPv6Settings.Setting)] = [
  ("autoconf", .autoconf), ("accept_ra_defrtr", .acceptRADefaultRoute),
  ("accept_ra_pinfo", .acceptRAPrefixInfo), ("accept_ra_rtr_pref", .acceptRARouterPreference),
  ("accept_ra_rt_info_min_plen", .acceptRARouteInfoMinPrefix),
  ("accept_ra_rt_info_max_plen", .acceptRARouteInfoMaxPrefix), ("accept_ra_mtu", .acceptRAMTU),
  ("accept_ra_min_hop_limit", .acceptRAMinHopLimit), ("accept_ra_min_lft", .acceptRAMinLifetime),
  ("accept_ra_from_local", .acceptRAFromLocal), ("ra_defrtr_metric", .defaultRouterMetric),
  ("temp_valid_lft", .temporaryValidLifetime), ("temp_prefered_lft", .temporaryPreferredLifetime),
  ("max_desync_factor", .maxDesyncFactor), ("regen_max_retry", .regenMaxRetry),
  ("max_addresses", .maxAddresses), ("dad_transmits", .dadTransmits), ("accept_dad", .acceptDAD),
  ("optimistic_dad", .optimisticDAD), ("use_optimistic", .useOptimistic),
]

extension Sysctl {
  static func observedKeys(of link: LinkName) -> [SysctlKey] {
    ipv4Settings.map { SysctlKey(family: .ipv4, link: link, name: $0.0) }
      + (ipv6Settings + advertisementSettings).map { SysctlKey(family: .ipv6, link: link, name: $0.0) }
  }

  static func settings(of message: LinkMessage, _ link: LinkName) -> [Sysctl] {
    var list: [Sysctl] = []
    for (name, setting) in ipv4Settings {
      guard let value = message.ipv4?[setting] else { continue }
      list.append(Sysctl(key: SysctlKey(family: .ipv4, link: link, name: name), value: String(value)))
    }
    let all = message.kind == "tun" ? ipv6Settings : ipv6Settings + advertisementSettings
    for (name, setting) in all {
      guard let value = message.ipv6?[setting] else { continue }
      list.append(
        Sysctl(key: SysctlKey(family: .ipv6, link: link, name: name), value: String(value)))
    }
    if let secret = stableSecret(of: message, link) { list.append(secret) }
    return list
  }

  static func ipv6Forwarding(of message: LinkMessage, _ link: LinkName) -> Sysctl? {
    message.ipv6?[.forwarding].map {
      Sysctl(key: SysctlKey(family: .ipv6, link: link, name: "forwarding"), value: String($0))
    }
  }

  /// Netlink leaves it out, and reading one that is not set fails.
  private static func stableSecret(of message: LinkMessage, _ link: LinkName) -> Sysctl? {
    // IN6_ADDR_GEN_MODE_EUI64: addresses are made of the MAC. A TAP makes none; a port's mode says nothing.
    guard message.kind != "tun", message.ipv6?.addressGeneration.map({ $0 != 0 }) ?? false else { return nil }
    let key = SysctlKey(family: .ipv6, link: link, name: "stable_secret")
    return ProcFile.read("/proc/sys/" + key.path).flatMap {
      $0.isEmpty ? nil : Sysctl(key: key, value: $0)
    }
  }
}

enum ProcFile {
  /// nil where there is no such file.
  static func read(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      text += buffer[..<count]
    }
    if text.last == UInt8(ascii: "\n") { text.removeLast() }
    return String(decoding: text, as: UTF8.self)
  }

  /// nil where there is no such file, or none for this process; one that cannot be read for another reason is not therefore
  /// absent.
  static func setting(_ path: String) throws(NetlinkError) -> String? {
    if let text = read(path) { return text }
    switch errno {
    case ENOENT, ENOTDIR, EACCES, EPERM: return nil
    case let number: throw NetlinkError(operation: "read \(path)", errno: number)
    }
  }

  static func write(_ path: String, _ value: String) throws(HostError) {
    let operation = "set \(path) to \(value)"
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw HostError(operation, errno: errno) }
    defer { close(descriptor) }
    var text = value + "\n"
    let count = text.withUTF8 { bytes in
      while true {
        let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        if count < 0, errno == EINTR { continue }
        return count
      }
    }
    guard count >= 0 else { throw HostError(operation, errno: errno) }
  }
}
