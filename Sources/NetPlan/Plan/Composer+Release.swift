extension Composer {
  /// What this name owns and the file no longer mentions goes.
  mutating func prune() {
    for link in observed.links where isOurs(link) {
      if target.wanted.link(link.name) == nil { target.drop(.link(link.name), because: String(link.path!)) }
    }
    let hardware = hardwarePorts()
    for object in observed.objects.values {
      switch object {
      case .address(let address):
        guard whose(.address(address)) == .mine || isLeft(address) else { continue }
      case .route(let route):
        guard whose(.route(route)) == .mine else { continue }
      case .neighbour(let proxy):
        // On a foreign link a proxy is ours when it answers for a guest of ours.
        guard whose(.neighbour(proxy)) == .mine else { continue }
      case .qdisc(let qdisc):
        // One of our handle, on a TAP of this name.
        guard observed.link(qdisc.link).map(isOurs) ?? false else { continue }
      case .sysctl(let setting):
        settle(setting)
        unfollow(setting, on: hardware)
        continue
      case .rule(let rule):
        guard rule.origin == Ownership.origin, isUnneeded(rule) else { continue }
      default: continue
      }
      if target.wanted[object.id] == nil { target.drop(object.id, because: reason(for: object)) }
    }
  }

  /// The kernel's own on a bridge of this file where the host is not to be any more, or which gets another MAC: without the
  /// mode, or the MAC, by which it made that, it keeps it.
  private func isLeft(_ address: Address) -> Bool {
    guard address.origin == 3, let bridge = observed.link(address.link), isOurs(bridge),
      bridge.kind == .bridge, let wanted = target.wanted.link(bridge.name)
    else { return false }
    if wanted.addressGeneration == Link.AddressGeneration.none { return true }
    if wanted.mac == bridge.mac || !isOwnLinkLocal(address) { return false }
    // Its uplink's goes with that.
    return !followers.contains(bridge.name)
      || !uplinks.contains { $0.value == bridge.name && makes($0.key, address) }
  }

  /// What a NIC or a network was given beside its addresses (`setting`, `addGateway`), and is not asked for any more, is as on
  /// an interface that is new. A bridge with an uplink has the settings of that.
  private mutating func settle(_ setting: Sysctl) {
    let key = setting.key
    var usual = key
    usual.link = .default
    guard setting.value == "1", let name = key.link,
      key.name == "force_forwarding" || key.name == "route_localnet"
        || key.name == "forwarding" && isOfInterface(key.family),
      let begun = observed[.sysctl(usual)]?.sysctl?.value, begun != setting.value,
      let link = observed.link(name), isOurs(link), let path = link.path,
      target.wanted[.sysctl(key)] == nil, let wanted = target.wanted.link(name),
      key.family == .ipv6 || wanted.forwarding == nil,
      [.tap, .veth, .vlan].contains(link.kind) || link.kind == .bridge && !hasUplink(name), !isHeld(key)
    else { return }
    target.want(.sysctl(Sysctl(key: key, value: begun)), because: String(path))
  }

  /// Each interface forwards or does not; before Linux 6.17 IPv6 is forwarded by all or none, and goes back with that of all.
  func isOfInterface(_ family: AddressFamily) -> Bool {
    family == .ipv4 || host.facts.forceForwarding == true && !forwardsAll(.ipv6)
  }

  /// It is to have one.
  private func hasUplink(_ bridge: LinkName) -> Bool {
    uplinks.values.contains(bridge)
      || observed.links.contains { [target] link in
        !isOurs(link) && (target.wanted.link(link.name)?.master ?? link.master) == .link(bridge)
      }
  }

  /// Guard rules belong to whoever holds the forwarding of their interface; nobody else must hold it for them to go.
  private mutating func isUnneeded(_ rule: Rule) -> Bool {
    guard let name = rule.id.iif, let link = observed.link(name), !target.unwanted.contains(.link(name))
    else {
      return true
    }
    if forwardsAll(rule.id.family) { return true }
    if let users = holders(of: rule) { return users.allSatisfy { $0 == topology.name } }
    // Without a ledger nobody knows what forwarding was: where it is on, the rules are what keeps the host closed.
    if original(forwardingKey(name, rule.id.family)) != "1" { return true }
    if target.wanted[.rule(rule.id)] == nil, rule.id.action == .blackhole { noticeOrphan(rule, link) }
    return false
  }

  private mutating func noticeOrphan(_ rule: Rule, _ link: Link) {
    let key = forwardingKey(link.name, rule.id.family)
    target.risks.append(
      Risk(
        "foreign-object", object: ObjectID.rule(rule.id).description,
        "'\(link.name)' forwards to guests only, by rules that no ledger here knows of: they stay, since without them it would forward everything",
        refusable: false,
        remedy:
          "where nothing needs it any more: sysctl -w \(key.path.replacing("/", with: "."))=0, then remove again"
      ))
  }

  private func reason(for object: Object) -> String {
    let links =
      if case .neighbour(let proxy) = object { ways(to: proxy.address) } else { object.links }
    return links.lazy.compactMap { self.observed.link($0)?.path }.first.map(String.init)
      ?? "no longer asked for"
  }

  // MARK: The ledger

  /// Writes down what is held for the first time, and restores what nobody holds any longer.
  mutating func settleLedger() {
    // What concerns a NIC that is given away goes with the NIC of the file that has it, where that is the one asked for.
    let owners = owners(ofGiven: givenBefore).merging(given) { $1 }
    func reason(_ former: Former, _ usual: String) -> String { former.link.flatMap { owners[$0] } ?? usual }
    for former in observed.formers
    where former.setting?.link.map({ target.unwanted.contains(.link($0)) }) == true {
      target.drop(.former(former.id), because: "ledger")
    }
    for (id, holding) in held {
      if var former = (target.wanted[.former(id)] ?? observed[.former(id)])?.former {
        if !former.users.contains(topology.name) { former.users = (former.users + [topology.name]).sorted() }
        former.set = holding.set
        // It is as it was, and there is nothing to restore.
        if former.value == former.set, !holding.isAlwaysKept, former.users == [topology.name] {
          target.drop(.former(id), because: reason(former, "ledger"))
        } else {
          target.want(.former(former), because: reason(former, "ledger"))
        }
      } else if let value = holding.otherwise, value != holding.set || holding.isAlwaysKept {
        let former = Former(id: id, value: value, set: holding.set, users: [topology.name])
        target.want(.former(former), because: reason(former, "ledger"))
      }
    }
    let mine = observed.formers.filter { $0.users.contains(topology.name) && held[$0.id] == nil }
    for var former in mine.sorted(by: { $0.id < $1.id }) {
      // What others hold there goes elsewhere, or with the link.
      if target.unwanted.contains(.former(former.id)) { continue }
      former.users.removeAll { $0 == topology.name }
      if !former.users.isEmpty {
        target.want(.former(former), because: reason(former, "ledger"))
        continue
      }
      target.drop(.former(former.id), because: reason(former, "ledger"))
      restore(former, because: reason(former, "as it was before"))
    }
  }

  /// The value of an attribute as the host has it or is to have it, in the ledger's form.
  func value(of id: ObjectID, _ attribute: String) -> String? {
    if case .sysctl(let key) = id { return prospective(key) }
    // An interface that is bound to none is in the default zone, and there is a way back to that.
    if case .zone = id { return observed[id]?.zone?.zone ?? Self.defaultZone }
    guard let object = observed[id] else { return nil }
    return attribute == "object" ? object.described.json.text() : object.described.json[attribute]?.text()
  }

  /// A setting as it follows the uplink, or is, or as a new interface will begin with it.
  func prospective(_ key: SysctlKey) -> String? {
    var usual = key
    if key.link != nil { usual.link = .default }
    return (target.wanted[.sysctl(key)] ?? observed[.sysctl(key)] ?? observed[.sysctl(usual)])?.sysctl?.value
  }

  /// An address or route that was taken off an uplink; while that is a port, the host is on its bridge.
  func suspended(_ former: Former) -> Object? {
    guard former.id.attribute == "object", let json = try? JSON(parsing: Array(former.value.utf8)) else {
      return nil
    }
    let isAddress = former.id.object.hasPrefix("address/")
    let object = isAddress ? Address(json: json).map(Object.address) : Route(json: json).map(Object.route)
    // Until the kernel is told of it again.
    if case .route(let route)? = object, route.id.advertisement != nil {
      return Object.route(standIn(for: route)).renamed(uplinks)
    }
    return object?.renamed(uplinks)
  }

  /// There is, or is to be, what it is on.
  func isPossible(_ object: Object) -> Bool {
    object.links.allSatisfy { observed.link($0) != nil || target.wanted.link($0) != nil }
  }

  /// Where that is up, too, and what it goes by is there.
  func canReturn(_ object: Object) -> Bool {
    isPossible(object) && object.route?.nexthopID.map { observed[.nexthop($0)] != nil } ?? true
      && (object.canBeOnDownLink || !object.links.contains(where: goingDown.contains))
  }

  private mutating func restore(_ former: Former, because reason: String) {
    if former.isOfMoved { return bringHome(former, because: reason) }
    if former.id.attribute == "object" {
      guard let object = suspended(former), canReturn(object) else { return }
      if let route = object.route, route.companions != nil || route.id.ordinal > 0 {
        return bringBack(route, because: reason)
      }
      guard observed[object.id] == nil || target.unwanted.contains(object.id) else { return }
      target.want(object, because: reason)
      return
    }
    if former.id.object.hasPrefix("vf/"), let id = FunctionID(String(former.id.object.dropFirst(3))) {
      return restoreFunction(id, former, because: reason)
    }
    if let link = former.id.zoneInterface { return restoreZone(of: link, former, because: reason) }
    if former.id.object.hasPrefix("sysctl/"), let key = SysctlKey(String(former.id.object.dropFirst(7))) {
      if ["forwarding", "force_forwarding"].contains(key.name), forwardsAll(key.family) { return }
      // Somebody else's decision since then stands.
      guard observed[.sysctl(key)]?.sysctl?.value == former.set else { return }
      if let link = key.link, target.unwanted.contains(.link(link)) { return }
      target.want(.sysctl(Sysctl(key: key, value: former.value)), because: reason)
      return
    }
    guard former.id.object.hasPrefix("link/"), let name = LinkName(former.id.object.dropFirst(5)),
      let link = observed.link(name),
      link.json[former.id.attribute]?.text() == former.set || isGuests(former, on: name),
      let value = try? JSON(parsing: Array(former.value.utf8))
    else { return }
    if former.id.attribute == "vfs", !canBeUndivided(name) { return }
    if former.id.attribute == "up", value == .bool(false), !goingDown.contains(name) { return }
    var wanted = target.wanted.link(name) ?? Link(name: name, kind: link.kind)
    _ = Link.fields.first { $0.name == former.id.attribute }?.set(&wanted, value)
    target.want(.link(wanted), because: reason)
  }

  /// Of a NIC that is given away the guest itself may have set that: it is no decision of somebody else's.
  private func isGuests(_ former: Former, on hardware: LinkName) -> Bool {
    former.id.attribute == "mac" && hasPassthru(hardware)
  }
}
