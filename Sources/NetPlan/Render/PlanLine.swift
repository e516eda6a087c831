/// One line of a plan: an object, or many alike.
struct PlanLine {
  var action: Change.Action
  /// `tap web-eth0`, with the attributes behind it.
  var words: String
  var interruptions: [String]
  /// What makes it one of many alike; nil for a line that stands for itself.
  var place: SeriesPlace?

  static func lines(of changes: [Change], in plan: Plan, folded: Bool) -> [PlanLine] {
    let lines = changes.map { change in
      let words = words(of: change, plan.accounts)
      return PlanLine(
        action: change.action, words: words, interruptions: plan.interruptions[change.id] ?? [],
        place: folded ? place(of: change, words, plan.reasons[change.id] ?? "") : nil)
    }
    return folded ? fold(lines) : lines
  }

  /// Chosen addresses grow by no rule: many reservations are one line without them.
  private static func place(of change: Change, _ words: String, _ reason: String) -> SeriesPlace? {
    guard let reservation = (change.after ?? change.before)?.reservation else {
      return SeriesPlace(change, words, reason: reason)
    }
    return SeriesPlace(change, Object.reservation(reservation).headline, reason: reason)
  }

  private static func words(of change: Change, _ accounts: AccountNames) -> String {
    let object = (change.after ?? change.before)!
    let head = object.headline
    let attributes: [String]
    if let before = change.before, let after = change.after {
      attributes = after.changes(from: before, accounts)
    } else if change.after != nil {
      attributes = object.attributes(accounts)
    } else {
      attributes = []
    }
    return attributes.isEmpty ? head : head + "  " + attributes.joined(separator: ", ")
  }
}

extension Object {
  /// What and which: `tap web-eth0`, `address 192.0.2.10/24 dev office`.
  var headline: String {
    switch self {
    case .link(let link): "\(link.kind == .device ? "link" : link.kind.description) \(link.name)"
    case .netns(let netns): "netns \(netns.name)"
    case .function(let function): "vf \(function.id.number) of \(function.id.link)"
    case .address(let address): "address \(address.local) dev \(address.link)"
    case .nexthop(let nexthop): "nexthop \(nexthop.summary)"
    case .route(let route): "route \(route.summary)"
    case .rule(let rule): "rule \(rule.id)"
    case .neighbour(let neighbour):
      "\(neighbour.linkAddress == nil ? "proxy" : "neighbour") \(neighbour.address) dev \(neighbour.link)"
    case .qdisc(let qdisc): "qdisc tbf dev \(qdisc.link)"
    case .sysctl(let sysctl): "sysctl \(sysctl.key.path.replacing("/", with: "."))"
    case .former(let former): "ledger \(former.id.object)"
    case .table(let table): "table \(table.id.family.rawValue) \(table.id.name)"
    case .passage(let passage): "rules in \(passage.id.chain)"
    case .dropIn(let dropIn): "file \(dropIn.id.path)"
    case .zone(let binding): "firewalld zone of \(binding.interface)"
    case .bridgeAccess(let access): "qemu-bridge-helper for group \(access.id.group)"
    case .reservation(let reservation): "reservation \(reservation.id.label)"
    case .service(let service): "service \(service.id.program) \(service.id.subject)"
    }
  }

  /// Worth a reader's time when the object is new; everything is in the JSON.
  fileprivate func attributes(_ accounts: AccountNames) -> [String] {
    switch self {
    case .link(let link):
      var words: [String] = []
      if let master = link.master?.name { words.append("master \(master)") }
      if let vfio = link.vfio { words.append("vfio \(vfio)") }
      if let netns = link.veth.netns ?? link.netns { words.append("netns \(netns)") }
      if let lower = link.lower { words.append("link \(lower)") }
      if let mode = link.macvtap.mode { words.append("mode \(mode)") }
      if let id = link.vlan.id { words.append("id \(id)") }
      if link.kind == .bridge, let mac = link.mac { words.append("mac \(mac)") }
      if let mtu = link.mtu { words.append("mtu \(mtu)") }
      if let owner = link.tap.owner, owner != .none { words.append("owner \(accounts.user(owner))") }
      if let group = link.tap.group, group != .none { words.append("group \(accounts.group(group))") }
      if link.tap.multiQueue == true { words.append("multi_queue") }
      if link.bridge.stp == true { words.append("stp") }
      if link.bridge.vlanFiltering == true { words.append("vlan_filtering") }
      if link.port.isolated == true { words.append("isolated") }
      if let vlans = link.vlans, !vlans.isEmpty {
        words.append("vlan " + vlans.map(\.description).joined(separator: " "))
      }
      return words
    case .netns(let netns): return netns.summary
    case .function(let function): return function.summary
    case .qdisc(let qdisc): return ["rate \(qdisc.rate.bitRate)"]
    case .sysctl(let sysctl): return [sysctl.value]
    case .table(let table): return table.summary
    case .passage(let passage): return passage.summary
    case .dropIn(let dropIn): return dropIn.summary
    case .zone(let binding): return [binding.zone]
    case .bridgeAccess(let access): return access.summary
    case .reservation(let reservation): return reservation.addresses.map { "\($0.address)" }
    case .service(let service): return service.offers
    default: return []
    }
  }

