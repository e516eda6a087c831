/// The table of family inet of a configuration: what guests may reach through the host and on it, and as whom they leave.
///
/// *Inside* are the interfaces behind which only guests are: bridges of networks that the host alone is on, and routed
/// TAPs. Between them, and between them and everything else, nothing passes but what is asked for. A packet that ends
/// here was accepted by this table alone: other tables on the hooks have their own say.
struct RouterTable {
  private(set) var checks = GuestChecks()
  private(set) var sets: [String: TableSet] = [:]
  private var translations: [IPPrefix: NAT] = [:]

  init() {
    func make(_ name: String, _ key: String, _ value: String? = nil, isInterval: Bool = false) {
      sets[name] = TableSet(name, key: key, value: value, isInterval: isInterval)
    }
    make("inside", "ifname")
    make("outbound", "ifname")
    make("outbound-by", "ifname . ifname")
    make("inbound", "ifname")
    make("reach", "ifname . ifname")
    make("nic-reach", "ifname . ether_addr . ifname")
    make("nic-reaches", "ifname . ether_addr")
    make("host-reach", "ifname", "verdict")
    make("nic-host-reach", "ifname . ether_addr", "verdict")
    make("isolated", "ifname . ether_addr")
    make("isolated-among", "ifname . ether_addr . ifname")
    for family in AddressFamily.allCases {
      let (ip, type) = (family.shortName, family.nftType)
      make("isolated-\(ip)", "ifname . \(type)")
      make("home-\(ip)", "ifname . \(type)", isInterval: true)
      make("nat-\(ip)", type, isInterval: true)
      make("source-\(ip)", type, type, isInterval: true)
      make("forward-\(ip)", "inet_proto . inet_service", "\(type) . inet_service")
      make("forward-at-\(ip)", "\(type) . inet_proto . inet_service", "\(type) . inet_service")
      make(
        "forward-from-\(ip)", "\(type) . inet_proto . inet_service", "\(type) . inet_service",
        isInterval: true)
      make(
        "forward-at-from-\(ip)", "\(type) . \(type) . inet_proto . inet_service", "\(type) . inet_service",
        isInterval: true)
    }
  }

  mutating func insert(_ set: String, _ element: String, _ value: String = "") {
    sets[set]!.elements[element] = value
  }

  /// IPv6 is forwarded for guests only: see `Composer.separatesIPv6`.
  var separatesIPv6 = false

  mutating func check(_ guest: GuestChecks.Guest) { checks.add(guest) }

  /// An interface behind which only guests are.
  mutating func addInside(_ interface: String) { insert("inside", interface) }

  /// Nothing else would be asked of it.
  var isEmpty: Bool { sets["inside"]!.elements.isEmpty && sets["nic-host-reach"]!.elements.isEmpty }

  mutating func limitHost(_ key: String, in set: String, to reach: HostReach) {
    if reach != .all { setHostReach(key, in: set, to: reach) }
  }

  /// Whatever is said of more than that.
  mutating func setHostReach(_ key: String, in set: String, to reach: HostReach) {
    insert(set, key, reach == .all ? "accept" : "goto host-\(reach.rawValue)")
  }

  /// A port of the host that leads to a guest; where that is written.
  mutating func forward(
    _ transport: String, _ port: UInt16, at listen: IPAddress?, from: [IPPrefix], to guest: IPAddress,
    _ target: UInt16
  ) -> [(set: String, key: String)] {
    let set =
      "forward-" + (listen == nil ? "" : "at-") + (from.isEmpty ? "" : "from-") + guest.family.shortName
    let sources =
      from.isEmpty ? [""] : from.outermost.filter { $0.family == guest.family }.map { "\($0.element) . " }
    let key = (listen.map { "\($0) . " } ?? "") + "\(transport) . \(port)"
    for source in sources { insert(set, source + key, "\(guest) . \(target)") }
    return sources.map { (set, $0 + key) }
  }

  /// Whoever has an address of it leaves with one of the host's.
  mutating func translate(_ prefix: IPPrefix, _ nat: NAT) { translations[prefix] = nat }

  /// A prefix within another, behind some guest, leaves as the whole does.
  private mutating func insertTranslations() {
    for prefix in Array(translations.keys).outermost {
      let ip = prefix.family.shortName
      if let source = translations[prefix]?.source, source.family == prefix.family {
        insert("source-\(ip)", prefix.element, source.description)
      } else {
        insert("nat-\(ip)", prefix.element)
      }
    }
  }

  // MARK: Rules

  consuming func table(_ id: TableID) -> Table {
    insertTranslations()
    var table = Table(id: id)
    table.sets = (Array(checks.sets.values) + Array(sets.values) + Drops.sets(RouterTable.drops))
      .sorted { $0.name < $1.name }
    table.chains = Drops.chains(RouterTable.drops) + RouterTable.chains
    if separatesIPv6, let forward = table.chains.firstIndex(where: { $0.name == "forward" }) {
      table.chains[forward].rules.insert(RouterTable.separation, at: 0)
    }
    return table
  }

  fileprivate static let separation =
    "meta nfproto ipv6 meta iifgroup != \(Ownership.group) meta oifgroup != \(Ownership.group) drop"

