/// What is held against every frame or packet of a guest, in the words of nft(8): where it comes from, whose addresses it
/// names, what only a server or router says.
///
/// The rules are the same for one guest and for a thousand: who a guest is stands in the sets, and what it is free of;
/// whoever stands in none of them is checked. A guest's drops are counted from its first one, by an element that the
/// drop itself adds: nobody's are made, listed and compared for nothing.
struct GuestChecks {
  struct Guest {
    /// What it is told apart by: nft's name of the interface, in quotes.
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

  /// `key` is the type of what guests are told apart by.
  init(key: String = "ifname") {
    func make(_ name: String, _ type: String, isInterval: Bool = false) {
      sets[name] = TableSet(name, key: type.replacing("ifname", with: key), isInterval: isInterval)
    }
    make("guests", "ifname")
    make("nic-mac", "ifname . ether_addr")
    make("nic-ip4", "ifname . ipv4_addr", isInterval: true)
    make("nic-ip6", "ifname . ipv6_addr", isInterval: true)
    make("own-ip6", "ifname . ipv6_addr", isInterval: true)
    make(TableSet.neighbourTargets, TableSet.typeofs[TableSet.neighbourTargets]!)
    make("taken-ip6", "ipv6_addr")
    make(TableSet.takenTargets, TableSet.typeofs[TableSet.takenTargets]!)
    make(TableSet.neighbourMACs, TableSet.typeofs[TableSet.neighbourMACs]!)
    make("blocked-ip4", "ifname . ipv4_addr", isInterval: true)
    make("blocked-ip6", "ifname . ipv6_addr", isInterval: true)
    sets["nic-rate"] = TableSet("nic-rate", key: key, value: TableSet.limit)
    for name in ["tagging", "free-mac", "free-dhcp", "free-router", "known-ip4", "known-ip6"] {
      make(name, "ifname")
    }
  }

  mutating func add(_ guest: Guest) {
    let name = guest.interface
    insert("guests", name)
    if let rate = guest.rate { sets["nic-rate"]!.elements[name] = TableSet.definition(ofLimit: rate / 8) }
    if guest.mayTag { insert("tagging", name) }
    for check in [AntiSpoofCheck.mac, .dhcp, .router] where !guest.checks.contains(check) {
      insert("free-\(check.rawValue)", name)
    }
    if guest.checks.contains(.mac) {
      for mac in guest.macs {
        insert("nic-mac", "\(name) . \(mac)")
        insert(TableSet.neighbourMACs, "\(name) . \(mac.bits)")
      }
    }
    if guest.checks.contains(.address) { addAddresses(of: guest) }
    for prefix in guest.blocked.outermost {
      insert("blocked-\(prefix.family == .ipv4 ? "ip4" : "ip6")", "\(name) . \(prefix.element)")
    }
  }

  private mutating func addAddresses(of guest: Guest) {
    let name = guest.interface
    if !guest.ipv4.isEmpty {
      insert("known-ip4", name)
      for prefix in guest.ipv4.outermost { insert("nic-ip4", "\(name) . \(prefix.element)") }
    }
    guard !guest.ipv6.isEmpty else { return }
    insert("known-ip6", name)
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
  static let rate = "limit name iifname map @nic-rate goto drop-rate"

  /// Of Ethernet frames: no BPDU or other link-local multicast (IEEE 802.1D, table 7-10), no tag, nothing but IP and ARP.
  /// Whatever `anti-spoof` says.
  static let frames = [
    "\(linkLocal) goto drop-link",
    "ether type { 8021ad, 8021q } iifname != @tagging goto drop-tag",
    "meta protocol != { arp, ip, ip6 } goto drop-type",
    "iifname . arp saddr ether != @nic-mac iifname != @free-mac goto drop-mac",
    // A probe has no sender yet (RFC 5227).
    "arp saddr ip != 0.0.0.0 iifname . arp saddr ip != @nic-ip4 iifname @known-ip4 goto drop-ip4",
  ]

  static let linkLocal = "ether daddr & ff:ff:ff:ff:ff:f0 01:80:c2:00:00:00"
  static let linkLocalOfGuests = "iifname @guests \(linkLocal) goto drop-link"

  static let packets = [
    "iifname . ether saddr != @nic-mac iifname != @free-mac goto drop-mac",
    // Clients take an answer from whatever port it comes.
    "udp dport { 546, 68 } iifname != @free-dhcp goto drop-dhcp",
    "icmp type { redirect, router-advertisement } iifname != @free-router goto drop-router",
    "icmpv6 type { nd-redirect, nd-router-advert } iifname != @free-router goto drop-router",
    "iifname . ip daddr @blocked-ip4 goto drop-block",
    "iifname . ip6 daddr @blocked-ip6 goto drop-block",
    // Whoever has no address yet asks for one.
    "ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept",
    "iifname . ip saddr != @nic-ip4 iifname @known-ip4 goto drop-ip4",
    "\(NeighbourChecks.messages) jump \(NeighbourChecks.chain.name)",
    // Duplicate detection, and what is said before it has ended.
    "ip6 saddr :: icmpv6 type { mld-listener-report, mld2-listener-report, nd-neighbor-solicit, nd-router-solicit } accept",
    "ip6 saddr @taken-ip6 iifname . ip6 saddr != @own-ip6 iifname @known-ip6 goto drop-ip6",
    "iifname . ip6 saddr != @nic-ip6 iifname @known-ip6 goto drop-ip6",
  ]
}

/// The ends of chains: a packet is counted for its guest, and gone.
///
/// Two rules, because one whose statement fails is left: a set that takes no more elements must not let a packet pass.
enum Drops {
  static let ofFrames = ["link", "tag", "type"]
  static let ofPackets = ["rate", "mac", "ip4", "ip6", "dhcp", "router", "block"]

  static func sets(_ reasons: [String]) -> [TableSet] {
    reasons.map { TableSet("\(TableSet.dropped)\($0)", key: "ifname", counts: true) }
  }

  static func chains(_ reasons: [String]) -> [TableChain] { reasons.map { chain($0, as: $0) } }

  static func chain(_ name: String, as reason: String, of interface: String = "iifname") -> TableChain {
    TableChain("drop-\(name)", ["add @\(TableSet.dropped)\(reason) { \(interface) }", "drop"])
  }
}

extension TableSet {
  /// What sets of counters are called, but for why.
  static let dropped = "dropped-"
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
