/// What guests say of neighbours over IPv6 (RFC 4861): that an address is theirs, and at which MAC.
///
/// nft has no words for the insides of these messages. Behind four bytes of ICMPv6 header and four of flags stands the
/// target, behind that the options: a type, a length in units of eight bytes, and here a MAC. A solicitation of routers
/// has no target. Where a packet ends before what a rule reads, the rule does not match.
enum NeighbourChecks {
  static let messages = "icmpv6 type { nd-neighbor-advert, nd-neighbor-solicit, nd-router-solicit }"

  static let chain = TableChain(
    "neighbour",
    [
      "icmpv6 type nd-neighbor-advert \(foreignTarget)",
      "ip6 saddr :: icmpv6 type nd-neighbor-solicit \(foreignTarget)",
    ] + macs("nd-neighbor-advert", option: 2, behind: 192)
      + macs("nd-neighbor-solicit", option: 1, behind: 192)
      + macs("nd-router-solicit", option: 1, behind: 64))

  private static let foreignTarget =
    "@th,64,128 @\(TableSet.takenTargets) iifname . @th,64,128 != @\(TableSet.neighbourTargets) "
    + "iifname @known-ip6 goto drop-ip6"

  /// No MAC but the guest's own. An option that is the first of several is the one with the MAC, for rules cannot go
  /// through a list: senders put it there, and of two of a kind receivers take the first (`ndisc_parse_options`).
  private static func macs(_ type: String, option: Int, behind bits: Int) -> [String] {
    let (message, first) = ("icmpv6 type \(type)", "@th,\(bits),8")
    return [
      "\(message) \(first) \(option) iifname . @th,\(bits + 16),48 != @\(TableSet.neighbourMACs) "
        + "iifname != @free-mac goto drop-mac",
      "\(message) \(first) != \(option) ip6 length != \(bits / 8 + 8) iifname != @free-mac goto drop-mac",
    ]
  }
}

extension TableSet {
  /// Sets of what stands in ICMPv6 messages. A listing has no words for the type of their keys, so that it goes by the
  /// name.
  static let neighbourTargets = "own-target"
  static let takenTargets = "taken-target"
  static let neighbourMACs = "own-lladdr"
  package static let typeofs = [
    neighbourTargets: "typeof iifname . @th,64,128", takenTargets: "typeof @th,64,128",
    neighbourMACs: "typeof iifname . @th,208,48",
  ].merging(StationChecks.typeofs) { $1 }
}
