internal import Netlink

// Rules and proxies: dump → model, change → requests.

extension Rule {
  init?(_ message: RuleMessage) {
    guard let family = AddressFamily(rawValue: message.family),
      let action = RuleID.Action(rawValue: message.action)
    else { return nil }
    var id = RuleID(
      family: family, priority: message.priority ?? 0, iif: message.inputName.map(LinkName.init(kernel:)),
      oif: message.outputName.map(LinkName.init(kernel:)), action: action, table: message.table)
    var rest = message
    rest.priority = nil
    rest.inputName = nil
    rest.outputName = nil
    rest.proto = nil
    // FIB_RULE_INVERT alone is the administrator's; the others tell the kernel's present state.
    rest.flags &= 2
    rest.action = 1
    rest.table = 0
    if rest.suppressPrefixLength == -1 { rest.suppressPrefixLength = nil }
    if rest.suppressGroup == -1 { rest.suppressGroup = nil }
    let plain = RuleMessage(family: message.family)
    if rest != plain { id.rest = rest.hexadecimal }
    self.init(id: id)
    origin = message.proto ?? 0
  }

  fileprivate var message: RuleMessage {
    var message = id.rest.flatMap(RuleMessage.init(hexadecimal:)) ?? RuleMessage(family: id.family.rawValue)
    message.priority = id.priority
    message.inputName = id.iif?.text
    message.outputName = id.oif?.text
    message.action = id.action.rawValue
    message.table = id.table
    message.proto = origin == 0 ? nil : origin
    return message
  }
}

extension RuleMessage {
  /// The message's own bytes, in which selectors travel that the model does not name.
  fileprivate var hexadecimal: String {
    var writer = MessageWriter()
    encode(into: &writer)
    return String(
      decoding: writer.bytes.flatMap { [hexCharacter($0 >> 4), hexCharacter($0 & 15)] }, as: UTF8.self)
  }

  fileprivate init?(hexadecimal text: String) {
    let digits = text.utf8.compactMap(hexDigit)
    guard digits.count == text.utf8.count, digits.count % 2 == 0, digits.count >= 24 else { return nil }
    let bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    guard let message = try? RuleMessage(decoding: bytes.span.bytes) else { return nil }
    self = message
  }
}

extension Neighbour {
  init?(_ message: NeighbourMessage, _ names: LinkTable) {
    guard let link = names.name(UInt32(message.index)), let address = message.destination else { return nil }
    self.init(link: link, address: IPAddress(address))
    if !message.isProxy {
      // NUD_PERMANENT
      guard message.state & 0x80 != 0, let mac = MACAddress(message.linkAddress) else { return nil }
      linkAddress = mac
    }
    origin = message.proto ?? 0
  }
}

extension Netlink.Batch {
  /// A rule is all identity: it comes and goes, and never changes.
  mutating func add(_ before: Rule?, _ after: Rule?) {
    if let after {
      add("add rule \(after.id)", .create, after.message)
    } else if let before {
      add("remove rule \(before.id)", .delete, before.message)
    }
  }

  mutating func add(_ before: Neighbour?, _ after: Neighbour?, _ table: inout LinkTable) throws(NetlinkError)
  {
    let proxy = (after ?? before)!
    var message = NeighbourMessage(
      family: proxy.address.family.rawValue, index: Int32(try table.index(proxy.link)))
    message.destination = proxy.address.netlink
    message.flags = proxy.linkAddress == nil ? 0x08 : 0  // NTF_PROXY
    message.linkAddress = proxy.linkAddress?.netlink
    // NUD_PERMANENT: another entry goes when its link loses the carrier (neigh_carrier_down, net/core/neighbour.c).
    message.state = 0x80
    message.proto = proxy.origin == 0 ? nil : proxy.origin
    if after == nil {
      add("remove neighbour \(proxy.address) from \(proxy.link)", .delete, message)
    } else {
      add("add neighbour \(proxy.address) to \(proxy.link)", .replace, message)
    }
  }
}
