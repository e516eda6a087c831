import Testing

/// A frame that the stand-in can send, by the name it has there.
struct Frame: Sendable, CustomTestStringConvertible {
  enum Nature: Sendable {
    /// What a guest sends that has nothing in mind.
    case honest
    /// What one sends that claims to be another, to rule the network, or to be a switch.
    case hostile
  }

  let name: String
  let nature: Nature
  /// The EtherType of what a bridge does not hand on: only the host hears it, at the port.
  var keptByBridge: Int?

  var testDescription: String { name }

  private static let honest = [
    "arp-request", "arp-reply", "arp-probe", "arp-announcement",
    "ipv4", "mdns", "igmp-report", "dhcp-discover", "dhcp-renew",
    "ipv6", "ipv6-link-local", "dad", "dad-link-local", "dad-nonce", "neighbour-solicitation",
    "neighbour-advertisement", "neighbour-advertisement-without-mac",
    "router-solicitation", "router-solicitation-unspecified", "mld-report", "mld-report-unspecified",
    "dhcp6-solicit",
  ]

  private static let hostile = [
    "source-mac", "arp-reply-other-address", "arp-request-other-address", "arp-announcement-other-address",
    "arp-reply-other-mac", "ipv4-other-source", "dhcp-offer", "dhcp-offer-other-port", "vrrp",
    "ipv6-other-source", "ipv6-other-link-local", "neighbour-solicitation-other-source",
    "neighbour-advertisement-other-target", "neighbour-advertisement-other-source",
    "neighbour-advertisement-other-mac", "neighbour-advertisement-hidden-mac",
    "neighbour-solicitation-other-mac", "neighbour-solicitation-hidden-mac", "router-solicitation-other-mac",
    "router-advertisement", "router-advertisement-options",
    "router-advertisement-fragment", "redirect", "dhcp6-advertise", "dhcp6-advertise-other-port",
    "bpdu", "lldp-broadcast", "cdp", "ipx", "pppoe", "loopback", "vlan", "vlan-priority", "vlan-service",
  ]

  /// All but the first of the groups that bridges keep to themselves (IEEE 802.1D); Linux hands that one on where it
  /// does not do the spanning tree itself.
  private static let kept = ["lacp": 0x8809, "eapol": 0x888e, "lldp": 0x88cc]

  static let all =
    honest.map { Frame(name: $0, nature: .honest) } + hostile.map { Frame(name: $0, nature: .hostile) }
    + kept.sorted { $0.key < $1.key }.map { Frame(name: $0.key, nature: .hostile, keptByBridge: $0.value) }
}
