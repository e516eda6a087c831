internal import CNetlink

/// An address of a link (linux/if_addr.h): what ip-address(8) shows and sets.
package struct AddressMessage: NetlinkMessage {
  package static let newType = UInt16(RTM_NEWADDR)
  package static let deleteType = UInt16(RTM_DELADDR)
  package static let getType = UInt16(RTM_GETADDR)

  /// AF_INET or AF_INET6.
  package var family: UInt8
  package var prefixLength: UInt8
  /// RT_SCOPE_…: 0 global, 253 link, 254 host.
  package var scope: UInt8 = 0
  package var index: Int32
  /// IFA_F_…, all 32 bits; nil in a request for none.
  package var flags: UInt32?
  /// The prefix's address; on a point-to-point link the other end's. IPv6 has only this one there.
  package var address: InternetAddress?
  package var local: InternetAddress?
  package var broadcast: InternetAddress?
  package var anycast: InternetAddress?
  package var multicast: InternetAddress?
  /// The link's name, or the name and a suffix after `:`.
  package var label: String?
  /// Metric of the prefix's route.
  package var metric: UInt32?
  /// IFAPROT_…: who made it.
  package var proto: UInt8?
  package var lifetimes: Lifetimes?

  /// `struct ifa_cacheinfo`.
  package struct Lifetimes: Hashable, Sendable {
    package static let forever = UInt32.max

    /// Seconds left.
    package var preferred: UInt32
    package var valid: UInt32
    /// Hundredths of a second since boot; a request's are ignored.
    package var created: UInt32 = 0
    package var updated: UInt32 = 0

    package init(preferred: UInt32, valid: UInt32) {
      self.preferred = preferred
      self.valid = valid
    }
  }

  package init(index: Int32, local: InternetAddress, prefixLength: UInt8) {
    family = local.family
    self.index = index
    self.prefixLength = prefixLength
    self.local = local
    // Without IFA_ADDRESS the kernel takes none for IPv4's prefix.
    address = local
  }

  package init(decoding payload: RawSpan) throws(MalformedMessage) {
    try payload.require(8)
    family = payload.loadU8(0)
    prefixLength = payload.loadU8(1)
    let shortFlags = payload.loadU8(2)
    scope = payload.loadU8(3)
    index = payload.loadI32(4)
    var a = AttributeReader(payload, after: 8)
    while try a.next() {
      switch a.type {
      case IFA_ADDRESS: address = try a.internetAddress()
      case IFA_LOCAL: local = try a.internetAddress()
      case IFA_BROADCAST: broadcast = try a.internetAddress()
      case IFA_ANYCAST: anycast = try a.internetAddress()
      case IFA_MULTICAST: multicast = try a.internetAddress()
      case IFA_LABEL: label = a.string()
      case IFA_FLAGS: flags = try a.u32()
      case IFA_RT_PRIORITY: metric = try a.u32()
      case IFA_PROTO: proto = try a.u8()
      case IFA_CACHEINFO:
        let info = try a.structure(16)
        var lifetimes = Lifetimes(preferred: info.loadU32(0), valid: info.loadU32(4))
        lifetimes.created = info.loadU32(8)
        lifetimes.updated = info.loadU32(12)
        self.lifetimes = lifetimes
      default: break
      }
    }
    // IFA_FLAGS extends the eight bits of the structure, which are its lowest.
    if flags == nil, shortFlags != 0 { flags = UInt32(shortFlags) }
  }

  package func encode(into writer: inout MessageWriter) {
    writer.append(family)
    writer.append(prefixLength)
    writer.append(UInt8(truncatingIfNeeded: flags ?? 0))
    writer.append(scope)
    writer.append(index)
    if let address { writer.put(IFA_ADDRESS, address: address) }
    if let local { writer.put(IFA_LOCAL, address: local) }
    if let broadcast { writer.put(IFA_BROADCAST, address: broadcast) }
    if let anycast { writer.put(IFA_ANYCAST, address: anycast) }
    if let multicast { writer.put(IFA_MULTICAST, address: multicast) }
    if let label { writer.put(IFA_LABEL, string: label) }
    if let proto { writer.put(IFA_PROTO, u8: proto) }
    if let flags { writer.put(IFA_FLAGS, u32: flags) }
    if let metric { writer.put(IFA_RT_PRIORITY, u32: metric) }
    if let lifetimes {
      writer.attribute(IFA_CACHEINFO) {
        $0.append(lifetimes.preferred)
        $0.append(lifetimes.valid)
        $0.append(lifetimes.created)
        $0.append(lifetimes.updated)
      }
    }
  }
}
