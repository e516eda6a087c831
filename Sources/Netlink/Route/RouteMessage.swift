internal import CNetlink

/// A route (linux/rtnetlink.h, `struct rtmsg` and RTA_…): what ip-route(8) shows and sets.
package struct RouteMessage: NetlinkMessage {
  package static let newType = UInt16(RTM_NEWROUTE)
  package static let deleteType = UInt16(RTM_DELROUTE)
  package static let getType = UInt16(RTM_GETROUTE)

  /// AF_INET or AF_INET6.
  package var family: UInt8
  package var destinationLength: UInt8 = 0
  package var sourceLength: UInt8 = 0
  package var tos: UInt8 = 0
  /// RT_TABLE_…: 254 main, 255 local.
  package var table: UInt32 = 254
  /// RTPROT_…: 2 kernel, 3 boot, 4 static, 9 RA, 16 DHCP.
  package var proto: UInt8 = 0
  /// RT_SCOPE_…: 0 universe, 253 link, 254 host, 255 nowhere.
  package var scope: UInt8 = 0
  /// RTN_…: 1 unicast, 2 local, 3 broadcast, 6 blackhole, 7 unreachable.
  package var type: UInt8 = 1
  /// RTM_F_… and RTNH_F_…
  package var flags: UInt32 = 0

  /// nil for the default route.
  package var destination: InternetAddress?
  package var source: InternetAddress?
  package var gateway: InternetAddress?
  /// A gateway of the other family.
  package var via: InternetAddress?
  package var output: UInt32?
  package var input: UInt32?
  package var preferredSource: InternetAddress?
  /// The metric: part of a route's identity.
  package var priority: UInt32?
  package var metrics: RouteMetrics?
  package var legs: [RouteLeg]?
  package var nexthopID: UInt32?
  package var realm: UInt32?
  package var mark: UInt32?
  package var uid: UInt32?
  /// ICMPV6_ROUTER_PREF_…: 0 medium, 1 high, 3 low.
  package var preference: UInt8?
  /// Seconds, in a request.
  package var expires: UInt32?
  /// In an answer; a request's is ignored, `expires` is for that.
  package var cache: Cache?
  /// Numbers of attributes that this type does not know, those of its legs too: such a route cannot be made anew
  /// from here.
  package var unknown: [Int] = []

  /// `struct rta_cacheinfo`.
  package struct Cache: Hashable, Sendable {
    package var clients: UInt32
    package var lastUse: UInt32
    /// USER_HZ ticks left, 0 for never.
    package var expires: Int32
    package var error: UInt32
    package var used: UInt32

    package init(
      clients: UInt32 = 0, lastUse: UInt32 = 0, expires: Int32 = 0, error: UInt32 = 0, used: UInt32 = 0
    ) {
      self.clients = clients
      self.lastUse = lastUse
      self.expires = expires
      self.error = error
      self.used = used
    }
  }

  package init(family: UInt8) { self.family = family }
}

/// Properties of a route's path (RTAX_…), by number, and the one that is text.
package struct RouteMetrics: Hashable, Sendable {
  /// RTAX_LOCK, RTAX_MTU and so on.
  package var values: [Int: UInt32] = [:]
  package var congestionControl: String?

  package init() {}

  package var mtu: UInt32? {
    get { values[2] }
    set { values[2] = newValue }
  }

  init(decoding attributes: consuming AttributeReader) throws(MalformedMessage) {
    var a = attributes
    while try a.next() {
      if a.type == 16 { congestionControl = a.string() } else { values[a.type] = try a.u32() }
    }
  }

  func encode(into writer: inout MessageWriter) {
    for (number, value) in values.sorted(by: { $0.key < $1.key }) where number < 16 {
      writer.put(number, u32: value)
    }
    // RTAX_CC_ALGO
    if let congestionControl { writer.put(16, string: congestionControl) }
    for (number, value) in values.sorted(by: { $0.key < $1.key }) where number > 16 {
      writer.put(number, u32: value)
    }
  }
}

/// One of several next hops (`struct rtnexthop`).
package struct RouteLeg: Hashable, Sendable {
  package var output: Int32
  /// RTNH_F_…
  package var flags: UInt8 = 0
  /// 1 … 256.
  package var weight: Int = 1
  package var gateway: InternetAddress?
  package var via: InternetAddress?
  package var realm: UInt32?

  package init(output: Int32) { self.output = output }

  /// RTA_MULTIPATH's payload; attributes unknown here are added to `unknown`.
  static func list(_ bytes: RawSpan, unknown: inout [Int]) throws(MalformedMessage) -> [RouteLeg] {
    var legs: [RouteLeg] = []
    var position = 0
    while position < bytes.byteCount {
      let rest = bytes.byteCount - position
      let length = rest < 8 ? 0 : Int(bytes.loadU16(position))
      guard length >= 8, length <= rest else {
        throw MalformedMessage(attribute: RTA_MULTIPATH.number, expected: .structure(8), length: rest)
      }
      var leg = RouteLeg(output: bytes.loadI32(position + 4))
      leg.flags = bytes.loadU8(position + 2)
      leg.weight = Int(bytes.loadU8(position + 3)) + 1
      var a = AttributeReader(bytes.extracting(position..<position + length), after: 8)
      while try a.next() {
        switch a.type {
        case RTA_GATEWAY.number: leg.gateway = try a.internetAddress()
        case RTA_VIA.number: leg.via = try a.via()
        case RTA_FLOW.number: leg.realm = try a.u32()
        default: unknown.append(a.type)
        }
      }
      legs.append(leg)
      position += aligned(length)
    }
    return legs
  }

  func encode(into writer: inout MessageWriter) {
    writer.lengthPrefixed {
      $0.append(flags)
      $0.append(UInt8(clamping: weight - 1))
      $0.append(output)
      if let gateway { $0.put(RTA_GATEWAY.number, address: gateway) }
      if let via { $0.put(RTA_VIA.number, via: via) }
      if let realm { $0.put(RTA_FLOW.number, u32: realm) }
    }
  }
}
