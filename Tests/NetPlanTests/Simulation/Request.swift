import Glibc
import NetPlan

/// What `LinuxHost` asks of the kernel, one system call or netlink message each.
enum Request: Sendable {
  case createTAP(Link)
  /// All that there is to do in a network namespace.
  case setNetns(String, Netns?)
  case setAccounts(LinkName, Link.TAP)
  case createLink(Link)
  case deleteLinks([LinkName])
  case rename(LinkName, LinkName)
  case set(Link, Link)
  case addAltnames(LinkName, [String])
  case removeAltnames(LinkName, [String])
  /// What is open stays as it is.
  case setPort(LinkName, Link.Port)
  case addVLANs(LinkName, [PortVLAN])
  case removeVLANs(LinkName, [PortVLAN])
  case addAddress(Address, replacing: Bool)
  case deleteAddress(Address)
  case addNexthop(NexthopObject, replacing: Bool)
  case deleteNexthop(UInt32)
  case addRoute(Route, replacing: Bool)
  case deleteRoute(Route)
  case addRule(Rule)
  case deleteRule(Rule)
  case addProxy(Neighbour)
  case deleteProxy(Neighbour)
  case setQdisc(Qdisc, replacing: Bool)
  case deleteQdisc(Qdisc)
  case write(Sysctl)
  case setTable(Table?, Table)
  case deleteTable(TableID)
  case setPassage(PassageID, Passage?)
  case writeFile(DropInID, String?)
  case tell(DropInID)
  case setZone(LinkName, String?)
  case writeAccess(BridgeAccessID, BridgeAccess?)
  case ledger(gone: [FormerID], new: [Former])
  case serve(ServiceID, Service?)
  case reserve(gone: [ReservationID], new: [Reservation])
}

extension Request: CustomStringConvertible {
  var description: String {
    switch self {
    case .createTAP(let link), .createLink(let link): "create \(link.json.text())"
    case .set(let before, let after):
      "set \(after.name)"
        + before.differences(from: after).map { " \($0.name) \($0.json(after)?.text() ?? "unset")" }.joined()
    case .addAddress(let address, let replacing): "\(replacing ? "replace" : "add") \(address.json.text())"
    case .setNetns(let name, let netns): "netns \(name): \(netns?.json.text() ?? "none")"
    case .deleteAddress(let address): "delete \(address.json.text())"
    case .addRoute(let route, let replacing): "\(replacing ? "replace" : "add") \(route.json.text())"
    case .deleteRoute(let route): "delete \(route.json.text())"
    case .addNexthop(let nexthop, let replacing): "\(replacing ? "replace" : "add") \(nexthop.json.text())"
    case .deleteNexthop(let id): "delete nexthop \(id)"
    case .addRule(let rule): "add \(rule.json.text())"
    case .deleteRule(let rule): "delete \(rule.json.text())"
    case .addProxy(let proxy): "add \(proxy.json.text())"
    case .deleteProxy(let proxy): "delete \(proxy.json.text())"
    case .setQdisc(let qdisc, let replacing): "\(replacing ? "change" : "add") \(qdisc.json.text())"
    case .deleteQdisc(let qdisc): "delete \(qdisc.json.text())"
    case .write(let sysctl): "write \(sysctl.json.text())"
    case .setTable(let before, let table): "\(before == nil ? "create" : "change") table \(table.id)"
    case .deleteTable(let id): "delete table \(id)"
    case .setPassage(let id, let passage): "\(passage == nil ? "delete" : "set") rules in \(id)"
    case .writeFile(let id, let text): "\(text == nil ? "remove" : "write") \(id.path)"
    case .tell(let id): "tell of \(id.path)"
    case .writeAccess(let id, let access): "\(access == nil ? "remove" : "write") bridge access \(id)"
    case .setZone(let name, let zone): "zone of \(name): \(zone ?? "none")"
    case .setAccounts(let name, let tap): "accounts of \(name): \(tap)"
    case .deleteLinks(let names): "delete links \(names)"
    case .rename(let old, let new): "rename \(old) to \(new)"
    case .addAltnames(let name, let names): "add altnames \(names) of \(name)"
    case .removeAltnames(let name, let names): "remove altnames \(names) of \(name)"
    case .setPort(let name, let port): "set port \(name) \(port)"
    case .addVLANs(let name, let vlans): "add VLANs \(vlans) of \(name)"
    case .removeVLANs(let name, let vlans): "remove VLANs \(vlans) of \(name)"
    case .ledger(let gone, let new): "ledger −\(gone) +\(new.map(\.id))"
    case .serve(let id, let service): "serve \(id) \(service?.json.text() ?? "no more")"
    case .reserve(let gone, let new): "reservations −\(gone) +\(new)"
    }
  }
}

