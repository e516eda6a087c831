internal import CNetlink

/// What the hardware is told of one of its virtual functions (SR-IOV; IFLA_VF_INFO of linux/if_link.h): what `ip link show`
/// lists as `vf N`, and `ip link set DEVICE vf N …` sets.
///
/// In a request nil leaves a setting as it is; in an answer nil stands for what the driver does not know.
package struct VirtualFunctionMessage: Hashable, Sendable {
  package var number: UInt32
  package var address: LinkLayerAddress?
  /// Every frame is tagged with it on the wire; 0 for none. Set together with `qos`.
  package var vlan: UInt32?
  /// 802.1p priority of that tag, 0…7.
  package var qos: UInt32?
  /// Frames from other addresses are dropped.
  package var checksSpoofing: Bool?
  /// The guest may change its address and hear all multicast.
  package var isTrusted: Bool?
  /// IFLA_VF_LINK_STATE_…: 0 like the hardware's own, 1 always up, 2 always down.
  package var linkState: UInt32?
  /// Mbit/s that it may send; 0 for no limit. Set together with `minRate`.
  package var maxRate: UInt32?
  package var minRate: UInt32?

  package init(number: UInt32) { self.number = number }

  init?(decoding attributes: consuming AttributeReader) throws(MalformedMessage) {
    var a = attributes
    var found: UInt32?
    self.init(number: 0)
    while try a.next() {
      switch a.type {
      case IFLA_VF_MAC:
        let bytes = try a.structure(4 + 32)
        found = bytes.loadU32(0)
        address = LinkLayerAddress(bytes: bytes.extracting(4..<10))
      case IFLA_VF_VLAN:
        let bytes = try a.structure(12)
        (vlan, qos) = (bytes.loadU32(4), bytes.loadU32(8))
      case IFLA_VF_SPOOFCHK: checksSpoofing = Self.flag(try a.structure(8).loadU32(4))
      case IFLA_VF_TRUST: isTrusted = Self.flag(try a.structure(8).loadU32(4))
      case IFLA_VF_LINK_STATE: linkState = try a.structure(8).loadU32(4)
      case IFLA_VF_RATE:
        let bytes = try a.structure(12)
        (minRate, maxRate) = (bytes.loadU32(4), bytes.loadU32(8))
      default: break
      }
    }
    guard let found else { return nil }
    number = found
  }

  /// A driver that does not know leaves it at -1 (`rtnl_fill_vfinfo`, net/core/rtnetlink.c).
  private static func flag(_ value: UInt32) -> Bool? { value == UInt32.max ? nil : value != 0 }

  func encode(into writer: inout MessageWriter) {
    if let address {
      writer.attribute(IFLA_VF_MAC) {
        $0.append(number)
        for octet in address.octets { $0.append(octet) }
        $0.append(zeros: 32 - address.octets.count)
      }
    }
    if let vlan { put(IFLA_VF_VLAN, vlan, qos ?? 0, into: &writer) }
    if let checksSpoofing { put(IFLA_VF_SPOOFCHK, checksSpoofing ? 1 : 0, into: &writer) }
    if let isTrusted { put(IFLA_VF_TRUST, isTrusted ? 1 : 0, into: &writer) }
    if let linkState { put(IFLA_VF_LINK_STATE, linkState, into: &writer) }
    if let maxRate { put(IFLA_VF_RATE, minRate ?? 0, maxRate, into: &writer) }
  }

  private func put(_ type: Int, _ values: UInt32..., into writer: inout MessageWriter) {
    writer.attribute(type) {
      $0.append(number)
      for value in values { $0.append(value) }
    }
  }
}

extension LinkMessage {
  static func functions(
    _ attributes: consuming AttributeReader
  ) throws(MalformedMessage) -> [VirtualFunctionMessage] {
    var list = attributes
    var functions: [VirtualFunctionMessage] = []
    while try list.next() {
      guard list.type == IFLA_VF_INFO, let function = try VirtualFunctionMessage(decoding: list.nested) else {
        continue
      }
      functions.append(function)
    }
    return functions
  }

  func encodeFunctions(into writer: inout MessageWriter) {
    if functions.isEmpty { return }
    writer.nest(IFLA_VFINFO_LIST) { list in
      for function in functions { list.nest(IFLA_VF_INFO) { function.encode(into: &$0) } }
    }
  }
}

extension Conversation where Carrier: ~Copyable {
  /// What the hardware of that name is told of each of its virtual functions.
  package mutating func functions(of name: String) throws(NetlinkError) -> [VirtualFunctionMessage] {
    // RTEXT_FILTER_VF alone makes the kernel tell; its counters can be left out.
    try link(
      "list virtual functions of \(name)", LinkMessage(name: name),
      mask: UInt32(RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS)
    ).functions
  }
}
