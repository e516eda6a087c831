internal import CNetlink

/// A connection that the kernel tracks (linux/netfilter/nfnetlink_conntrack.h): what conntrack(8) shows of one.
package struct Connection: Hashable, Sendable {
  /// One direction of it.
  package struct Tuple: Hashable, Sendable {
    package var source: InternetAddress
    package var destination: InternetAddress
    /// IPPROTO_*
    package var ipProtocol: UInt8
    /// 0 where the protocol has none.
    package var sourcePort: UInt16
    package var destinationPort: UInt16

    package init(
      from source: InternetAddress, _ sourcePort: UInt16, to destination: InternetAddress,
      _ destinationPort: UInt16, ipProtocol: UInt8
    ) {
      self.source = source
      self.destination = destination
      self.ipProtocol = ipProtocol
      self.sourcePort = sourcePort
      self.destinationPort = destinationPort
    }
  }

  /// As its first packet came in.
  package var original: Tuple
  /// As its answers come in: their source is where the first packet was led.
  package var reply: Tuple
  /// IPS_*
  package var status: UInt32
  /// Tells it from a later one with the same addresses and ports.
  package var id: UInt32?
  /// 0 is the zone of those that no rule puts elsewhere.
  package var zone: UInt16 = 0

  package init(original: Tuple, reply: Tuple, status: UInt32, id: UInt32? = nil) {
    self.original = original
    self.reply = reply
    self.status = status
    self.id = id
  }

  /// Somebody changed its destination.
  package var isRedirected: Bool { status & IPS_DST_NAT.rawValue != 0 }

  /// `struct nfgenmsg` and attributes; nil for one without addresses, which is nothing to be named by.
  package init?(decoding payload: RawSpan) throws(MalformedMessage) {
    try payload.require(Self.headerLength)
    var (original, reply): (Tuple?, Tuple?)
    var status: UInt32 = 0
    var id: UInt32?
    var zone: UInt16 = 0
    var a = AttributeReader(payload, after: Self.headerLength)
    while try a.next() {
      switch a.type {
      case Int(CTA_TUPLE_ORIG.rawValue): original = try Tuple(a.nested)
      case Int(CTA_TUPLE_REPLY.rawValue): reply = try Tuple(a.nested)
      case Int(CTA_STATUS.rawValue): status = try a.be32()
      case Int(CTA_ID.rawValue): id = try a.be32()
      case Int(CTA_ZONE.rawValue): zone = try a.be16()
      default: break
      }
    }
    guard let original, let reply else { return nil }
    self.init(original: original, reply: reply, status: status, id: id)
    self.zone = zone
  }

  /// What names it in a request to delete it.
  package func encode(into writer: inout MessageWriter) {
    Self.header(original.source.family, into: &writer)
    writer.nest(Int(CTA_TUPLE_ORIG.rawValue)) { original.encode(into: &$0) }
    if let id { writer.put(Int(CTA_ID.rawValue), be32: id) }
    if zone != 0 { writer.put(Int(CTA_ZONE.rawValue), be16: zone) }
  }

  /// `struct nfgenmsg`: family, version, two bytes of resource id.
  static let headerLength = 4

  static func header(_ family: UInt8, into writer: inout MessageWriter) {
    writer.append(family)
    writer.append(zeros: 3)
  }
}

extension Connection.Tuple {
  /// The attributes inside CTA_TUPLE_ORIG or CTA_TUPLE_REPLY.
  fileprivate init?(_ attributes: AttributeReader) throws(MalformedMessage) {
    var (source, destination): (InternetAddress?, InternetAddress?)
    var ipProtocol: UInt8 = 0
    var ports: (UInt16, UInt16) = (0, 0)
    var a = attributes
    while try a.next() {
      var b = a.nested
      switch a.type {
      case Int(CTA_TUPLE_IP.rawValue):
        while try b.next() {
          switch b.type {
          case Int(CTA_IP_V4_SRC.rawValue), Int(CTA_IP_V6_SRC.rawValue): source = try b.internetAddress()
          case Int(CTA_IP_V4_DST.rawValue), Int(CTA_IP_V6_DST.rawValue):
            destination = try b.internetAddress()
          default: break
          }
        }
      case Int(CTA_TUPLE_PROTO.rawValue):
        while try b.next() {
          switch b.type {
          case Int(CTA_PROTO_NUM.rawValue): ipProtocol = try b.u8()
          case Int(CTA_PROTO_SRC_PORT.rawValue): ports.0 = try b.be16()
          case Int(CTA_PROTO_DST_PORT.rawValue): ports.1 = try b.be16()
          default: break
          }
        }
      default: break
      }
    }
    guard let source, let destination else { return nil }
    self.init(from: source, ports.0, to: destination, ports.1, ipProtocol: ipProtocol)
  }

  fileprivate func encode(into writer: inout MessageWriter) {
    let isIPv6 = source.isIPv6
    writer.nest(Int(CTA_TUPLE_IP.rawValue)) {
      $0.put(Int((isIPv6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC).rawValue), address: source)
      $0.put(Int((isIPv6 ? CTA_IP_V6_DST : CTA_IP_V4_DST).rawValue), address: destination)
    }
    writer.nest(Int(CTA_TUPLE_PROTO.rawValue)) {
      $0.put(Int(CTA_PROTO_NUM.rawValue), u8: ipProtocol)
      $0.put(Int(CTA_PROTO_SRC_PORT.rawValue), be16: sourcePort)
      $0.put(Int(CTA_PROTO_DST_PORT.rawValue), be16: destinationPort)
    }
  }
}
