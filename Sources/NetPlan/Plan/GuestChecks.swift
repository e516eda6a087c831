/// What is held against every frame or packet of a guest, in the words of nft(8): where it comes from, whose addresses it
/// names, what only a server or router says.
///
/// The rules are the same for one guest and for a thousand: who a guest is stands in the sets. A drop is the last word
/// of a rule and goes by membership in a set of its own, whose elements count.
struct GuestChecks {
  /// nft's name of the interface, in quotes.
  struct Guest {
    var interface: String
    var macs: [MACAddress]
    /// Its own and what it may speak for besides; empty where nobody knows.
    var ipv4: [IPPrefix] = []
    var ipv6: [IPPrefix] = []
    /// Where it may choose an IPv6 address for itself.
    var prefixes: [IPPrefix] = []
    var checks: Set<AntiSpoofCheck>
    /// VLANs may pass with their tags.
    var mayTag = false
    var blocked: [IPPrefix] = []
    /// Bits per second that it may send; nil for as many as it can.
    var rate: UInt64?
  }

  private(set) var sets: [String: TableSet] = [:]

  init() {
    func make(_ name: String, _ key: String, isInterval: Bool = false, counts: Bool = false) {
      sets[name] = TableSet(name, key: key, isInterval: isInterval, counts: counts)
    }
    make("guests", "ifname")
    make("nic-mac", "ifname . ether_addr")
    make("nic-ip4", "ifname . ipv4_addr", isInterval: true)
    make("nic-ip6", "ifname . ipv6_addr", isInterval: true)
    make("own-ip6", "ifname . ipv6_addr", isInterval: true)
    make(TableSet.neighbourTargets, TableSet.typeofs[TableSet.neighbourTargets]!)
    make("taken-ip6", "ipv6_addr")
    make(TableSet.takenTargets, TableSet.typeofs[TableSet.takenTargets]!)
    make("blocked-ip4", "ifname . ipv4_addr", isInterval: true)
    make("blocked-ip6", "ifname . ipv6_addr", isInterval: true)
    sets["nic-rate"] = TableSet("nic-rate", key: "ifname", value: TableSet.limit)
    for drop in ["rate", "link", "tag", "type", "mac", "ip4", "ip6", "dhcp", "router", "block"] {
      make("drop-\(drop)", "ifname", counts: true)
    }
  }

  mutating func add(_ guest: Guest) {
    let name = guest.interface
    insert("guests", name)
    if let rate = guest.rate {
      insert("drop-rate", name)
      sets["nic-rate"]!.elements[name] = TableSet.definition(ofLimit: rate / 8)
    }
    if !guest.checks.isEmpty { for drop in ["link", "type"] { insert("drop-\(drop)", name) } }
    if !guest.checks.isEmpty, !guest.mayTag { insert("drop-tag", name) }
    if guest.checks.contains(.mac) {
      insert("drop-mac", name)
      for mac in guest.macs { insert("nic-mac", "\(name) . \(mac)") }
    }
    if guest.checks.contains(.address) { addAddresses(of: guest) }
    if guest.checks.contains(.dhcp) { insert("drop-dhcp", name) }
    if guest.checks.contains(.router) { insert("drop-router", name) }
    for prefix in guest.blocked.outermost {
      insert("drop-block", name)
      insert("blocked-\(prefix.family == .ipv4 ? "ip4" : "ip6")", "\(name) . \(prefix.element)")
    }
  }

  private mutating func addAddresses(of guest: Guest) {
    let name = guest.interface
    if !guest.ipv4.isEmpty {
      insert("drop-ip4", name)
      for prefix in guest.ipv4.outermost { insert("nic-ip4", "\(name) . \(prefix.element)") }
    }
    guard !guest.ipv6.isEmpty else { return }
    insert("drop-ip6", name)
    let linkLocal = IPPrefix("fe80::/64")!
    for prefix in (guest.ipv6 + guest.prefixes + [linkLocal]).outermost {
      insert("nic-ip6", "\(name) . \(prefix.element)")
    }
    for prefix in guest.ipv6.outermost { insert("own-ip6", "\(name) . \(prefix.element)") }
    for prefix in guest.ipv6 where prefix.isHost {
      insert(TableSet.neighbourTargets, "\(name) . \(prefix.address.hexadecimal)")
    }
  }

  /// An address that belongs to one guest, or to the host: nobody else may use it, where guests may choose.
  mutating func reserve(_ address: IPAddress) {
    guard address.family == .ipv6 else { return }
    insert("taken-ip6", address.description)
    insert(TableSet.takenTargets, address.hexadecimal)
  }