extension SimulatedKernel {
  mutating func perform(_ request: Request) throws(Refusal) {
    switch request {
    case .createTAP(let link), .createLink(let link): try create(link)
    case .setNetns(let name, let netns): try setNetns(name, netns)
    case .setAccounts(let name, let tap): try setAccounts(name, tap)
    case .deleteLinks(let names):
      if names.count == 1 {
        try delete(names[0])
      }
      // What stands on another of the group goes with that.
      else {
        for name in names where links[name] != nil { try delete(name) }
      }
    case .rename(let old, let new): try rename(old, to: new)
    case .set(let before, let after): try set(before, after)
    case .addAltnames(let name, let names): try addAltnames(name, names)
    case .removeAltnames(let name, let names): try removeAltnames(name, names)
    case .setPort(let name, let port): try setPort(name, port)
    case .addVLANs(let name, let vlans): try addVLANs(name, vlans)
    case .removeVLANs(let name, let vlans): try removeVLANs(name, vlans)
    case .addAddress(let address, let replacing): try addAddress(address, replacing: replacing)
    case .deleteAddress(let address): try deleteAddress(address)
    case .addNexthop(let nexthop, let replacing): try addNexthop(nexthop, replacing: replacing)
    case .deleteNexthop(let id): try deleteNexthop(id)
    case .addRoute(let route, let replacing): try addRoute(route, replacing: replacing)
    case .deleteRoute(let route): try deleteRoute(route)
    case .addRule(let rule): try addRule(rule)
    case .deleteRule(let rule): try deleteRule(rule)
    case .addProxy(let proxy): try addProxy(proxy)
    case .deleteProxy(let proxy): try deleteProxy(proxy)
    case .setQdisc(let qdisc, let replacing): try setQdisc(qdisc, replacing: replacing)
    case .deleteQdisc(let qdisc): try deleteQdisc(qdisc)
    case .write(let sysctl): try write(sysctl)
    case .setTable(let before, let table): try setTable(before, table)
    case .deleteTable(let id): try deleteTable(id)
    case .setPassage(let id, let passage): passages[id] = passage
    case .writeFile(let id, let text): dropIns[id] = DropIn(id: id, text: text ?? "", state: .untold)
    case .tell(let id):
      if dropIns[id]?.text == "" { dropIns[id] = nil }
      dropIns[id]?.state = .told
    case .writeAccess(let id, let access): bridgeAccess[id] = access
    case .setZone(let name, let zone): zones[name] = zone
    case .ledger(let gone, let new):
      ledger.removeAll { former in gone.contains(former.id) || new.contains { $0.id == former.id } }
      ledger += new
      ledger.sort { $0.id < $1.id }
    case .serve(let id, let service): services[id] = service
    case .reserve(let gone, let new):
      for id in gone { reservations[id] = nil }
      for reservation in new { reservations[reservation.id] = reservation }
    }
  }
}

extension Request {
  /// The messages of a change, as `LinuxHost` makes them; links come by other ways.
  static func messages(of change: Change) -> [Request] {
    switch (change.before, change.after) {
    case (nil, .link(let link)?): link.kind == .tap ? [] : [.createLink(link)]
    case (.link(let before)?, .link(let after)?): messages(of: before, after)
    case (.link?, nil), (nil, nil): []
    case (let before, .address(let address)?):
      [
        .addAddress(
          address,
          replacing: before != nil || (address.local.family == .ipv6 && address.local.address.isLinkLocal))
      ]
    case (.address(let address)?, nil): [.deleteAddress(address)]
    case (let before, .nexthop(let nexthop)?): [.addNexthop(nexthop, replacing: before != nil)]
    case (.nexthop(let nexthop)?, nil): [.deleteNexthop(nexthop.id)]
    case (let before, .route(let route)?): [.addRoute(route, replacing: before != nil)]
    case (.route(let route)?, nil): [.deleteRoute(route)]
    case (_, .rule(let rule)?): [.addRule(rule)]
    case (.rule(let rule)?, nil): [.deleteRule(rule)]
    case (_, .neighbour(let proxy)?): [.addProxy(proxy)]
    case (.neighbour(let proxy)?, nil): [.deleteProxy(proxy)]
    case (let before, .qdisc(let qdisc)?): [.setQdisc(qdisc, replacing: before != nil)]
    case (.qdisc(let qdisc)?, nil): [.deleteQdisc(qdisc)]
    case (let before, .table(let table)?): [.setTable(before?.table, table)]
    case (.table(let table)?, nil): [.deleteTable(table.id)]
    case (_, .passage(let passage)?): [.setPassage(passage.id, passage)]
    case (.passage(let passage)?, nil): [.setPassage(passage.id, nil)]
    case (_, .zone(let binding)?): [.setZone(binding.interface, binding.zone)]
    case (.zone(let binding)?, nil): [.setZone(binding.interface, nil)]
    default: []
    }
  }

  private static func messages(of before: Link, _ after: Link) -> [Request] {
    if before.name != after.name { return [.rename(before.name, after.name)] }
    var list: [Request] = []
    var (old, new) = (before, after)
    // Attributes that no link message carries, and those that the change leaves open.
    (old.altnames, old.port, old.vlans, old.tap) = (nil, Link.Port(), nil, Link.TAP())
    (new.altnames, new.port, new.vlans, new.tap) = (nil, Link.Port(), nil, Link.TAP())
    if old != new { list.append(.set(before, after)) }
    let names = (old: Set(before.altnames ?? []), new: Set(after.altnames ?? before.altnames ?? []))
    let (gone, come) = (names.old.subtracting(names.new), names.new.subtracting(names.old))
    if !gone.isEmpty { list.append(.removeAltnames(after.name, gone.sorted())) }
    if !come.isEmpty { list.append(.addAltnames(after.name, come.sorted())) }
    var port = Link.Port()
    if after.port.isolated != before.port.isolated ?? false { port.isolated = after.port.isolated }
    if after.port.groupForwardMask != before.port.groupForwardMask ?? 0 {
      port.groupForwardMask = after.port.groupForwardMask
    }
    if port != Link.Port() { list.append(.setPort(after.name, port)) }
    if before.vlans != after.vlans, let vlans = after.vlans {
      let gone = (before.vlans ?? []).filter { vlan in !vlans.contains { $0.id == vlan.id } }
      let come = vlans.filter { !(before.vlans ?? []).contains($0) }
      if !gone.isEmpty { list.append(.removeVLANs(after.name, gone)) }
      if !come.isEmpty { list.append(.addVLANs(after.name, come)) }
    }
    return list
  }
}
