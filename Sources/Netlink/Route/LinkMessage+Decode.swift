internal import CNetlink

extension LinkMessage {
  package init(decoding payload: RawSpan) throws(MalformedMessage) {
    try payload.require(16)
    family = payload.loadU8(0)
    hardwareType = payload.loadU16(2)
    index = payload.loadI32(4)
    flags = payload.loadU32(8)
    change = payload.loadU32(12)
    var a = AttributeReader(payload, after: 16)
    while try a.next() {
      switch a.type {
      case IFLA_IFNAME: name = a.string()
      case IFLA_ADDRESS: address = try a.linkAddress()
      case IFLA_BROADCAST: broadcast = try a.linkAddress()
      case IFLA_PERM_ADDRESS: permanentAddress = try a.linkAddress()
      case IFLA_MTU: mtu = try a.u32()
      case IFLA_MIN_MTU: minMTU = try a.u32()
      case IFLA_MAX_MTU: maxMTU = try a.u32()
      case IFLA_MASTER: master = try a.u32()
      case IFLA_LINK: lower = try a.u32()
      case IFLA_LINK_NETNSID: lowerNamespace = try a.i32()
      case IFLA_GROUP: group = try a.u32()
      case IFLA_IFALIAS: alias = a.string()
      case IFLA_PROP_LIST: altNames += try Self.altNames(a.nested)
      case IFLA_OPERSTATE: operState = try a.u8()
      case IFLA_LINKMODE: linkMode = try a.u8()
      case IFLA_CARRIER: carrier = try a.flag()
      case IFLA_PROTO_DOWN: protoDown = try a.flag()
      case IFLA_TXQLEN: txQueueLength = try a.u32()
      case IFLA_NUM_TX_QUEUES: txQueues = try a.u32()
      case IFLA_NUM_RX_QUEUES: rxQueues = try a.u32()
      case IFLA_PROMISCUITY: promiscuity = try a.u32()
      case IFLA_ALLMULTI: allMulticast = try a.u32()
      case IFLA_QDISC: qdisc = a.string()
      case IFLA_PARENT_DEV_NAME: parentDevice = a.string()
      case IFLA_PARENT_DEV_BUS_NAME: parentBus = a.string()
      case IFLA_NUM_VF: virtualFunctions = try a.u32()
      case IFLA_VFINFO_LIST: functions = try Self.functions(a.nested)
      case IFLA_NET_NS_FD: namespaceDescriptor = try a.i32()
      case IFLA_NET_NS_PID: namespaceProcess = try a.u32()
      case IFLA_LINKINFO: try readInfo(a.nested)
      case IFLA_PROTINFO where family == LinkMessage.bridgeFamily: port = try BridgePort(decoding: a.nested)
      // AF_BRIDGE has its own attributes there: BridgeVLANMessage reads them.
      case IFLA_AF_SPEC where family != LinkMessage.bridgeFamily: try readFamilies(a.nested)
      default: break
      }
    }
  }

  /// AF_BRIDGE (linux/socket.h).
  static let bridgeFamily: UInt8 = 7

  static func altNames(_ attributes: consuming AttributeReader) throws(MalformedMessage) -> [String] {
    var attributes = attributes
    var names: [String] = []
    while try attributes.next() {
      if attributes.type == IFLA_ALT_IFNAME { names.append(attributes.string()) }
    }
    return names
  }

  /// IFLA_INFO_KIND precedes the data it explains, here as in the kernel's own parser.
  private mutating func readInfo(_ attributes: consuming AttributeReader) throws(MalformedMessage) {
    var a = attributes
    while try a.next() {
      switch a.type {
      case IFLA_INFO_KIND: kind = a.string()
      case IFLA_INFO_DATA: data = try LinkData(kind: kind, decoding: a.nested)
      case IFLA_INFO_SLAVE_KIND: portKind = a.string()
      // iproute2 names the kind of the port as if it were the link's.
      case IFLA_INFO_SLAVE_DATA where portKind == "bridge" || kind == "bridge_slave":
        port = try BridgePort(decoding: a.nested)
      default: break
      }
    }
  }

  private mutating func readFamilies(_ attributes: consuming AttributeReader) throws(MalformedMessage) {
    var a = attributes
    while try a.next() {
      switch a.type {
      case 2: ipv4 = try IPv4Settings(decoding: a.nested)
      case 10: ipv6 = try IPv6Settings(decoding: a.nested)
      default: break
      }
    }
  }
}