  private mutating func insert(_ set: String, _ element: String) { sets[set]!.elements[element] = "" }

  // MARK: Rules

  /// Where a guest sends more than it may; first of all, since what is asked of each packet costs as well. For a guest
  /// without a limit the map holds nothing, and the rule ends there (`nft_objref_map_eval`).
  static let rate = "limit name iifname map @nic-rate iifname @drop-rate drop"

  /// Of Ethernet frames: no BPDU or other link-local multicast (IEEE 802.1D, table 7-10), no tag, nothing but IP and ARP.
  static let frames = [
    "ether daddr & ff:ff:ff:ff:ff:f0 01:80:c2:00:00:00 iifname @drop-link drop",
    "ether type { 8021ad, 8021q } iifname @drop-tag drop",
    "meta protocol != { arp, ip, ip6 } iifname @drop-type drop",
    "iifname . arp saddr ether != @nic-mac iifname @drop-mac drop",
    // A probe has no sender yet (RFC 5227).
    "arp saddr ip != 0.0.0.0 iifname . arp saddr ip != @nic-ip4 iifname @drop-ip4 drop",
  ]

  static let packets = [
    "iifname . ether saddr != @nic-mac iifname @drop-mac drop",
    "udp sport 67 udp dport 68 iifname @drop-dhcp drop",
    "udp sport 547 udp dport 546 iifname @drop-dhcp drop",
    "icmp type { redirect, router-advertisement } iifname @drop-router drop",
    "icmpv6 type { nd-redirect, nd-router-advert } iifname @drop-router drop",
    "iifname . ip daddr @blocked-ip4 iifname @drop-block drop",
    "iifname . ip6 daddr @blocked-ip6 iifname @drop-block drop",
    // Whoever has no address yet asks for one.
    "ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept",
    "iifname . ip saddr != @nic-ip4 iifname @drop-ip4 drop",
    // The target of a neighbour message, behind the four bytes of its ICMPv6 header and four of flags (RFC 4861).
    "icmpv6 type nd-neighbor-advert @th,64,128 @\(TableSet.takenTargets) "
      + "iifname . @th,64,128 != @\(TableSet.neighbourTargets) iifname @drop-ip6 drop",
    "ip6 saddr :: icmpv6 type nd-neighbor-solicit @th,64,128 @\(TableSet.takenTargets) "
      + "iifname . @th,64,128 != @\(TableSet.neighbourTargets) iifname @drop-ip6 drop",
    // Duplicate detection, and what is said before it has ended.
    "ip6 saddr :: icmpv6 type { mld-listener-report, mld2-listener-report, nd-neighbor-solicit, nd-router-solicit } accept",
    "ip6 saddr @taken-ip6 iifname . ip6 saddr != @own-ip6 iifname @drop-ip6 drop",
    "iifname . ip6 saddr != @nic-ip6 iifname @drop-ip6 drop",
  ]
}

extension TableSet {
  /// Sets of ICMPv6 targets. A listing has no words for the type of their keys, so that it goes by the name.
  static let neighbourTargets = "own-target"
  static let takenTargets = "taken-target"
  package static let typeofs = [
    neighbourTargets: "typeof iifname . @th,64,128", takenTargets: "typeof @th,64,128",
  ]
}

extension TableSet {
  /// The type of a map's values that are limits.
  package static let limit = "limit"

  /// In the words of nft(8). The kernel lets by at once what a limit allows in a second, whatever is said of bursts
  /// (`nft_limit_init`, net/netfilter/nft_limit.c).
  package static func definition(ofLimit bytes: UInt64) -> String { "rate over \(bytes) bytes/second" }

  /// As a configuration has it; nil for anything else.
  package static func bitRate(ofLimit definition: String) -> String? {
    let words = definition.split(separator: " ")
    guard words.count == 4, let bytes = UInt64(words[2]), definition == self.definition(ofLimit: bytes) else {
      return nil
    }
    return (bytes * 8).bitRate
  }
}

extension IPPrefix {
  /// As nft writes it: an address alone is an address.
  var element: String { isHost ? address.description : description }
}

extension IPAddress {
  /// As nft writes an integer of that many bits.
  var hexadecimal: String { "0x" + String(value, radix: 16) }
}

extension [IPPrefix] {
  /// Without those that lie in others: intervals of a set must not overlap.
  var outermost: [IPPrefix] {
    var kept: [IPPrefix] = []
    for prefix in Set(self).sorted(by: { ($0.length, $0) < ($1.length, $1) })
    where !kept.contains(where: { $0.contains(prefix) }) {
      kept.append(prefix)
    }
    return kept
  }
}
