internal import CNetlink

/// A link's IPv4 settings (IFLA_AF_SPEC, AF_INET), those of `/proc/sys/net/ipv4/conf/LINK`.
package struct IPv4Settings: Hashable, Sendable {
  /// Numbers of the settings (linux/ip.h, IPV4_DEVCONF_…).
  package enum Setting: UInt16, Sendable, CaseIterable {
    case forwarding = 1
    case multicastForwarding, proxyARP, acceptRedirects, secureRedirects, sendRedirects, sharedMedia
    case rpFilter, acceptSourceRoute, bootpRelay, logMartians, tag, arpFilter, mediumID, noXfrm, noPolicy
    case forceIGMPVersion, arpAnnounce, arpIgnore, promoteSecondaries, arpAccept, arpNotify, acceptLocal
    case sourceValidMark, proxyARPPrivateVLAN, routeLocalnet
  }

  /// All settings as the kernel tells them, the one numbered 1 first; empty in a request.
  package var values: [UInt32] = []
  /// Settings that a request changes.
  package var changes: [Setting: UInt32] = [:]

  package init() {}

  package init(_ changes: [Setting: UInt32]) { self.changes = changes }

  /// What a link has; nil on a kernel that does not know the setting.
  package subscript(_ setting: Setting) -> UInt32? {
    let index = Int(setting.rawValue) - 1
    return index < values.count ? values[index] : nil
  }

  init(decoding attributes: consuming AttributeReader) throws(MalformedMessage) {
    var a = attributes
    while try a.next() {
      guard a.type == IFLA_INET_CONF else { continue }
      // An array in an answer, attributes in a request.
      guard a.isNested else {
        values = try a.u32Array()
        continue
      }
      var settings = a.nested
      while try settings.next() {
        guard let setting = Setting(rawValue: UInt16(settings.type)) else { continue }
        changes[setting] = try settings.u32()
      }
    }
  }

  func encode(into writer: inout MessageWriter) {
    if !values.isEmpty {
      writer.attribute(IFLA_INET_CONF) { for value in values { $0.append(value) } }
    }
    if !changes.isEmpty {
      writer.nest(IFLA_INET_CONF) {
        for (setting, value) in changes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
          $0.put(Int(setting.rawValue), u32: value)
        }
      }
    }
  }
}

/// A link's IPv6 settings (IFLA_AF_SPEC, AF_INET6). Absent where IPv6 is off for the whole kernel.
package struct IPv6Settings: Hashable, Sendable {
  /// Numbers of the settings of `/proc/sys/net/ipv6/conf/LINK` (linux/ipv6.h, DEVCONF_…), which netlink only tells.
  package enum Setting: Int, Sendable, CaseIterable {
    case forwarding, hopLimit, mtu, acceptRA, acceptRedirects, autoconf, dadTransmits, routerSolicitations
    case routerSolicitationInterval, routerSolicitationDelay, useTemporaryAddresses, temporaryValidLifetime
    case temporaryPreferredLifetime, regenMaxRetry, maxDesyncFactor, maxAddresses, forceMLDVersion
    case acceptRADefaultRoute, acceptRAPrefixInfo, acceptRARouterPreference, routerProbeInterval
    case acceptRARouteInfoMaxPrefix, proxyNDP, optimisticDAD, acceptSourceRoute, multicastForwarding,
      disableIPv6
    case acceptDAD, forceTLLAO, notifyNeighbours
    case acceptRAFromLocal = 33
    case useOptimistic = 34
    case acceptRAMTU = 35
    case stableSecretIsSet = 36
    case acceptRAMinHopLimit = 38
    case keepAddressOnDown = 42
    case addressGenerationMode = 47
    case acceptRARouteInfoMinPrefix = 49
    case defaultRouterMetric = 52
    case acceptRAMinLifetime = 58
    /// Of Linux 6.17 and newer: this link forwards whatever `all.forwarding` says.
    case forceForwarding = 59
  }

  /// IN6_ADDR_GEN_MODE_…: 0 EUI-64, 1 none, 2 stable privacy, 3 random.
  package var addressGeneration: UInt8?
  package var token: InternetAddress?
  /// The state machine's, IF_READY and the like.
  package var flags: UInt32?
  package var values: [UInt32] = []

  package init() {}

  package init(addressGeneration: UInt8) { self.addressGeneration = addressGeneration }

  package subscript(_ setting: Setting) -> Int32? {
    setting.rawValue < values.count ? Int32(bitPattern: values[setting.rawValue]) : nil
  }

  init(decoding attributes: consuming AttributeReader) throws(MalformedMessage) {
    var a = attributes
    while try a.next() {
      switch a.type {
      case IFLA_INET6_ADDR_GEN_MODE: addressGeneration = try a.u8()
      case IFLA_INET6_TOKEN: token = try a.internetAddress()
      case IFLA_INET6_FLAGS: flags = try a.u32()
      case IFLA_INET6_CONF: values = try a.u32Array()
      default: break
      }
    }
  }

  func encode(into writer: inout MessageWriter) {
    if let flags { writer.put(IFLA_INET6_FLAGS, u32: flags) }
    if !values.isEmpty {
      writer.attribute(IFLA_INET6_CONF) { for value in values { $0.append(value) } }
    }
    if let token { writer.put(IFLA_INET6_TOKEN, address: token) }
    if let addressGeneration { writer.put(IFLA_INET6_ADDR_GEN_MODE, u8: addressGeneration) }
  }
}
