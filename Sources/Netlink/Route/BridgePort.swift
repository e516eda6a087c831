internal import CNetlink

/// A bridge port's properties (linux/if_link.h, IFLA_BRPORT_…).
package struct BridgePort: Hashable, Sendable {
  /// BR_STATE_…: 0 disabled, 1 listening, 2 learning, 3 forwarding, 4 blocking.
  package var state: UInt8?
  package var priority: UInt16?
  package var cost: UInt32?
  package var hairpin: Bool?
  /// Received BPDUs shut the port.
  package var guarded: Bool?
  package var rootBlock: Bool?
  package var fastLeave: Bool?
  package var learning: Bool?
  package var unicastFlood: Bool?
  package var multicastFlood: Bool?
  package var broadcastFlood: Bool?
  package var multicastToUnicast: Bool?
  package var multicastRouter: UInt8?
  package var proxyARP: Bool?
  package var proxyARPWiFi: Bool?
  package var groupForwardMask: UInt16?
  package var neighbourSuppression: Bool?
  package var vlanTunnel: Bool?
  /// Exchanges no frames with other isolated ports.
  package var isolated: Bool?
  /// Only stations with an entry in the FDB may send.
  package var locked: Bool?
  package var number: UInt16?

  package init() {}

  init(decoding attributes: consuming AttributeReader) throws(MalformedMessage) {
    var a = attributes
    while try a.next() {
      switch a.type {
      case IFLA_BRPORT_STATE: state = try a.u8()
      case IFLA_BRPORT_PRIORITY: priority = try a.u16()
      case IFLA_BRPORT_COST: cost = try a.u32()
      case IFLA_BRPORT_MODE: hairpin = try a.flag()
      case IFLA_BRPORT_GUARD: guarded = try a.flag()
      case IFLA_BRPORT_PROTECT: rootBlock = try a.flag()
      case IFLA_BRPORT_FAST_LEAVE: fastLeave = try a.flag()
      case IFLA_BRPORT_LEARNING: learning = try a.flag()
      case IFLA_BRPORT_UNICAST_FLOOD: unicastFlood = try a.flag()
      case IFLA_BRPORT_MCAST_FLOOD: multicastFlood = try a.flag()
      case IFLA_BRPORT_BCAST_FLOOD: broadcastFlood = try a.flag()
      case IFLA_BRPORT_MCAST_TO_UCAST: multicastToUnicast = try a.flag()
      case IFLA_BRPORT_MULTICAST_ROUTER: multicastRouter = try a.u8()
      case IFLA_BRPORT_PROXYARP: proxyARP = try a.flag()
      case IFLA_BRPORT_PROXYARP_WIFI: proxyARPWiFi = try a.flag()
      case IFLA_BRPORT_GROUP_FWD_MASK: groupForwardMask = try a.u16()
      case IFLA_BRPORT_NEIGH_SUPPRESS: neighbourSuppression = try a.flag()
      case IFLA_BRPORT_VLAN_TUNNEL: vlanTunnel = try a.flag()
      case IFLA_BRPORT_ISOLATED: isolated = try a.flag()
      case IFLA_BRPORT_LOCKED: locked = try a.flag()
      case IFLA_BRPORT_NO: number = try a.u16()
      default: break
      }
    }
  }

  func encode(into writer: inout MessageWriter) {
    if let state { writer.put(IFLA_BRPORT_STATE, u8: state) }
    if let priority { writer.put(IFLA_BRPORT_PRIORITY, u16: priority) }
    if let cost { writer.put(IFLA_BRPORT_COST, u32: cost) }
    if let hairpin { writer.put(IFLA_BRPORT_MODE, flag: hairpin) }
    if let guarded { writer.put(IFLA_BRPORT_GUARD, flag: guarded) }
    if let rootBlock { writer.put(IFLA_BRPORT_PROTECT, flag: rootBlock) }
    if let fastLeave { writer.put(IFLA_BRPORT_FAST_LEAVE, flag: fastLeave) }
    if let learning { writer.put(IFLA_BRPORT_LEARNING, flag: learning) }
    if let unicastFlood { writer.put(IFLA_BRPORT_UNICAST_FLOOD, flag: unicastFlood) }
    if let multicastFlood { writer.put(IFLA_BRPORT_MCAST_FLOOD, flag: multicastFlood) }
    if let broadcastFlood { writer.put(IFLA_BRPORT_BCAST_FLOOD, flag: broadcastFlood) }
    if let multicastToUnicast { writer.put(IFLA_BRPORT_MCAST_TO_UCAST, flag: multicastToUnicast) }
    if let multicastRouter { writer.put(IFLA_BRPORT_MULTICAST_ROUTER, u8: multicastRouter) }
    if let proxyARP { writer.put(IFLA_BRPORT_PROXYARP, flag: proxyARP) }
    if let proxyARPWiFi { writer.put(IFLA_BRPORT_PROXYARP_WIFI, flag: proxyARPWiFi) }
    if let groupForwardMask { writer.put(IFLA_BRPORT_GROUP_FWD_MASK, u16: groupForwardMask) }
    if let neighbourSuppression { writer.put(IFLA_BRPORT_NEIGH_SUPPRESS, flag: neighbourSuppression) }
    if let vlanTunnel { writer.put(IFLA_BRPORT_VLAN_TUNNEL, flag: vlanTunnel) }
    if let isolated { writer.put(IFLA_BRPORT_ISOLATED, flag: isolated) }
    if let locked { writer.put(IFLA_BRPORT_LOCKED, flag: locked) }
    if let number { writer.put(IFLA_BRPORT_NO, u16: number) }
  }
}
