internal import CNetlink

/// A neighbour, a proxied address, or an entry of a bridge's forwarding database (linux/neighbour.h): what
/// ip-neighbour(8) and `bridge fdb` show and set.
package struct NeighbourMessage: NetlinkMessage {
  package static let newType = UInt16(RTM_NEWNEIGH)
  package static let deleteType = UInt16(RTM_DELNEIGH)
  package static let getType = UInt16(RTM_GETNEIGH)

  /// AF_INET or AF_INET6; AF_BRIDGE, 7, for the forwarding database.
  package var family: UInt8
  package var index: Int32
  /// NUD_…: 0x02 reachable, 0x04 stale, 0x40 no ARP, 0x80 permanent. A proxied address that was not made permanent
  /// goes when its link loses the carrier (pneigh_ifdown_and_unlock); a dump says 0 of every one.
  package var state: UInt16 = 0
  /// NTF_…: 0x02 self, 0x04 master, 0x08 proxy.
  package var flags: UInt8 = 0
  /// RTN_…
  package var type: UInt8 = 0
  package var destination: InternetAddress?
  package var linkAddress: LinkLayerAddress?
  package var vlan: UInt16?
  /// The bridge's index.
  package var master: UInt32?
  /// RTPROT_…: who made it.
  package var proto: UInt8?
  package var probes: UInt32?
  package var port: UInt16?
  package var vni: UInt32?
  package var outputIndex: UInt32?
  package var nexthopID: UInt32?
  package var extendedFlags: UInt32?
  package var cache: Cache?

  /// `struct nda_cacheinfo`: ages in hundredths of a second, and the references held.
  package struct Cache: Hashable, Sendable {
    package var confirmed: UInt32
    package var used: UInt32
    package var updated: UInt32
    package var references: UInt32

    package init(confirmed: UInt32, used: UInt32, updated: UInt32, references: UInt32) {
      self.confirmed = confirmed
      self.used = used
      self.updated = updated
      self.references = references
    }
  }

  package init(family: UInt8, index: Int32) {
    self.family = family
    self.index = index
  }

  package var isProxy: Bool { flags & UInt8(NTF_PROXY) != 0 }

  package init(decoding payload: RawSpan) throws(MalformedMessage) {
    try payload.require(12)
    family = payload.loadU8(0)
    index = payload.loadI32(4)
    state = payload.loadU16(8)
    flags = payload.loadU8(10)
    type = payload.loadU8(11)
    var a = AttributeReader(payload, after: 12)
    while try a.next() {
      switch a.type {
      case NDA_DST: destination = try a.internetAddress()
      case NDA_LLADDR: linkAddress = try a.linkAddress()
      case NDA_VLAN: vlan = try a.u16()
      case NDA_MASTER: master = try a.u32()
      case NDA_PROTOCOL: proto = try a.u8()
      case NDA_PROBES: probes = try a.u32()
      case NDA_PORT: port = try a.be16()
      case NDA_VNI: vni = try a.u32()
      case NDA_IFINDEX: outputIndex = try a.u32()
      case NDA_NH_ID: nexthopID = try a.u32()
      case NDA_FLAGS_EXT: extendedFlags = try a.u32()
      case NDA_CACHEINFO:
        let info = try a.structure(16)
        cache = Cache(
          confirmed: info.loadU32(0), used: info.loadU32(4), updated: info.loadU32(8),
          references: info.loadU32(12))
      default: break
      }
    }
  }

  package func encode(into writer: inout MessageWriter) {
    writer.append(family)
    writer.append(zeros: 3)
    writer.append(index)
    writer.append(state)
    writer.append(flags)
    writer.append(type)
    if let destination { writer.put(NDA_DST, address: destination) }
    if let linkAddress { writer.put(NDA_LLADDR, address: linkAddress) }
    if let master { writer.put(NDA_MASTER, u32: master) }
    if let vlan { writer.put(NDA_VLAN, u16: vlan) }
    if let probes { writer.put(NDA_PROBES, u32: probes) }
    if let port { writer.put(NDA_PORT, be16: port) }
    if let vni { writer.put(NDA_VNI, u32: vni) }
    if let outputIndex { writer.put(NDA_IFINDEX, u32: outputIndex) }
    if let nexthopID { writer.put(NDA_NH_ID, u32: nexthopID) }
    if let cache {
      writer.attribute(NDA_CACHEINFO) {
        $0.append(cache.confirmed)
        $0.append(cache.used)
        $0.append(cache.updated)
        $0.append(cache.references)
      }
    }
    if let proto { writer.put(NDA_PROTOCOL, u8: proto) }
    if let extendedFlags { writer.put(NDA_FLAGS_EXT, u32: extendedFlags) }
  }
}
