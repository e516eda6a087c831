internal import CNetlink

/// A bridge's own properties (linux/if_link.h, IFLA_BR_…). Times are in USER_HZ, hundredths of a second.
package struct BridgeSettings: Hashable, Sendable {
  package var forwardDelay: UInt32?
  package var helloTime: UInt32?
  package var maxAge: UInt32?
  package var ageingTime: UInt32?
  /// 0 off, 1 the kernel's, 2 a daemon's.
  package var stpState: UInt32?
  package var priority: UInt16?
  package var vlanFiltering: Bool?
  /// The tag's EtherType: 0x8100 or 0x88a8.
  package var vlanProtocol: UInt16?
  package var groupForwardMask: UInt16?
  /// Priority and address of the tree's root and of this bridge; the kernel's to say.
  package var rootID: UInt64?
  package var bridgeID: UInt64?
  package var groupAddress: LinkLayerAddress?
  package var multicastRouter: UInt8?
  package var multicastSnooping: Bool?
  package var multicastQuerier: Bool?
  package var netfilterIPv4: Bool?
  package var netfilterIPv6: Bool?
  package var netfilterARP: Bool?
  /// The VLAN that a new port gets untagged; 0 for none.
  package var vlanDefaultPVID: UInt16?
  package var vlanStatistics: Bool?

  package init() {}

  init(decoding attributes: consuming AttributeReader) throws(MalformedMessage) {
    var a = attributes
    while try a.next() {
      switch a.type {
      case IFLA_BR_FORWARD_DELAY: forwardDelay = try a.u32()
      case IFLA_BR_HELLO_TIME: helloTime = try a.u32()
      case IFLA_BR_MAX_AGE: maxAge = try a.u32()
      case IFLA_BR_AGEING_TIME: ageingTime = try a.u32()
      case IFLA_BR_STP_STATE: stpState = try a.u32()
      case IFLA_BR_PRIORITY: priority = try a.u16()
      case IFLA_BR_VLAN_FILTERING: vlanFiltering = try a.flag()
      case IFLA_BR_VLAN_PROTOCOL: vlanProtocol = try a.be16()
      case IFLA_BR_GROUP_FWD_MASK: groupForwardMask = try a.u16()
      case IFLA_BR_ROOT_ID: rootID = try a.be64()
      case IFLA_BR_BRIDGE_ID: bridgeID = try a.be64()
      case IFLA_BR_GROUP_ADDR: groupAddress = try a.linkAddress()
      case IFLA_BR_MCAST_ROUTER: multicastRouter = try a.u8()
      case IFLA_BR_MCAST_SNOOPING: multicastSnooping = try a.flag()
      case IFLA_BR_MCAST_QUERIER: multicastQuerier = try a.flag()
      case IFLA_BR_NF_CALL_IPTABLES: netfilterIPv4 = try a.flag()
      case IFLA_BR_NF_CALL_IP6TABLES: netfilterIPv6 = try a.flag()
      case IFLA_BR_NF_CALL_ARPTABLES: netfilterARP = try a.flag()
      case IFLA_BR_VLAN_DEFAULT_PVID: vlanDefaultPVID = try a.u16()
      case IFLA_BR_VLAN_STATS_ENABLED: vlanStatistics = try a.flag()
      default: break
      }
    }
  }

  func encode(into writer: inout MessageWriter) {
    if let forwardDelay { writer.put(IFLA_BR_FORWARD_DELAY, u32: forwardDelay) }
    if let helloTime { writer.put(IFLA_BR_HELLO_TIME, u32: helloTime) }
    if let maxAge { writer.put(IFLA_BR_MAX_AGE, u32: maxAge) }
    if let ageingTime { writer.put(IFLA_BR_AGEING_TIME, u32: ageingTime) }
    if let stpState { writer.put(IFLA_BR_STP_STATE, u32: stpState) }
    if let priority { writer.put(IFLA_BR_PRIORITY, u16: priority) }
    if let vlanFiltering { writer.put(IFLA_BR_VLAN_FILTERING, flag: vlanFiltering) }
    if let vlanProtocol { writer.put(IFLA_BR_VLAN_PROTOCOL, be16: vlanProtocol) }
    if let groupForwardMask { writer.put(IFLA_BR_GROUP_FWD_MASK, u16: groupForwardMask) }
    if let rootID { writer.put(IFLA_BR_ROOT_ID, be64: rootID) }
    if let bridgeID { writer.put(IFLA_BR_BRIDGE_ID, be64: bridgeID) }
    if let groupAddress { writer.put(IFLA_BR_GROUP_ADDR, address: groupAddress) }
    if let multicastRouter { writer.put(IFLA_BR_MCAST_ROUTER, u8: multicastRouter) }
    if let multicastSnooping { writer.put(IFLA_BR_MCAST_SNOOPING, flag: multicastSnooping) }
    if let multicastQuerier { writer.put(IFLA_BR_MCAST_QUERIER, flag: multicastQuerier) }
    if let netfilterIPv4 { writer.put(IFLA_BR_NF_CALL_IPTABLES, flag: netfilterIPv4) }
    if let netfilterIPv6 { writer.put(IFLA_BR_NF_CALL_IP6TABLES, flag: netfilterIPv6) }
    if let netfilterARP { writer.put(IFLA_BR_NF_CALL_ARPTABLES, flag: netfilterARP) }
    if let vlanDefaultPVID { writer.put(IFLA_BR_VLAN_DEFAULT_PVID, u16: vlanDefaultPVID) }
    if let vlanStatistics { writer.put(IFLA_BR_VLAN_STATS_ENABLED, flag: vlanStatistics) }
  }
}
