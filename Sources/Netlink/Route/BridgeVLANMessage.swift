internal import CNetlink

/// VLANs of a bridge port with the same flags (linux/if_bridge.h, `struct bridge_vlan_info`).
package struct BridgeVLAN: Hashable, Sendable {
  /// 1 … 4094, both ends included.
  package var ids: ClosedRange<UInt16>
  /// Untagged frames that come in belong to this VLAN.
  package var isPVID: Bool
  /// Its frames go out untagged.
  package var isUntagged: Bool

  package init(_ ids: ClosedRange<UInt16>, isPVID: Bool = false, isUntagged: Bool = false) {
    self.ids = ids
    self.isPVID = isPVID
    self.isUntagged = isUntagged
  }

  private var flags: Int32 {
    (isPVID ? BRIDGE_VLAN_INFO_PVID : 0) | (isUntagged ? BRIDGE_VLAN_INFO_UNTAGGED : 0)
  }

  func encode(into writer: inout MessageWriter) {
    func entry(_ flags: Int32, _ id: UInt16) {
      writer.attribute(IFLA_BRIDGE_VLAN_INFO) {
        $0.append(UInt16(flags))
        $0.append(id)
      }
    }
    if ids.count == 1 {
      entry(flags, ids.lowerBound)
    } else {
      entry(flags | BRIDGE_VLAN_INFO_RANGE_BEGIN, ids.lowerBound)
      entry(flags | BRIDGE_VLAN_INFO_RANGE_END, ids.upperBound)
    }
  }
}

/// The VLANs of one bridge port, or of the bridge itself (AF_BRIDGE messages with IFLA_AF_SPEC).
package struct BridgeVLANMessage: NetlinkMessage {
  package static let newType = UInt16(RTM_SETLINK)
  package static let deleteType = UInt16(RTM_DELLINK)
  package static let getType = UInt16(RTM_GETLINK)

  package var index: Int32
  /// BRIDGE_FLAGS_MASTER 1, BRIDGE_FLAGS_SELF 2: a port's VLANs are its bridge's to set, which is the default.
  package var bridgeFlags: UInt16?
  package var vlans: [BridgeVLAN]

  /// `ofBridge` where `index` is the bridge itself.
  package init(index: Int32, ofBridge: Bool = false, _ vlans: [BridgeVLAN]) {
    self.index = index
    self.vlans = vlans
    bridgeFlags = ofBridge ? UInt16(BRIDGE_FLAGS_SELF) : nil
  }

  package init(decoding payload: RawSpan) throws(MalformedMessage) {
    try payload.require(16)
    index = payload.loadI32(4)
    vlans = []
    var a = AttributeReader(payload, after: 16)
    while try a.next() {
      if a.type == IFLA_AF_SPEC { try readBridge(a.nested) }
    }
  }

  private mutating func readBridge(_ attributes: consuming AttributeReader) throws(MalformedMessage) {
    var a = attributes
    var begin: UInt16?
    while try a.next() {
      switch a.type {
      case IFLA_BRIDGE_FLAGS: bridgeFlags = try a.u16()
      case IFLA_BRIDGE_VLAN_INFO:
        let info = try a.structure(4)
        let flags = Int32(info.loadU16(0))
        let id = info.loadU16(2)
        if flags & BRIDGE_VLAN_INFO_RANGE_BEGIN != 0 {
          begin = id
          continue
        }
        var ids = id...id
        if flags & BRIDGE_VLAN_INFO_RANGE_END != 0 {
          guard let first = begin, first <= id else {
            throw MalformedMessage(attribute: a.type, expected: .range, length: a.count)
          }
          ids = first...id
        }
        begin = nil
        let pvid = flags & BRIDGE_VLAN_INFO_PVID != 0
        vlans.append(BridgeVLAN(ids, isPVID: pvid, isUntagged: flags & BRIDGE_VLAN_INFO_UNTAGGED != 0))
      default: break
      }
    }
  }

  /// From what RTM_GETVLAN answers: `struct br_vlan_msg` and one BRIDGE_VLANDB_ENTRY for each range.
  init(entries payload: RawSpan) throws(MalformedMessage) {
    try payload.require(8)
    index = payload.loadI32(4)
    vlans = []
    var a = AttributeReader(payload, after: 8)
    while try a.next() {
      if a.type == BRIDGE_VLANDB_ENTRY { try readEntry(a.nested) }
    }
  }

  private mutating func readEntry(_ attributes: consuming AttributeReader) throws(MalformedMessage) {
    var a = attributes
    var (flags, first, last): (Int32, UInt16?, UInt16?) = (0, nil, nil)
    while try a.next() {
      switch a.type {
      case BRIDGE_VLANDB_ENTRY_INFO:
        let info = try a.structure(4)
        flags = Int32(info.loadU16(0))
        first = info.loadU16(2)
      case BRIDGE_VLANDB_ENTRY_RANGE: last = try a.u16()
      default: break
      }
    }
    guard let first else { return }
    guard first <= last ?? first else {
      throw MalformedMessage(attribute: nil, expected: .range, length: 2)
    }
    vlans.append(
      BridgeVLAN(
        first...(last ?? first), isPVID: flags & BRIDGE_VLAN_INFO_PVID != 0,
        isUntagged: flags & BRIDGE_VLAN_INFO_UNTAGGED != 0))
  }

  package func encode(into writer: inout MessageWriter) {
    var link = LinkMessage(index: index)
    link.family = LinkMessage.bridgeFamily
    link.encodeHeader(into: &writer)
    writer.nest(IFLA_AF_SPEC) { bridge in
      if let bridgeFlags { bridge.put(IFLA_BRIDGE_FLAGS, u16: bridgeFlags) }
      for vlan in vlans { vlan.encode(into: &bridge) }
    }
  }
}
