/// An IP address of a link, as `ip address` shows it.
package struct Address: Described {
  package var link: LinkName
  /// The local address and the length of its prefix.
  package var local: IPInterface
  /// The other end of a point-to-point address (`IFA_ADDRESS` where it differs from `IFA_LOCAL`).
  package var peer: IPAddress?
  package var broadcast: IPAddress?
  /// `rt_addrprotos` of linux/if_addr.h: 0 where the kernel or the tool does not say.
  package var origin: UInt8?
  package var scope: RouteScope?
  /// IPv4 only.
  package var label: String?
  /// `IFA_F_*` that belong to the address and not to its present state (see `Flags`).
  package var flags: Flags?
  package var lifetime: Lifetime?
  /// `IFA_RT_PRIORITY`: the metric of the prefix route.
  package var metric: UInt32?
  /// Place in the kernel's dump: source selection follows it.
  package var order: Int?
  /// `IFA_F_SECONDARY` of IPv4: goes with its primary.
  package var secondary: Bool?

  package init(link: LinkName, local: IPInterface) {
    self.link = link
    self.local = local
  }

  /// Link and subnet: IPv4 addresses that share them are one primary and its secondaries.
  var subnet: ObjectID {
    let host = peer ?? local.address
    return .address(
      link, IPInterface(IPInterface(host, length: local.length)!.prefix.address, length: local.length)!,
      to: nil)
  }

  /// The network of the peer, where it is not that of `local`. An interface may have the same IPv4 address in several
  /// networks (`__inet_insert_ifa`, net/ipv4/devinet.c); of IPv6 it has each address once (`ipv6_add_addr`).
  package var peerNetwork: IPPrefix? {
    guard local.family == .ipv4, let peer, let other = IPInterface(peer, length: local.length)?.prefix else {
      return nil
    }
    return other == local.prefix ? nil : other
  }

  package static let fields: [Field<Address>] = [
    .always("link", \.link),
    .always("local", \.local),
    .open("peer", \.peer),
    .open("broadcast", \.broadcast),
    .open("protocol", \.origin),
    .open("scope", \.scope),
    .open("label", \.label),
    .open("flags", \.flags),
    .open("lifetime", \.lifetime),
    .open("metric", \.metric),
    .fact("order", \.order),
    .fact("secondary", \.secondary),
  ]

  package static var blank: Address {
    Address(link: LinkName(kernel: ""), local: IPInterface(host: .unspecified(.ipv4)))
  }

  package static func == (a: Address, b: Address) -> Bool {
    a.link == b.link && a.local == b.local && a.peer == b.peer && a.broadcast == b.broadcast
      && a.origin == b.origin
      && a.scope == b.scope && a.label == b.label && a.flags == b.flags && a.lifetime == b.lifetime
      && a.metric == b.metric
  }

  /// linux/if_addr.h
  package struct Flags: OptionSet, Hashable, Sendable, JSONRepresentable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let temporary = Flags(rawValue: 0x01)  // of IPv6; IPv4's SECONDARY
    /// IPv6 duplicate address detection is left out.
    package static let noDetection = Flags(rawValue: 0x02)
    package static let homeAddress = Flags(rawValue: 0x10)
    package static let managesTemporary = Flags(rawValue: 0x100)
    package static let noPrefixRoute = Flags(rawValue: 0x200)
    package static let multicastAutojoin = Flags(rawValue: 0x400)
    /// What an address keeps when it moves; the other bits tell its present state.
    package static let kept: Flags = [
      .noDetection, .homeAddress, .managesTemporary, .noPrefixRoute, .multicastAutojoin,
    ]
  }
}

/// How long an address or a route is valid, as instants of the boot clock, so that time passing is no change.
package enum Lifetime: Sendable, JSONRepresentable {
  case forever
  /// Seconds since boot at which it stops being preferred (0: it has), and valid; `never` for either.
  case until(preferred: UInt64, valid: UInt64)

  package var json: JSON {
    switch self {
    case .forever: .string("forever")
    case .until(let preferred, let valid): .array([.int(Int64(preferred)), .int(Int64(valid))])
    }
  }

  package init?(json: JSON) {
    if json.string == "forever" {
      self = .forever
    } else if let pair = [Int64](json: json), pair.count == 2, pair[0] >= 0, pair[1] >= 0 {
      self = .until(preferred: UInt64(pair[0]), valid: UInt64(pair[1]))
    } else {
      return nil
    }
  }

  /// Of one of the two instants: it does not come.
  package static let never = UInt64(UInt32.max)

  /// Ends by itself.
  package var expires: Bool { if case .until(_, let valid) = self { valid != Lifetime.never } else { false } }
}

extension Lifetime: Equatable {
  /// The kernel counts in whole seconds from its own reading of the clock; two apart is the same instant.
  package static func == (a: Lifetime, b: Lifetime) -> Bool {
    switch (a, b) {
    case (.forever, .forever): true
    case (.until(let p1, let v1), .until(let p2, let v2)):
      max(p1, p2) - min(p1, p2) <= 2 && max(v1, v2) - min(v1, v2) <= 2
    default: false
    }
  }
}

/// `rtm_scope` and `ifa_scope` of linux/rtnetlink.h.
package enum RouteScope: Hashable, Sendable, TextRepresentable {
  case global, site, link, host, nowhere
  case other(UInt8)

  package init(rawValue: UInt8) {
    switch rawValue {
    case 0: self = .global
    case 200: self = .site
    case 253: self = .link
    case 254: self = .host
    case 255: self = .nowhere
    default: self = .other(rawValue)
    }
  }

  package var rawValue: UInt8 {
    switch self {
    case .global: 0
    case .site: 200
    case .link: 253
    case .host: 254
    case .nowhere: 255
    case .other(let value): value
    }
  }

  package init?(_ text: String) {
    switch text {
    case "global": self = .global
    case "site": self = .site
    case "link": self = .link
    case "host": self = .host
    case "nowhere": self = .nowhere
    default:
      guard let value = UInt8(text) else { return nil }
      self.init(rawValue: value)
    }
  }

  package var description: String {
    switch self {
    case .global: "global"
    case .site: "site"
    case .link: "link"
    case .host: "host"
    case .nowhere: "nowhere"
    case .other(let value): String(value)
    }
  }
}
