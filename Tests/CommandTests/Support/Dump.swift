import Glibc

/// Everything a namespace's network consists of, one line per fact, apart from what no program can restore
/// (indexes, counters, time stamps, what was learned, what processes asked for).
struct Dump: Equatable, CustomStringConvertible {
  private(set) var facts: [String]

  init(_ facts: [String]) { self.facts = facts }

  var description: String { facts.joined(separator: "\n") }

  /// `-` for what only this dump has, `+` for what only `other` has; empty where they are equal.
  func difference(to other: Dump) -> String {
    var surplus: [String: Int] = [:]
    for fact in facts { surplus[fact, default: 0] += 1 }
    for fact in other.facts { surplus[fact, default: 0] -= 1 }
    let lines = surplus.filter { $0.value != 0 }.sorted { ($0.key, $0.value) < ($1.key, $1.value) }
    return lines.map { ($0.value > 0 ? "- " : "+ ") + $0.key }.joined(separator: "\n")
  }

  /// The facts in which one of `words` occurs.
  func mentioning(_ words: String...) -> Dump {
    Dump(facts.filter { fact in words.contains { fact.contains($0) } })
  }

  func without(_ word: String) -> Dump { Dump(facts.filter { !$0.contains(word) }) }

  /// The same with each of the given strings replaced, longest first.
  func replacing(_ names: [String: String]) -> Dump {
    let ordered = names.sorted { $0.key.utf8.count > $1.key.utf8.count }
    return Dump(
      facts.map { fact in
        // Most have none of them, and the C library is the sooner to say so.
        ordered.reduce(fact) { strstr($0, $1.key) == nil ? $0 : $0.replacing($1.key, with: $1.value) }
      }
      .sorted())
  }
}

extension Namespace {
  /// Waits for duplicate address detection to end, then reads everything.
  func dump() throws -> Dump {
    _ = try Clock.wait(4) {
      try json("ip -j addr show tentative").elements.allSatisfy { $0["addr_info"].elements.isEmpty }
    }
    var reading = try Reading(of: self)
    _ = try Clock.wait(1) {
      if reading.isSettled { return true }
      reading = try Reading(of: self)
      return false
    }
    return Dump(reading.facts.sorted())
  }
}

/// What the kernel's own programs said at one time.
private struct Reading {
  private(set) var facts: [String] = []
  private var addresses: Set<String> = []
  private var localRoutes: Set<String> = []

  /// The kernel makes the local route of an IPv6 address a moment later, in a queue of its own (`addrconf_dad_work`), also
  /// where no duplicate is looked for.
  var isSettled: Bool { addresses.isSubset(of: localRoutes) }

  init(of space: Namespace) throws {
    let script = """
      part() { printf '\\n=== %s\\n' "$1"; shift; "$@" 2>/dev/null; }
      part link ip -d -j link show
      part address ip -d -j addr show
      part route ip -d -j -4 route show table all
      part route ip -d -j -6 route show table all
      part nexthop ip -j nexthop show
      part rule ip -j -4 rule show
      part rule ip -j -6 rule show
      part neighbour ip -j neigh show nud permanent
      part neighbour ip -j neigh show proxy
      part fdb bridge -d -j fdb show
      part qdisc tc -j qdisc show
      part nft nft -j list ruleset
      part vlan bridge -j vlan show
      part sysctl grep -r . /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf /proc/sys/net/ipv4/neigh \
        /proc/sys/net/ipv6/neigh /proc/sys/net/ipv4/ip_forward /proc/sys/net/bridge
      """
    let text = try space.run(["sh", "-c", script]).stdout
    for part in text.split(separator: "\n=== ") {
      let (name, rest) = Self.head(part)
      if name == "sysctl" {
        facts += rest.split(separator: "\n").map { "sysctl " + $0.dropFirst("/proc/sys/net/".count) }
      } else if let json = try? JSON(parsing: rest) {
        facts += Self.facts(name, json)
        note(name, json)
      }
    }
  }

  private mutating func note(_ part: String, _ json: JSON) {
    if part == "route" {
      localRoutes.formUnion(json.elements.filter { $0["type"].text == "local" }.compactMap { $0["dst"].text })
    }
    guard part == "address" else { return }
    for link in json.elements where link["flags"].elements.contains(.string("LOWER_UP")) {
      let own = link["addr_info"].elements.filter {
        $0["family"].text == "inet6" && $0["tentative"].isNull && $0["dadfailed"].isNull
      }
      addresses.formUnion(own.compactMap { $0["local"].text })
    }
  }

  private static func head(_ part: Substring) -> (name: String, rest: String) {
    let trimmed = part.drop { $0 == "\n" || $0 == "=" || $0 == " " }
    let end = trimmed.firstIndex(of: "\n") ?? trimmed.endIndex
    return (String(trimmed[..<end]), String(trimmed[end...]))
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
