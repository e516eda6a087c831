internal import Netlink

extension LinuxHost {
  /// A link notifies at each step of its own making, 15–20 ms a thousand of them: of many, verification tells alone.
  private static var linksListenedTo: Int { 64 }

  package mutating func listen(for changes: [Change]) {
    if changes.isEmpty { detours = [] }
    // Without it verification still sees what lasts.
    let groups = LinuxHost.groups(for: changes)
    monitor = groups.isEmpty ? nil : try? Monitor(groups)
  }

  private static func groups(for changes: [Change]) -> [NotificationGroup] {
    var groups: Set<NotificationGroup> = []
    var links = 0
    for change in changes {
      switch change.id {
      case .link: links += 1
      case .address(_, let local, _): groups.insert(local.family == .ipv4 ? .ipv4Address : .ipv6Address)
      case .route(let id): groups.insert(id.family == .ipv4 ? .ipv4Route : .ipv6Route)
      case .nexthop: groups.insert(.nexthop)
      case .rule(let id): groups.insert(id.family == .ipv4 ? .ipv4Rule : .ipv6Rule)
      // Proxies and settings notify nobody, or not of what counts.
      case .netns, .function, .neighbour, .qdisc, .sysctl, .former, .table, .passage, .dropIn, .zone,
        .bridgeAccess, .reservation, .service:
        break
      }
    }
    if (1...linksListenedTo).contains(links) { groups.insert(.link) }
    return groups.sorted { $0.rawValue < $1.rawValue }
  }

  package mutating func notices() -> [Notice] {
    guard var monitor = monitor.take() else { return [] }
    let (ours, names, remade) = (ports.union([socket.port]), links, remade)
    var notices: [Notice] = []
    // What is lost (ENOBUFS) or cannot be read, verification makes good.
    _ = try? monitor.drain { (header, payload) throws(MalformedMessage) in
      if header.port != 0, ours.contains(header.port) { return }
      guard let (object, isGone) = try Object.told(header.type, payload, names) else { return }
      if header.port == 0, object.link == nil { return }
      if isGone, let link = object.link, remade.contains(link.name) { return }
      notices.append(Notice(object, isGone: isGone, by: header.port == 0 ? .unknown : .others))
    }
    self.monitor = consume monitor
    return notices
  }
}

extension Object {
  /// What a notification is about, and whether it went; nil for what is of no interest here.
  fileprivate static func told(
    _ type: UInt16, _ payload: RawSpan, _ names: LinkTable
  ) throws(MalformedMessage) -> (Object, isGone: Bool)? {
    let object: Object?
    switch type {
    case LinkMessage.newType, LinkMessage.deleteType:
      let message = try LinkMessage(decoding: payload)
      // The bridge's word on a port, and a Wi-Fi event that tells nothing else, are no news of the link.
      guard message.family == 0, message.mtu != nil else { return nil }
      // A master that came since is somebody else's, so there is no name for it yet.
      guard message.master.map({ $0 == 0 || names.name($0) != nil }) ?? true else { return nil }
      object = Link(message, names).map(Object.link)
    case AddressMessage.newType, AddressMessage.deleteType:
      object = Address(try AddressMessage(decoding: payload), names, now: 0, order: 0).map(Object.address)
    case RouteMessage.newType, RouteMessage.deleteType:
      object = Route(try RouteMessage(decoding: payload), names, now: 0).map(Object.route)
    case NexthopMessage.newType, NexthopMessage.deleteType:
      object = NexthopObject(try NexthopMessage(decoding: payload), names).map(Object.nexthop)
    case RuleMessage.newType, RuleMessage.deleteType:
      object = Rule(try RuleMessage(decoding: payload)).map(Object.rule)
    default: return nil
    }
    let gone = [
      LinkMessage.deleteType, AddressMessage.deleteType, RouteMessage.deleteType, RuleMessage.deleteType,
      NexthopMessage.deleteType,
    ]
    return object.map { ($0, gone.contains(type)) }
  }
}
