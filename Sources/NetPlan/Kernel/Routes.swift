internal import Netlink

// Routes: dump → model, change → requests.

extension Route {
  /// nil for routes that the kernel makes by itself: they follow from addresses and come and go with them. Not so those
  /// that are advertised, or stated by somebody in the kernel's name.
  init?(
    _ message: RouteMessage, _ names: LinkTable, now: UInt64, isAdvertised: Bool = false,
    isStated: Bool = false
  ) {
    // RTPROT_KERNEL and RTPROT_REDIRECT of linux/rtnetlink.h; RTM_F_CLONED is a cached answer.
    guard message.proto != 2 || isAdvertised || isStated, message.proto != 1, message.flags & 0x200 == 0,
      message.table != 255,
      let family = AddressFamily(rawValue: message.family)
    else { return nil }
    let address = message.destination.map { IPAddress($0) } ?? .unspecified(family)
    guard let destination = IPPrefix(address, length: Int(message.destinationLength)) else { return nil }
    var id = RouteID(
      destination: destination, table: message.table, metric: message.priority ?? 0, tos: message.tos)
    if let source = message.source, message.sourceLength > 0 {
      id.source = IPPrefix(IPAddress(source), length: Int(message.sourceLength))
    }
    var nexthops: [Nexthop] = []
    if let id = message.nexthopID {
      // What else the kernel tells of its way out is that object's (net.ipv4.nexthop_compat_mode).
      nexthops.append(Nexthop(id: id))
    } else if let legs = message.legs {
      for leg in legs {
        nexthops.append(
          Nexthop(
            gateway: (leg.gateway ?? leg.via).map { IPAddress($0) }, link: names.name(UInt32(leg.output)),
            weight: leg.weight, onlink: leg.flags & 4 != 0 ? true : nil))
      }
    } else if message.output != nil || message.gateway != nil || message.via != nil {
      nexthops.append(
        Nexthop(
          gateway: (message.gateway ?? message.via).map { IPAddress($0) },
          link: message.output.flatMap(names.name),
          // RTNH_F_ONLINK
          onlink: message.flags & 4 != 0 ? true : nil))
    }
    if isAdvertised, let link = nexthops.first?.link {
      id.advertisement = Advertisement(link: link, router: nexthops.first?.gateway)
    }
    self.init(id: id, kind: Kind(rawValue: message.type) ?? .unspecified, nexthops: nexthops)
    // With a nexthop object that is a blackhole the kernel tells of a blackhole, which the route itself is not.
    if message.nexthopID != nil, kind == .blackhole { kind = .unicast }
    // The loopback that IPv6 shows for `unreachable` and its like is the kernel's own addition.
    if kind != .unicast && kind != .local { self.nexthops = [] }
    origin = message.proto
    scope = RouteScope(rawValue: message.scope)
    preferredSource = message.preferredSource.map { IPAddress($0) }
    if let values = message.metrics {
      metrics = values.values.sorted { $0.key < $1.key }.map {
        Metric(number: UInt16($0.key), value: $0.value)
      }
      congestionControl = values.congestionControl
      if metrics == [] { metrics = nil }
    }
    preference = message.preference
    if let expires = message.cache?.expires, expires != 0 {
      // Less than nothing is left of one that is over and has not been collected yet (`fib6_age`).
      if expires < 0 { return nil }
      // USER_HZ is 100 on every architecture that Swift runs on.
      let end = now + UInt64(expires) / 100
      lifetime = .until(preferred: end, valid: end)
    } else {
      lifetime = .forever
    }
    var foreign = message.unknown.map(UInt16.init(clamping:))
    // RTA_ENCAP_TYPE and RTA_ENCAP are the nexthop object's.
    if message.nexthopID != nil { foreign.removeAll { $0 == 21 || $0 == 22 } }
    // RTA_FLOW
    if message.realm != nil || message.legs?.contains(where: { $0.realm != nil }) == true {
      foreign.append(11)
    }
    self.foreign = foreign.isEmpty ? nil : foreign
  }

  fileprivate func message(_ table: inout LinkTable, now: UInt64) throws(NetlinkError) -> RouteMessage {
    var message = identity
    message.type = kind.rawValue
    message.proto = origin ?? 0
    message.scope = scope?.rawValue ?? 0
    message.preferredSource = preferredSource?.netlink
    message.preference = preference
    if metrics != nil || congestionControl != nil {
      var values = RouteMetrics()
      for metric in metrics ?? [] { values.values[Int(metric.number)] = metric.value }
      values.congestionControl = congestionControl
      message.metrics = values
    }
    if case .until(_, let valid)? = lifetime {
      message.expires = UInt32(max(1, valid > now ? valid - now : 1))
    }
    if nexthops.count == 1, nexthops[0].weight == nil {
      let nexthop = nexthops[0]
      message.nexthopID = nexthop.id
      message.setGateway(nexthop.gateway)
      message.output = try nexthop.link.map { name throws(NetlinkError) in try table.index(name) }
      if nexthop.onlink == true { message.flags |= 4 }
    } else if !nexthops.isEmpty {
      var legs: [RouteLeg] = []
      for nexthop in nexthops {
        var leg = RouteLeg(output: 0)
        if let link = nexthop.link { leg.output = Int32(try table.index(link)) }
        leg.weight = nexthop.weight ?? 1
        if let gateway = nexthop.gateway {
          if gateway.family == id.family { leg.gateway = gateway.netlink } else { leg.via = gateway.netlink }
        }
        if nexthop.onlink == true { leg.flags = 4 }
        legs.append(leg)
      }
      message.legs = legs
    }
    return message
  }

  private var identity: RouteMessage {
    var message = RouteMessage(family: id.family.rawValue)
    message.destinationLength = UInt8(id.destination.length)
    if id.destination.length > 0 { message.destination = id.destination.address.netlink }
    if let source = id.source {
      message.source = source.address.netlink
      message.sourceLength = UInt8(source.length)
    }
    message.table = id.table
    message.tos = id.tos
    message.priority = id.metric == 0 ? nil : id.metric
    return message
  }
}

extension RouteMessage {
  fileprivate mutating func setGateway(_ address: IPAddress?) {
    guard let address else { return }
    if address.family.rawValue == family { gateway = address.netlink } else { via = address.netlink }
  }
}

extension Netlink.Batch {
  /// `advertised` are those of the kernel beside which another one may come, which NLM_F_EXCL forbids.
  mutating func add(
    _ before: Route?, _ after: Route?, beside advertised: Set<RouteID>, _ table: inout LinkTable, now: UInt64
  ) throws(NetlinkError) {
    if let after {
      let message = try after.message(&table, now: now)
      let creation: Verb = after.id.ordinal > 0 || advertised.contains(after.id) ? .append : .create
      add(
        "\(before == nil ? "add" : "change") route \(after.summary)", before == nil ? creation : .replace,
        message)
    } else {
      let gone = before!
      add("remove route \(gone.summary)", .delete, try gone.message(&table, now: now))
    }
  }
}
