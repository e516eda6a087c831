internal import Glibc
internal import Netlink

// nftables tables through `nft`.

/// The tables of all configurations, and rules of ours in chains of others, on the way.
enum RulesetReading {
  case known([Object]?)
  /// These tables, or with `others` all there is; nft is at work on all of it or the first.
  case listing([TableID], others: Bool, whole: Bool, generation: UInt32?, Nft?)
}

extension LinuxHost {
  /// The tables of all configurations, and rules of ours in chains of others; nil where this process may not look
  /// (CAP_NET_ADMIN). For the latter, and for what others drop, all has to be listed if others have tables.
  mutating func readRuleset(all: Bool) throws(HostError) -> [Object]? {
    end(try beginRuleset(all: all))
  }

  /// Asks what has to be listed, and sets nft to work on it, or is content with what it has been at since the last change.
  mutating func beginRuleset(all: Bool) throws(HostError) -> RulesetReading {
    var ids: [TableID] = []
    var hasOthers = false
    let generation: UInt32?
    do throws(NetlinkError) {
      var socket = try NetfilterSocket()
      generation = try socket.generation()
      if let last = lastRuleset, last.generation == generation, last.isWhole || !all {
        return .known(last.objects)
      }
      if let begun = listing.take(), case .listing(_, _, let whole, let its?, _) = begun, its == generation,
        whole || !all
      {
        return begun
      }
      for (family, name) in try socket.tables() {
        let id = TableID.Family(protocolNumber: family).map { TableID(family: $0, name: name) }
        if let id, id.owner != nil { ids.append(id) } else { hasOthers = true }
      }
    } catch {
      switch error.errno {
      case EPERM: return .known(nil)
      // A kernel without nftables has none.
      case EPROTONOSUPPORT, EINVAL, EOPNOTSUPP: return .known([])
      default: throw HostError(error)
      }
    }
    ids.sort()
    let others = all && hasOthers
    let whole = all || !hasOthers
    let nft = others ? try? Nft.listingAll() : ids.first.flatMap { try? Nft(listing: $0) }
    if !hasOthers { foreignChains = foreignChains ?? [] }
    return .listing(ids, others: others, whole: whole, generation: generation, nft)
  }

  mutating func end(_ reading: RulesetReading) -> [Object]? {
    switch reading {
    case .known(let objects): return objects
    case .listing(let ids, let others, let whole, let generation, let nft):
      let objects = others ? readAll(ids, nft) : read(ids, nft)
      let isRead = !objects.contains { $0.table?.reasonUnread != nil }
      lastRuleset =
        isRead ? generation.map { Ruleset(generation: $0, isWhole: whole, objects: objects) } : nil
      return objects
    }
  }

  /// By one listing. Where nft cannot list what others have, nothing of ours is among it, for it was nft that put it there.
  private mutating func readAll(_ ids: [TableID], _ nft: Nft?) -> [Object] {
    let listing = (try? nft?.json()) ?? .null
    let passages = [Passage](listing: listing)
    hasPassages = hasPassages || !passages.isEmpty
    if listing != .null { foreignChains = foreignChains ?? [ForeignChain](listing: listing) }
    let tables = Dictionary(uniqueKeysWithValues: Table.list(listing).map { ($0.id, $0) })
    return ids.map { .table(tables[$0] ?? read($0)) } + passages.map(Object.passage)
  }

  /// One by one: of two `list table` commands in one run nft 1.0.6 finds the first family's only.
  private func read(_ ids: [TableID], _ nft: Nft?) -> [Object] {
    ids.enumerated().map { index, id in .table(read(id, index == 0 ? nft : nil)) }
  }

  /// One that cannot be listed is there all the same, and its removal needs no listing.
  private func read(_ id: TableID, _ nft: Nft? = nil) -> Table {
    do throws(HostError) {
      let nft = if let nft { nft } else { try Nft(listing: id) }
      if let table = Table.list(try nft.json()).first { return table }
      throw HostError(
        operation: "list nftables table \(id)", errno: 0, message: "nft's answer does not hold it")
    } catch {
      return Table(unread: id, because: error)
    }
  }

  /// Frames and packets of guests that the filters dropped, by interface and check: `mac`, `ip4` …
  package func drops(in state: State) -> DropCounts {
    let documents = state.tables.map(\.id).sorted().compactMap { id in try? Nft(listing: id).json() }
    var drops = DropCounts()
    for item in documents.flatMap({ $0["nftables"]?.array ?? [] }) {
      guard let set = item["set"], let name = set["name"]?.string,
        let reason = name.split(separator: TableSet.dropped, omittingEmptySubsequences: false).last,
        name.count > reason.count
      else { continue }
      for element in set["elem"]?.array ?? [] {
        guard let value = element["elem"]?["val"], let count = element["elem"]?["counter"]?["packets"]?.int
        else { continue }
        drops.add(UInt64(clamping: count), String(reason), of: value)
      }
    }
    return drops
  }
}

extension DropCounts {
  /// Of a port, or of bridge and MAC.
  fileprivate mutating func add(_ count: UInt64, _ reason: String, of key: JSON) {
    if let port = key.string {
      ports[LinkName(kernel: port), default: [:]][reason, default: 0] += count
    } else if let parts = key["concat"]?.array, parts.count == 2, let bridge = parts[0].string,
      let mac = parts[1].string.flatMap({ MACAddress($0) })
    {
      stations[Station(bridge: LinkName(kernel: bridge), mac: mac), default: [:]][reason, default: 0] += count
    }
  }
}

/// Tables and passages as they were in one generation of nftables: while that lasts, nothing need be listed again.
struct Ruleset {
  var generation: UInt32
  /// Others' tables were looked at, too.
  var isWhole: Bool
  var objects: [Object]
}

extension Observation {
  /// This, unless something of it is there and could not be read: nothing can be planned on that.
  package func wholly() throws(HostError) -> Observation {
    for table in state.tables.sorted(by: { $0.id < $1.id }) {
      guard let reason = table.reasonUnread else { continue }
      throw HostError(
        operation: "read nftables table \(table.id.family.rawValue) \(table.id.name)", errno: 0,
        message: reason)
    }
    return self
  }
}