  private static let answers = "ct state established,related accept"

  /// What a NIC says of its own counts in place of what its network says.
  private static let byNIC = "iifname . ether saddr . oifname @nic-reach accept"
  private static let byNetwork = "iifname . ether saddr != @nic-reaches iifname . oifname @reach accept"

  private static let drops = Drops.ofPackets + ["reach", "outside", "host"]

  private static let chains: [TableChain] = [
    Drops.chain("inbound", as: "outside", of: "oifname"),
    NeighbourChecks.chain,
    TableChain("checked", [GuestChecks.rate] + GuestChecks.packets),
    // What a guest cannot do without: its address, its names, and neighbour discovery (RFC 4861).
    TableChain(
      "host-basic",
      [
        "udp dport { 53, 547, 67 } accept", "tcp dport 53 accept", "meta l4proto { icmp, ipv6-icmp } accept",
        "goto drop-host",
      ]),
    TableChain(
      "host-none",
      [
        "icmpv6 type { nd-neighbor-advert, nd-neighbor-solicit, nd-router-solicit } accept",
        "goto drop-host",
      ]),
    TableChain(
      "among",
      [
        "ct status dnat accept",
        // Through the router there is no way to one's own network, where an address may be of the guest's own choice.
        "iifname . ether saddr . oifname @isolated-among goto drop-reach", byNIC, byNetwork,
        "goto drop-reach",
      ]),
    TableChain(
      "leaving",
      [
        byNIC, byNetwork, "iifname @outbound accept",
        "iifname . oifname @outbound-by accept",
        "goto drop-outside",
      ]),
    TableChain(
      "entering", ["ct status dnat accept", "oifname @inbound accept", "goto drop-inbound"]),
    TableChain(
      "early", hook: TableChain.hook("filter", "prerouting", -300),
      [
        // Settings that let forwards be reached at 127.0.0.1 would open it to guests (`route_localnet`).
        "iifname @inside ip daddr 127.0.0.0/8 drop", "iifname @inside ip saddr 127.0.0.0/8 drop",
        "iifname @guests goto checked",
      ]),
    TableChain(
      "input", hook: TableChain.hook("filter", "input", 0),
      [answers, "iifname . ether saddr vmap @nic-host-reach", "iifname vmap @host-reach"]),
    TableChain(
      "forward", hook: TableChain.hook("filter", "forward", 0),
      [
        answers,
        // Bridges keep isolated ports apart; so does the router behind them.
        "iifname . ether saddr @isolated oifname . ip daddr @isolated-ip4 drop",
        "iifname . ether saddr @isolated oifname . ip6 daddr @isolated-ip6 drop",
        "iifname @inside oifname @inside goto among", "iifname @inside goto leaving",
        "oifname @inside goto entering",
      ]),
    TableChain("to-guest", redirections),
    TableChain(
      "forward-in", hook: TableChain.hook("nat", "prerouting", -100),
      [
        // From a wire nothing is for 127.0.0.1, but translated the kernel would no longer see that it was (`martian
        // destination`, ip_route_input_slow); what the host sends itself is translated on its way out.
        "ip daddr 127.0.0.0/8 accept", "fib daddr type local goto to-guest",
      ]),
    TableChain(
      "forward-own", hook: TableChain.hook("nat", "output", -100), ["fib daddr type local goto to-guest"]),
    TableChain(
      "leave", hook: TableChain.hook("nat", "postrouting", 100),
      [
        // The guest answers to the host, not to itself or to a neighbour, who would not know the answer.
        "ct status dnat oifname . ip saddr @home-ip4 masquerade",
        "ct status dnat oifname . ip6 saddr @home-ip6 masquerade",
        "ct status dnat oifname @inside ip saddr 127.0.0.0/8 masquerade",
        "oifname != @inside snat ip to ip saddr map @source-ip4",
        "oifname != @inside snat ip6 to ip6 saddr map @source-ip6",
        "oifname != @inside ip saddr @nat-ip4 masquerade", "oifname != @inside ip6 saddr @nat-ip6 masquerade",
      ]),
  ]

  private static let redirections: [String] = {
    let transports = "meta l4proto { tcp, udp }"
    return AddressFamily.allCases.flatMap { family in
      let ip = family.shortName, word = family == .ipv4 ? "ip" : "ip6"
      let port = "meta l4proto . th dport map"
      return [
        "\(transports) dnat \(word) to \(word) saddr . \(word) daddr . \(port) @forward-at-from-\(ip)",
        "\(transports) dnat \(word) to \(word) daddr . \(port) @forward-at-\(ip)",
        "\(transports) dnat \(word) to \(word) saddr . \(port) @forward-from-\(ip)",
        "\(transports) dnat \(word) to \(port) @forward-\(ip)",
      ]
    }
  }()
}

extension Table {
  /// It lets IPv6 pass for guests only.
  var separatesIPv6: Bool { chains.contains { $0.rules.first == RouterTable.separation } }
}

extension AddressFamily {
  var shortName: String { self == .ipv4 ? "ip4" : "ip6" }
  fileprivate var nftType: String { self == .ipv4 ? "ipv4_addr" : "ipv6_addr" }
}
