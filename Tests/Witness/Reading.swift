/// What the kernel's own programs said at one time.
package struct Reading {
  package private(set) var facts: [String] = []
  package private(set) var isTentative = false
  private var addresses: Set<String> = []
  private var localRoutes: Set<String> = []

  /// The kernel makes the local route of an IPv6 address a moment later, in a queue of its own (`addrconf_dad_work`), also
  /// where no duplicate is looked for.
  package var isSettled: Bool { addresses.isSubset(of: localRoutes) }

  /// A program and its commands, each named by what it lists. Started once for all of them: in the lab that is what takes
  /// the time.
  private struct Listing {
    let program: String
    let commands: [(part: String, command: String)]
    /// The kernel may not know the last of it: a bridge's VLANs are an option of its own.
    var isPartial = false
  }

  private static let listings = [
    Listing(
      program: "ip -d -j -batch",
      commands: [
        ("link", "link show"), ("address", "addr show"), ("route", "route show table all"),
        ("nexthop", "nexthop show"), ("rule", "rule show"), ("neighbour", "neigh show nud permanent"),
        ("neighbour", "neigh show proxy"),
      ]),
    Listing(program: "ip -6 -d -j -batch", commands: [("rule", "rule show")]),
    Listing(
      program: "bridge -d -j -batch", commands: [("fdb", "fdb show"), ("vlan", "vlan show")], isPartial: true),
    Listing(program: "tc -j -batch", commands: [("qdisc", "qdisc show")]),
  ]

  /// For a shell in the namespace; `init` takes what it says.
  package static let script =
    listings.map { listing in
      let lines = listing.commands.map(\.command).joined(separator: "\\n")
      return "printf '\(lines)\\n' | \(listing.program) - 2>/dev/null; printf '\\036'"
    }.joined(separator: "\n") + """

      nft -j list ruleset 2>/dev/null; printf '\\036'
      find /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf /proc/sys/net/ipv4/neigh /proc/sys/net/ipv6/neigh \
        /proc/sys/net/ipv4/ip_forward /proc/sys/net/bridge -type f -exec head -vn 1 {} + 2>/dev/null
      """

  /// Of what `head -v` says of each file. It asks for 8 KiB, once; for every read of a setting the kernel clears as much memory
  /// as was asked for, 96 KiB twice where `grep` reads it.
  private static func settings(_ text: Substring) -> [String] {
    var facts: [String] = [], path = Substring()
    for line in text.split(separator: "\n") {
      if line.hasPrefix("==> /proc/sys/net/") {
        path = line.dropFirst("==> /proc/sys/net/".count).dropLast(" <==".count)
      } else {
        facts.append("sysctl \(path):\(line)")
      }
    }
    return facts
  }

  package init(_ text: String) throws {
    var parts = text.split(separator: "\u{1E}", omittingEmptySubsequences: false)
    guard parts.count == Self.listings.count + 2 else { throw NotJSON(text: text) }
    facts = Self.settings(parts.removeLast())
    if let ruleset = try? JSON(parsing: String(parts.removeLast())) { facts += Self.facts("nft", ruleset) }
    for (listing, text) in zip(Self.listings, parts) {
      let answers = JSONText.values(of: Array(text.utf8))
      guard answers.count >= listing.commands.count - (listing.isPartial ? 1 : 0) else {
        throw NotJSON(text: "\(listing.program): \(text)")
      }
      for (asked, json) in zip(listing.commands, answers) {
        facts += Self.facts(asked.part, json)
        note(asked.part, json)
      }
    }
  }

  private mutating func note(_ part: String, _ json: JSON) {
    if part == "route" {
      localRoutes.formUnion(json.elements.filter { $0["type"].text == "local" }.compactMap { $0["dst"].text })
    }
    guard part == "address" else { return }
    for link in json.elements {
      let addresses = link["addr_info"].elements
      if addresses.contains(where: { $0["tentative"].isTrue }) { isTentative = true }
      guard link["flags"].elements.contains(.string("LOWER_UP")) else { continue }
      let own = addresses.filter {
        $0["family"].text == "inet6" && $0["tentative"].isNull && $0["dadfailed"].isNull
      }
      self.addresses.formUnion(own.compactMap { $0["local"].text })
    }
  }

  private static func facts(_ part: String, _ json: JSON) -> [String] {
    switch part {
    case "link":
      // Timers count down. The kernel numbers ports. Carrier is the peer's or the holder's doing, and comes about a second late.
      let moving: Set = [
        "ifindex", "link_index", "hello_timer", "tcn_timer", "topology_change_timer", "gc_timer",
        "hold_timer",
        "forward_delay_timer", "message_age_timer", "topology_change_detected", "operstate", "stats", "id",
        "no", "designated_port",
        "stats64",
        "numtxqueues",
      ]
      return json.elements.flatMap { link in
        Self.withoutCarrier(link.without(moving)).leaves(under: "link \(link["ifname"].line)")
          .filter { !$0.contains("info_slave_data.state=") }
      }
    case "address":
      return json.elements.flatMap { link in
        // The order within a family decides the source address (RFC 6724 falls back on it), so it counts.
        ["inet", "inet6"].flatMap { (family: String) -> [String] in
          let addresses = link["addr_info"].elements.filter { $0["family"].text == family }
          return addresses.enumerated().map { index, address in
            "address \(link["ifname"].line) \(family)[\(index)] \(Self.lasting(address).line)"
          }
        }
      }
    case "fdb":
      let lasting = json.elements.filter { ["permanent", "static"].contains($0["state"].text) }
      return lasting.map { entry in
        // A bridge keeps one entry for the MAC that it shares with its port, under the one that came first.
        let isOwn = entry["state"].text == "permanent" && entry["master"].text != nil
        return "fdb \(entry.without(isOwn ? ["used", "updated", "ifname"] : ["used", "updated"]).line)"
      }
    case "nft":
      return json["nftables"].elements.map {
        "nft \($0.without(["handle", "packets", "bytes", "metainfo"]).sorting("elem").line)"
      }
    case "neighbour":
      return json.elements.map { "neighbour \($0.without(["used", "confirmed", "updated", "probes"]).line)" }
    default:
      return json.elements.map {
        "\(part) \(Self.withoutCarrier($0.without(["refcnt", "expires", "cache"])).line)"
      }
    }
  }

  private static func withoutCarrier(_ object: JSON) -> JSON {
    var members = object.members
    let carrier: Set<JSON> = [
      .string("NO-CARRIER"), .string("LOWER_UP"), .string("linkdown"), .string("dead"),
    ]
    if let flags = members["flags"] {
      members["flags"] = .array(flags.elements.filter { !carrier.contains($0) })
    }
    return .object(members)
  }

  /// An address without what time changes: only whether its lifetimes end is kept.
  private static func lasting(_ address: JSON) -> JSON {
    var members = address.without(["temporary", "stable-privacy", "tentative", "cstamp", "tstamp"]).members
    for key in ["valid_life_time", "preferred_life_time"] {
      members[key] = .string(members[key]?.int == 4_294_967_295 ? "forever" : "ends")
    }
    return .object(members)
  }
}