  /// `mtu 1500 → 9000` for each attribute that changes.
  fileprivate func changes(from before: Object, _ accounts: AccountNames) -> [String] {
    func differences<Kind: Described>(_ after: Kind, _ before: Kind) -> [String] {
      after.differences(from: before).map { field in
        "\(field.name) \(field.json(before).plain) → \(field.json(after).plain)"
      }
    }
    return switch (self, before) {
    case (.link(let a), .link(let b)): a.linkChanges(from: b, accounts)
    case (.netns(let a), .netns(let b)): a.changes(from: b)
    case (.function(let a), .function(let b)): differences(a, b)
    case (.address(let a), .address(let b)): differences(a, b)
    case (.nexthop(let a), .nexthop(let b)): differences(a, b)
    case (.route(let a), .route(let b)): a.routeChanges(from: b) ?? differences(a, b)
    case (.rule(let a), .rule(let b)): differences(a, b)
    case (.neighbour(let a), .neighbour(let b)): differences(a, b)
    case (.qdisc(let a), .qdisc(let b)): a.qdiscChanges(from: b)
    case (.sysctl(let a), .sysctl(let b)): ["\(b.value) → \(a.value)"]
    case (.former(let a), .former(let b)): differences(a, b)
    case (.table(let a), .table(let b)): a.changes(from: b)
    case (.passage(let a), .passage(let b)): a.changes(from: b)
    case (.dropIn(let a), .dropIn(let b)): a.changes(from: b)
    case (.zone(let a), .zone(let b)): ["\(b.zone) → \(a.zone)"]
    case (.bridgeAccess(let a), .bridgeAccess(let b)): a.changes(from: b)
    case (.reservation(let a), .reservation(let b)): differences(a, b)
    case (.service(let a), .service(let b)): a.changes(from: b)
    default: []
    }
  }
}

extension Link {
  /// What a port loses with its bridge goes without saying, and accounts are said by name.
  fileprivate func linkChanges(from before: Link, _ accounts: AccountNames) -> [String] {
    differences(from: before).compactMap { field in
      let old: String
      let new: String
      switch field.name {
      case "owner":
        old = before.tap.owner.map(accounts.user) ?? "none"
        new = tap.owner.map(accounts.user) ?? "none"
      case "group":
        old = before.tap.group.map(accounts.group) ?? "none"
        new = tap.group.map(accounts.group) ?? "none"
      case "netns": (old, new) = (before.netns ?? "none", netns ?? "none")
      case "vfio": (old, new) = (before.vfio ?? "none", vfio ?? "none")
      // An interface goes or comes with all that it has.
      case _ where before.vfio != vfio && field.name != "owner": return nil
      case "isolated" where before.port.isolated == nil && port.isolated == false: return nil
      case "group_fwd_mask" where before.port.groupForwardMask == nil: return nil
      default:
        guard let value = field.json(self) else { return nil }
        old = field.json(before).plain
        new = JSON?.some(value).plain
      }
      if old == new { return nil }
      return "\(field.name) \(old) → \(new)"
    }
  }
}

extension Service {
  /// `dhcp`, `dns`, `ra`; `tcp:127.0.0.1:8080-:80`
  fileprivate var offers: [String] {
    if id.program == .passt { return forwards.map { "\($0)" } }
    if let tap { return ["holds \(tap)"] }
    let words = Set(configuration.map { $0.prefix { $0 != "=" } })
    return (words.contains("dhcp-authoritative") ? ["dhcp"] : []) + (words.contains("port") ? [] : ["dns"])
      + (words.contains("enable-ra") ? ["ra"] : [])
  }

  fileprivate func changes(from before: Service) -> [String] {
    func count(_ new: [String], _ old: [String], _ what: String) -> [String] {
      let (come, gone) = (Set(new).subtracting(old).count, Set(old).subtracting(new).count)
      return come + gone == 0 && new == old ? [] : ["\(what) +\(come) -\(gone)"]
    }
    return count(configuration, before.configuration, "configuration") + count(hosts, before.hosts, "hosts")
      + count(names, before.names, "names") + (state == before.state ? [] : ["\(before.state) → \(state)"])
  }
}

extension Route {
  /// A route that only goes out by another link.
  fileprivate func routeChanges(from before: Route) -> [String]? {
    var same = before
    same.nexthops = nexthops
    guard same == self, links != before.links else { return nil }
    return [
      "dev \(before.links.map(\.text).joined(separator: " ")) → \(links.map(\.text).joined(separator: " "))"
    ]
  }
}

extension JSON? {
  /// As a reader would write it: no quotes, `none` for what is not set.
  fileprivate var plain: String {
    switch self {
    case nil, .null?: "none"
    case .string(let text)?: text
    case .array(let items)?:
      items.isEmpty ? "none" : items.map { JSON?.some($0).plain }.joined(separator: " ")
    case .object(let members)?:
      members.map { "\($0.name) \(JSON?.some($0.value).plain)" }.joined(separator: " ")
    case let value?: value.text()
    }
  }
}
