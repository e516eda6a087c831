internal import CNetlink

/// What to leave out of a list of links; the kernel does it.
package struct LinkFilter: Hashable, Sendable {
  /// Index of the bridge, bond or VRF they belong to.
  package var master: UInt32?
  /// IFLA_INFO_KIND.
  package var kind: String?

  package init(master: UInt32? = nil, kind: String? = nil) {
    self.master = master
    self.kind = kind
  }

  func encode(into writer: inout MessageWriter) {
    LinkMessage().encodeHeader(into: &writer)
    // Leaves out IPv6's counters; the link's own come in any case.
    writer.put(IFLA_EXT_MASK, u32: UInt32(RTEXT_FILTER_SKIP_STATS))
    if let master { writer.put(IFLA_MASTER, u32: master) }
    if let kind { writer.nest(IFLA_LINKINFO) { $0.put(IFLA_INFO_KIND, string: kind) } }
  }
}

extension Conversation where Carrier: ~Copyable {
  package mutating func dumpLinks(_ filter: LinkFilter = LinkFilter()) throws(NetlinkError) -> [LinkMessage] {
    try dump("list links", LinkMessage.self) { filter.encode(into: &$0) }
  }

  /// The same, without keeping the messages; `result` begins as `initial` again if the list has to be made anew.
  package mutating func dumpLinks<Result>(
    _ filter: LinkFilter = LinkFilter(), into initial: Result,
    each: (inout Result, LinkMessage) throws(MalformedMessage) -> Void
  ) throws(NetlinkError) -> Result {
    try dump("list links", type: LinkMessage.getType, into: initial, request: { filter.encode(into: &$0) }) {
      (result, type, payload) throws(MalformedMessage) in
      if type == LinkMessage.newType { try each(&result, try LinkMessage(decoding: payload)) }
    }
  }

  /// One link by its index; ENODEV if there is none.
  package mutating func link(index: Int32) throws(NetlinkError) -> LinkMessage {
    try link("read link \(index)", LinkMessage(index: index))
  }

  /// One link by its name, or by an alternative name.
  package mutating func link(named name: String) throws(NetlinkError) -> LinkMessage {
    var link = LinkMessage()
    if name.utf8.count > 15 { link.altNames = [name] } else { link.name = name }
    return try self.link("read link \(name)", link)
  }

  /// `mask`: RTEXT_FILTER_… of linux/rtnetlink.h.
  mutating func link(
    _ operation: String, _ asked: LinkMessage, mask: UInt32 = UInt32(RTEXT_FILTER_SKIP_STATS)
  ) throws(NetlinkError) -> LinkMessage {
    let answer = try query(
      operation, type: LinkMessage.getType, into: nil as LinkMessage?,
      request: {
        asked.encodeHeader(into: &$0)
        if let name = asked.name { $0.put(IFLA_IFNAME, string: name) }
        if let name = asked.altNames.first { $0.put(IFLA_ALT_IFNAME, string: name) }
        $0.put(IFLA_EXT_MASK, u32: mask)
      },
      each: { (result, type, payload) throws(MalformedMessage) in
        if type == LinkMessage.newType { result = try LinkMessage(decoding: payload) }
      })
    guard let answer else { throw NetlinkError(operation: operation, errno: 19, message: "no link came") }
    return answer
  }

  /// `family` 0 for both; `index` 0 for all links.
  package mutating func dumpAddresses(
    family: UInt8 = 0, index: UInt32 = 0
  ) throws(NetlinkError) -> [AddressMessage] {
    try dump("list addresses") {
      $0.append(family)
      $0.append(zeros: 3)
      $0.append(index)
    }
  }

  /// One family's routes of all tables; cached ones left out, as the kernel does under strict checking.
  package mutating func dumpRoutes(family: UInt8) throws(NetlinkError) -> [RouteMessage] {
    try dump("list routes") { $0.append(zeros: 12, first: family) }
  }

  package mutating func dumpRules(family: UInt8) throws(NetlinkError) -> [RuleMessage] {
    try dump("list rules") { $0.append(zeros: 12, first: family) }
  }

  package mutating func dumpNexthops() throws(NetlinkError) -> [NexthopMessage] {
    try dump("list next hops") { $0.append(zeros: 8) }
  }

  /// The neighbours of one family, or 0 for both.
  package mutating func dumpNeighbours(family: UInt8 = 0) throws(NetlinkError) -> [NeighbourMessage] {
    try dump("list neighbours") { $0.append(zeros: 12, first: family) }
  }

  /// Addresses answered for on behalf of others (`ip neighbour show proxy`).
  package mutating func dumpProxies(family: UInt8 = 0) throws(NetlinkError) -> [NeighbourMessage] {
    try dump("list proxied addresses") {
      var proxy = NeighbourMessage(family: family, index: 0)
      proxy.flags = UInt8(NTF_PROXY)
      proxy.encode(into: &$0)
    }
  }

  /// The forwarding database of one bridge, or of all links.
  package mutating func dumpForwarding(bridge: UInt32? = nil) throws(NetlinkError) -> [NeighbourMessage] {
    try dump("list forwarding entries") {
      var entry = NeighbourMessage(family: LinkMessage.bridgeFamily, index: 0)
      entry.master = bridge
      entry.encode(into: &$0)
    }
  }

  /// The queueing disciplines of all links.
  package mutating func dumpQdiscs() throws(NetlinkError) -> [QdiscMessage] {
    try dump("list queueing disciplines") { $0.append(zeros: 20) }
  }

  package mutating func dumpNetconf(family: UInt8) throws(NetlinkError) -> [NetconfMessage] {
    try dump("list forwarding settings") { NetconfMessage(family: family).encode(into: &$0) }
  }

  /// The VLANs of one bridge or bridge port, or with 0 of all that have any (RTM_GETVLAN, `struct br_vlan_msg`).
  /// Neighbouring numbers with the same flags come as one range; EINVAL where the link is neither.
  package mutating func dumpVLANs(index: UInt32 = 0) throws(NetlinkError) -> [BridgeVLANMessage] {
    try dump(
      "list bridge VLANs", type: UInt16(RTM_GETVLAN), into: [],
      request: {
        $0.append(LinkMessage.bridgeFamily)
        $0.append(zeros: 3)
        $0.append(index)
      },
      each: { (list, type, payload) throws(MalformedMessage) in
        if type == UInt16(RTM_NEWVLAN) { list.append(try BridgeVLANMessage(entries: payload)) }
      })
  }
}

extension MessageWriter {
  /// A structure of `count` bytes of which only the first is not zero: a dump's family.
  fileprivate mutating func append(zeros count: Int, first: UInt8) {
    append(first)
    append(zeros: count - 1)
  }
}
