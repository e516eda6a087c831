internal import CNetlink

/// A link (linux/if_link.h, `struct ifinfomsg` and IFLA_…): what ip-link(8) shows and sets.
package struct LinkMessage: NetlinkMessage {
  package static let newType = UInt16(RTM_NEWLINK)
  package static let deleteType = UInt16(RTM_DELLINK)
  package static let getType = UInt16(RTM_GETLINK)

  /// AF_UNSPEC; AF_BRIDGE in what the bridge says of its ports.
  package var family: UInt8 = 0
  /// ARPHRD_…: 1 an Ethernet, 772 the loopback.
  package var hardwareType: UInt16 = 0
  /// 0 where the name decides.
  package var index: Int32 = 0
  /// IFF_…
  package var flags: UInt32 = 0
  /// Which of the flags a request changes.
  package var change: UInt32 = 0

  /// Up to 15 bytes.
  package var name: String?
  package var address: LinkLayerAddress?
  package var broadcast: LinkLayerAddress?
  /// The one the hardware came with.
  package var permanentAddress: LinkLayerAddress?
  package var mtu: UInt32?
  package var minMTU: UInt32?
  package var maxMTU: UInt32?
  /// Index of the bridge, bond or VRF it belongs to; 0 in a request releases it.
  package var master: UInt32?
  /// Index of the link it stands on; its own for a veth's peer elsewhere. In `lowerNamespace`, if that is there.
  package var lower: UInt32?
  /// The namespace id of `lower`, as this namespace numbers others.
  package var lowerNamespace: Int32?
  package var group: UInt32?
  /// Up to 255 bytes; empty in a request removes it.
  package var alias: String?
  package var altNames: [String] = []
  /// IF_OPER_…: 6 is up (RFC 2863).
  package var operState: UInt8?
  package var linkMode: UInt8?
  package var carrier: Bool?
  package var protoDown: Bool?
  package var txQueueLength: UInt32?
  package var txQueues: UInt32?
  package var rxQueues: UInt32?
  /// How many times promiscuous mode was asked for.
  package var promiscuity: UInt32?
  package var allMulticast: UInt32?
  package var qdisc: String?
  /// Of the bus device behind it: `0000:03:00.0` and `pci`.
  package var parentDevice: String?
  package var parentBus: String?
  /// Virtual functions of an SR-IOV device.
  package var virtualFunctions: UInt32?
  package var functions: [VirtualFunctionMessage] = []
  /// A request moves the link into the namespace of this descriptor, or process.
  package var namespaceDescriptor: Int32?
  package var namespaceProcess: UInt32?

  /// IFLA_INFO_KIND: `bridge`, `tun`, `veth`; nil for hardware.
  package var kind: String?
  package var data: LinkData?
  /// IFLA_INFO_SLAVE_KIND: `bridge`.
  package var portKind: String?
  package var port: BridgePort?
  package var ipv4: IPv4Settings?
  package var ipv6: IPv6Settings?

  package init(index: Int32 = 0, name: String? = nil) {
    self.index = index
    self.name = name
  }
}

extension LinkMessage {
  package var isUp: Bool { flags & IFF_UP.rawValue != 0 }
  package var isLoopback: Bool { flags & IFF_LOOPBACK.rawValue != 0 }
  package var isPromiscuous: Bool { flags & IFF_PROMISC.rawValue != 0 }

  /// As somebody asked for; what stands on the link may ask for more (`dev_get_flags`).
  package var receivesAllMulticast: Bool { flags & IFF_ALLMULTI.rawValue != 0 }

  package mutating func setAllMulticast(_ all: Bool) {
    change |= IFF_ALLMULTI.rawValue
    flags = all ? flags | IFF_ALLMULTI.rawValue : flags & ~IFF_ALLMULTI.rawValue
  }

  /// In a request: administratively up or down, the other flags as they are.
  package mutating func setUp(_ up: Bool) {
    change |= IFF_UP.rawValue
    flags = up ? flags | IFF_UP.rawValue : flags & ~IFF_UP.rawValue
  }
}

/// What a kind of link has of its own (IFLA_INFO_DATA).
package indirect enum LinkData: Hashable, Sendable {
  case bridge(BridgeSettings)
  case tun(TunSettings)
  case vlan(VLANSettings)
  case macvlan(MacvlanSettings)
  /// The other end, as it is to be created.
  case veth(peer: LinkMessage)
  case vrf(table: UInt32)

  init?(kind: String?, decoding attributes: consuming AttributeReader) throws(MalformedMessage) {
    switch kind {
    case "bridge": self = .bridge(try BridgeSettings(decoding: attributes))
    case "tun": self = .tun(try TunSettings(decoding: attributes))
    case "vlan": self = .vlan(try VLANSettings(decoding: attributes))
    case "macvlan", "macvtap": self = .macvlan(try MacvlanSettings(decoding: attributes))
    case "veth":
      var attributes = attributes
      var peer: LinkMessage?
      while try attributes.next() {
        if attributes.type == VETH_INFO_PEER { peer = try LinkMessage(decoding: attributes.payload) }
      }
      guard let peer else { return nil }
      self = .veth(peer: peer)
    case "vrf":
      var attributes = attributes
      var table: UInt32?
      while try attributes.next() {
        if attributes.type == IFLA_VRF_TABLE { table = try attributes.u32() }
      }
      guard let table else { return nil }
      self = .vrf(table: table)
    default: return nil
    }
  }

  func encode(into writer: inout MessageWriter) {
    switch self {
    case .bridge(let bridge): bridge.encode(into: &writer)
    case .tun(let tun): tun.encode(into: &writer)
    case .vlan(let vlan): vlan.encode(into: &writer)
    case .macvlan(let macvlan): macvlan.encode(into: &writer)
    case .veth(let peer): writer.attribute(VETH_INFO_PEER) { peer.encode(into: &$0) }
    case .vrf(let table): writer.put(IFLA_VRF_TABLE, u32: table)
    }
  }
}
