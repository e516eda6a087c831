internal import CNetlink

/// A next hop that routes name by number (linux/nexthop.h): what ip-nexthop(8) shows and sets.
package struct NexthopMessage: NetlinkMessage {
  package static let newType = UInt16(RTM_NEWNEXTHOP)
  package static let deleteType = UInt16(RTM_DELNEXTHOP)
  package static let getType = UInt16(RTM_GETNEXTHOP)

  /// AF_INET or AF_INET6; AF_UNSPEC for a group.
  package var family: UInt8
  package var scope: UInt8 = 0
  /// RTPROT_…: who made it.
  package var proto: UInt8 = 0
  /// RTNH_F_…
  package var flags: UInt32 = 0
  package var id: UInt32?
  package var group: [Member]?
  package var groupType: UInt16?
  package var isBlackhole = false
  /// Belongs to a bridge's forwarding database.
  package var isFDB = false
  package var output: UInt32?
  package var gateway: InternetAddress?
  package var master: UInt32?
  /// Numbers of attributes that this type does not know: such a next hop cannot be made anew from here.
  package var unknown: [Int] = []

  /// `struct nexthop_grp`.
  package struct Member: Hashable, Sendable {
    package var id: UInt32
    /// 1 … 256; newer kernels have 65536.
    package var weight: Int

    package init(id: UInt32, weight: Int = 1) {
      self.id = id
      self.weight = weight
    }
  }

  package init(family: UInt8) { self.family = family }

  package init(decoding payload: RawSpan) throws(MalformedMessage) {
    try payload.require(8)
    family = payload.loadU8(0)
    scope = payload.loadU8(1)
    proto = payload.loadU8(2)
    flags = payload.loadU32(4)
    var a = AttributeReader(payload, after: 8)
    while try a.next() {
      switch a.type {
      case NHA_ID: id = try a.u32()
      case NHA_GROUP: group = try NexthopMessage.members(a)
      case NHA_GROUP_TYPE: groupType = try a.u16()
      case NHA_BLACKHOLE: isBlackhole = true
      case NHA_FDB: isFDB = true
      case NHA_OIF: output = try a.u32()
      case NHA_GATEWAY: gateway = try a.internetAddress()
      case NHA_MASTER: master = try a.u32()
      case NexthopMessage.operationFlags: break
      default: unknown.append(a.type)
      }
    }
  }

  /// NHA_OP_FLAGS (Linux 6.9): what the kernel can do with the answer, nothing of the next hop's own.
  private static let operationFlags = 14

  private static func members(_ attribute: borrowing AttributeReader) throws(MalformedMessage) -> [Member] {
    let bytes = attribute.payload
    guard bytes.byteCount.isMultiple(of: 8) else {
      throw MalformedMessage(attribute: attribute.type, expected: .structure(8), length: bytes.byteCount)
    }
    // The byte after `weight` became its high half (Linux 6.12).
    return stride(from: 0, to: bytes.byteCount, by: 8).map {
      Member(id: bytes.loadU32($0), weight: (Int(bytes.loadU8($0 + 4)) | Int(bytes.loadU8($0 + 5)) << 8) + 1)
    }
  }

  package func encode(into writer: inout MessageWriter) {
    writer.append(family)
    writer.append(scope)
    writer.append(proto)
    writer.append(UInt8(0))
    writer.append(flags)
    if let id { writer.put(NHA_ID, u32: id) }
    if let group {
      writer.attribute(NHA_GROUP) {
        for member in group {
          $0.append(member.id)
          $0.append(UInt16(clamping: member.weight - 1))
          $0.append(UInt16(0))
        }
      }
    }
    if let groupType { writer.put(NHA_GROUP_TYPE, u16: groupType) }
    if isBlackhole { writer.put(NHA_BLACKHOLE) }
    if isFDB { writer.put(NHA_FDB) }
    if let output { writer.put(NHA_OIF, u32: output) }
    if let gateway { writer.put(NHA_GATEWAY, address: gateway) }
    if let master { writer.put(NHA_MASTER, u32: master) }
  }
}
