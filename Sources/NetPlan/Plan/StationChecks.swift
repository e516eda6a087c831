/// The checks of guests whose ports their VM software makes, under a name of which only the beginning is known.
///
/// Several can have names that begin alike. So a guest is the bridge on which it is and the MAC by which it sends, and a frame
/// of such a port is dropped where that MAC is nobody's. What cannot be told is one of those guests from another that
/// takes its MAC. On which bridge a port is the kernel says from the port's first frame on (`nft_meta_bridge_get_eval`,
/// net/bridge/netfilter/nft_meta_bridge.c): without that, ports of others that have such a name would be dropped as well.
struct StationChecks {
  /// Ports of one bridge, by their names.
  struct Ports: Hashable {
    /// nft's name of the bridge, in quotes.
    var bridge: String
    var name: PortName
    /// No MAC but those of guests may be used; false where nothing is asked of the guests.
    var isChecked: Bool
  }

  private var checks = GuestChecks(key: StationChecks.key)
  private var ports: Set<Ports> = []
  private var received = TableSet(StationChecks.receivedRate, key: StationChecks.key, value: TableSet.limit)

  var isEmpty: Bool { ports.isEmpty }

  /// A guest that receives at most `rate`, whatever its `interface`.
  mutating func add(_ guest: GuestChecks.Guest, at place: Ports, receivingAtMost rate: UInt64?) {
    ports.insert(place)
    guard place.isChecked else { return }
    for mac in guest.macs {
      var station = guest
      station.interface = "\(place.bridge) . \(mac)"
      checks.add(station)
      if let rate { received.elements[station.interface] = TableSet.definition(ofLimit: rate / 8) }
    }
  }

  mutating func reserve(_ address: IPAddress) { checks.reserve(address) }

  // MARK: What is in sets

  fileprivate static let prefix = "vmm-"
  fileprivate static let sender = "meta ibrname . ether saddr"
  private static let key = "ifname . ether_addr"
  private static let drops = Drops.ofFrames + Drops.ofPackets

  static let guests = prefix + "guests"
  private static let receivedRate = prefix + "nic-rate-in"
  private static let receivedDrops = prefix + TableSet.dropped + "rate-in"

  /// As in `TableSet.typeofs`.
  static let typeofs = [
    prefix + TableSet.neighbourTargets: "typeof \(sender) . @th,64,128",
    prefix + TableSet.takenTargets: "typeof @th,64,128",
    prefix + TableSet.neighbourMACs: "typeof \(sender) . @th,208,48",
  ]

  var sets: [TableSet] {
    let renamed = (Array(checks.sets.values) + Drops.sets(StationChecks.drops)).map { set in
      var own = set
      own.name = StationChecks.prefix + set.name
      own.key = StationChecks.typeofs[own.name] ?? (set.counts ? StationChecks.key : set.key)
      return own
    }
    return renamed + [received, TableSet(StationChecks.receivedDrops, key: StationChecks.key, counts: true)]
  }

  // MARK: Rules

  /// Those without a hook. A stranger's frames are counted for the port, since nobody bounds the MACs that it can have.
  static let chains: [TableChain] = {
    let rules = [GuestChecks.rate] + GuestChecks.frames + GuestChecks.packets
    let always = GuestChecks.frames.prefix(3).map { $0.replacing(" iifname != @tagging", with: "") }
    return (Drops.chains(drops) + [NeighbourChecks.chain, TableChain("checked", rules)]).map { chain in
      var own = TableChain(prefix + chain.name, chain.rules.map(\.ofStations))
      if chain.name == "checked" { own.rules.insert("\(sender) != @\(guests) goto drop-mac", at: 0) }
      return own
    } + [
      TableChain(prefix + "free", always),
      TableChain(prefix + "drop-received", ["add @\(receivedDrops) { meta obrname . ether daddr }", "drop"]),
    ]
  }()

  private var rules: [(match: String, isChecked: Bool)] {
    ports.sorted { ($0.bridge, $0.name.text) < ($1.bridge, $1.name.text) }
      .map { ("meta ibrname \($0.bridge) iifname \"\($0.name)\"", $0.isChecked) }
  }

  /// What the hook asks of frames that come in.
  var early: [String] {
    rules.map { "\($0.match) goto \(StationChecks.prefix)\($0.isChecked ? "checked" : "free")" }
  }

  /// What it asks of link-local multicast.
  var input: [String] { rules.map { "\($0.match) \(GuestChecks.linkLocal) goto drop-link" } }

  /// What guests receive waits in no queue of ours: nobody can give one to a port that is not there yet.
  static let receiving = TableChain(
    prefix + "received", hook: TableChain.hook("filter", "postrouting", -300),
    ["limit name meta obrname . ether daddr map @\(receivedRate) goto \(prefix)drop-received"])
}

extension String {
  /// A rule of `GuestChecks`, for whom bridge and MAC tell apart: it asks sets of its own and goes on to chains of its own.
  fileprivate var ofStations: String {
    var words: [Substring] = []
    for word in split(separator: " ") {
      let isChain = words.last == "goto" || words.last == "jump"
      // `@th,64,128` is no set.
      let isSet = word.hasPrefix("@") && !word.contains(",")
      if word == "iifname" {
        words.append(Substring(StationChecks.sender))
      } else if isSet {
        words.append("@\(StationChecks.prefix)\(word.dropFirst())")
      } else {
        words.append(isChain ? "\(StationChecks.prefix)\(word)" : word)
      }
    }
    return words.joined(separator: " ")
  }
}

extension Table {
  /// Ports by the beginning of their names, with the bridges of each, that a table of ours asks of.
  var stationPorts: [(bridge: String, name: PortName)] {
    guard let early = chains.first(where: { $0.name == "early" }) else { return [] }
    return early.rules.compactMap { rule in
      let words = rule.split(separator: "\"", omittingEmptySubsequences: false)
      guard words.count == 5, words[0] == "meta ibrname ", words[2] == " iifname " else { return nil }
      return (String(words[1]), PortName(String(words[3])))
    }
  }
}
