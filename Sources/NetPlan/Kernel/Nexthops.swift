internal import Netlink

// Nexthop objects: dump → model, change → requests.

extension NexthopObject {
  /// nil for those of a bridge's forwarding database, which no route can name.
  init?(_ message: NexthopMessage, _ names: LinkTable) {
    guard let id = message.id, !message.isFDB else { return nil }
    self.init(
      id: id, family: AddressFamily(rawValue: message.family), gateway: message.gateway.map { IPAddress($0) },
      link: message.output.flatMap(names.name), onlink: message.flags & Self.onlinkFlag != 0 ? true : nil,
      blackhole: message.isBlackhole,
      group: (message.group ?? []).map { Member(id: $0.id, weight: $0.weight) })
    origin = message.proto
    var foreign = message.unknown.map(UInt16.init(clamping:))
    // NEXTHOP_GRP_TYPE_RES of linux/nexthop.h: its buckets are not carried.
    if let type = message.groupType, type != 0, !foreign.contains(12) { foreign.append(12) }
    self.foreign = foreign.isEmpty ? nil : foreign
  }

  /// RTNH_F_ONLINK, the only flag that a request may have.
  private static var onlinkFlag: UInt32 { 4 }

  fileprivate func message(_ table: inout LinkTable) throws(NetlinkError) -> NexthopMessage {
    // AF_UNSPEC is a group's.
    var message = NexthopMessage(family: family?.rawValue ?? 0)
    message.id = id
    message.proto = origin ?? 0
    message.gateway = gateway?.netlink
    message.output = try link.map { name throws(NetlinkError) in try table.index(name) }
    if onlink == true { message.flags = Self.onlinkFlag }
    message.isBlackhole = blackhole
    if !group.isEmpty { message.group = group.map { .init(id: $0.id, weight: $0.weight) } }
    return message
  }
}

extension Netlink.Batch {
  mutating func add(_ before: NexthopObject?, _ after: NexthopObject?, _ table: inout LinkTable)
    throws(NetlinkError)
  {
    if let after {
      add(
        "\(before == nil ? "add" : "change") nexthop \(after.summary)", before == nil ? .create : .replace,
        try after.message(&table))
    } else {
      let gone = before!
      // Whatever else a request to remove one says is refused (`nh_valid_get_del_req`).
      var message = NexthopMessage(family: 0)
      message.id = gone.id
      add("remove nexthop \(gone.summary)", .delete, message)
    }
  }
}
