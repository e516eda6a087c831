internal import CNetlink

/// What a TUN or TAP says of itself (linux/if_link.h, IFLA_TUN_…). It is made by ioctl, not by netlink.
package struct TunSettings: Hashable, Sendable {
  /// nil for none: everyone with CAP_NET_ADMIN.
  package var owner: UInt32?
  package var group: UInt32?
  /// IFF_TUN 1, IFF_TAP 2.
  package var type: UInt8?
  package var packetInformation: Bool?
  package var vnetHeader: Bool?
  package var persistent: Bool?
  package var multiQueue: Bool?
  /// Descriptors attached; only a multi-queue one tells.
  package var queues: UInt32?
  package var disabledQueues: UInt32?

  package var isTAP: Bool { type == 2 }

  package init() {}

  init(decoding attributes: consuming AttributeReader) throws(MalformedMessage) {
    var a = attributes
    while try a.next() {
      switch a.type {
      case IFLA_TUN_OWNER: owner = try a.u32()
      case IFLA_TUN_GROUP: group = try a.u32()
      case IFLA_TUN_TYPE: type = try a.u8()
      case IFLA_TUN_PI: packetInformation = try a.flag()
      case IFLA_TUN_VNET_HDR: vnetHeader = try a.flag()
      case IFLA_TUN_PERSIST: persistent = try a.flag()
      case IFLA_TUN_MULTI_QUEUE: multiQueue = try a.flag()
      case IFLA_TUN_NUM_QUEUES: queues = try a.u32()
      case IFLA_TUN_NUM_DISABLED_QUEUES: disabledQueues = try a.u32()
      default: break
      }
    }
  }

  func encode(into writer: inout MessageWriter) {
    if let type { writer.put(IFLA_TUN_TYPE, u8: type) }
    if let owner { writer.put(IFLA_TUN_OWNER, u32: owner) }
    if let group { writer.put(IFLA_TUN_GROUP, u32: group) }
    if let packetInformation { writer.put(IFLA_TUN_PI, flag: packetInformation) }
    if let vnetHeader { writer.put(IFLA_TUN_VNET_HDR, flag: vnetHeader) }
    if let persistent { writer.put(IFLA_TUN_PERSIST, flag: persistent) }
    if let multiQueue { writer.put(IFLA_TUN_MULTI_QUEUE, flag: multiQueue) }
    if let queues { writer.put(IFLA_TUN_NUM_QUEUES, u32: queues) }
    if let disabledQueues { writer.put(IFLA_TUN_NUM_DISABLED_QUEUES, u32: disabledQueues) }
  }
}

/// An 802.1Q link (IFLA_VLAN_…).
package struct VLANSettings: Hashable, Sendable {
  /// 0 … 4094.
  package var id: UInt16?
  /// The tag's EtherType: 0x8100 or 0x88a8.
  package var proto: UInt16?
  /// VLAN_FLAG_…, and which of them a request changes.
  package var flags: UInt32?
  package var flagsMask: UInt32?

  package init() {}

  init(decoding attributes: consuming AttributeReader) throws(MalformedMessage) {
    var a = attributes
    while try a.next() {
      switch a.type {
      case IFLA_VLAN_ID: id = try a.u16()
      case IFLA_VLAN_PROTOCOL: proto = try a.be16()
      case IFLA_VLAN_FLAGS:
        let both = try a.structure(8)
        flags = both.loadU32(0)
        flagsMask = both.loadU32(4)
      default: break
      }
    }
  }

  func encode(into writer: inout MessageWriter) {
    if let proto { writer.put(IFLA_VLAN_PROTOCOL, be16: proto) }
    if let id { writer.put(IFLA_VLAN_ID, u16: id) }
    if let flags {
      writer.attribute(IFLA_VLAN_FLAGS) {
        $0.append(flags)
        $0.append(flagsMask ?? .max)
      }
    }
  }
}

/// A macvlan or macvtap (IFLA_MACVLAN_…).
package struct MacvlanSettings: Hashable, Sendable {
  /// MACVLAN_MODE_…: 1 private, 2 VEPA, 4 bridge, 8 passthru, 16 source.
  package var mode: UInt32?
  package var flags: UInt16?

  package init() {}

  init(decoding attributes: consuming AttributeReader) throws(MalformedMessage) {
    var a = attributes
    while try a.next() {
      switch a.type {
      case IFLA_MACVLAN_MODE: mode = try a.u32()
      case IFLA_MACVLAN_FLAGS: flags = try a.u16()
      default: break
      }
    }
  }

  func encode(into writer: inout MessageWriter) {
    if let mode { writer.put(IFLA_MACVLAN_MODE, u32: mode) }
    if let flags { writer.put(IFLA_MACVLAN_FLAGS, u16: flags) }
  }
}
