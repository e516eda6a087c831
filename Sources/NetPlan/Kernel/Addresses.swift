internal import Netlink

// Addresses: dump → model, change → requests.

extension Address {
  /// `now` is the boot clock in seconds.
  init?(_ message: AddressMessage, _ names: LinkTable, now: UInt64, order: Int) {
    guard let link = names.name(UInt32(message.index)), let own = message.local ?? message.address,
      let local = IPInterface(IPAddress(own), length: Int(message.prefixLength))
    else { return nil }
    self.init(link: link, local: local)
    if let other = message.address, other != own { peer = IPAddress(other) }
    broadcast = message.broadcast.map { IPAddress($0) }
    origin = message.proto ?? 0
    scope = RouteScope(rawValue: message.scope)
    label = message.label
    let bits = message.flags ?? 0
    flags = Flags(rawValue: bits).intersection(.kept)
    // IFA_F_SECONDARY of IPv4 is IFA_F_TEMPORARY of IPv6.
    if local.family == .ipv4, bits & 1 != 0 { secondary = true }
    if let lifetimes = message.lifetimes, lifetimes.valid != .max || lifetimes.preferred != .max {
      let instant = { (left: UInt32) in left == .max ? Lifetime.never : now + UInt64(left) }
      lifetime = .until(
        preferred: lifetimes.preferred == 0 ? 0 : instant(lifetimes.preferred),
        valid: instant(lifetimes.valid))
    } else {
      lifetime = .forever
    }
    metric = message.metric ?? 0
    self.order = order
  }

  fileprivate func message(_ index: UInt32, now: UInt64) -> AddressMessage {
    var message = AddressMessage(
      index: Int32(index), local: local.address.netlink, prefixLength: UInt8(local.length))
    if let peer { message.address = peer.netlink }
    message.broadcast = broadcast?.netlink
    message.scope = scope?.rawValue ?? 0
    message.label = label
    message.proto = origin == 0 ? nil : origin
    message.metric = metric == 0 ? nil : metric
    if let flags, !flags.isEmpty { message.flags = flags.rawValue }
    if case .until(let preferred, let valid)? = lifetime {
      message.lifetimes = .init(
        preferred: preferred == Lifetime.never ? .max : UInt32(preferred > now ? preferred - now : 0),
        valid: valid == Lifetime.never ? .max : UInt32(valid > now ? valid - now : 1))
    }
    return message
  }
}

extension Netlink.Batch {
  mutating func add(
    _ before: Address?, _ after: Address?, _ table: inout LinkTable, now: UInt64
  ) throws(NetlinkError) {
    guard let after else {
      let gone = before!
      let index = try table.index(gone.link)
      var message = AddressMessage(
        index: Int32(index), local: gone.local.address.netlink, prefixLength: UInt8(gone.local.length))
      // Of several with this local address the one in that network (inet_rtm_deladdr).
      if let peer = gone.peer { message.address = peer.netlink }
      add("remove address \(gone.local) from \(gone.link)", .delete, message)
      return
    }
    let message = after.message(try table.index(after.link), now: now)
    // The kernel may have made the link-local address of a link that is up by itself, at any moment.
    let mayExist = before != nil || (after.local.family == .ipv6 && after.local.address.isLinkLocal)
    add(
      "\(before == nil ? "add" : "change") address \(after.local) \(before == nil ? "to" : "of") \(after.link)",
      mayExist ? .replace : .create, message)
  }
}
