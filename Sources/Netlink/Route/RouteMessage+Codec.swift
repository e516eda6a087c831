internal import CNetlink

extension rtattr_type_t {
  var number: Int { Int(rawValue) }
}

extension RouteMessage {
  package init(decoding payload: RawSpan) throws(MalformedMessage) {
    try payload.require(12)
    family = payload.loadU8(0)
    destinationLength = payload.loadU8(1)
    sourceLength = payload.loadU8(2)
    tos = payload.loadU8(3)
    table = UInt32(payload.loadU8(4))
    proto = payload.loadU8(5)
    scope = payload.loadU8(6)
    type = payload.loadU8(7)
    flags = payload.loadU32(8)
    var a = AttributeReader(payload, after: 12)
    while try a.next() {
      switch a.type {
      case RTA_DST.number: destination = try a.internetAddress()
      case RTA_SRC.number: source = try a.internetAddress()
      case RTA_GATEWAY.number: gateway = try a.internetAddress()
      case RTA_VIA.number: via = try a.via()
      case RTA_OIF.number: output = try a.u32()
      case RTA_IIF.number: input = try a.u32()
      case RTA_PREFSRC.number: preferredSource = try a.internetAddress()
      case RTA_PRIORITY.number: priority = try a.u32()
      case RTA_TABLE.number: table = try a.u32()
      case RTA_METRICS.number: metrics = try RouteMetrics(decoding: a.nested)
      case RTA_MULTIPATH.number: legs = try RouteLeg.list(a.payload, unknown: &unknown)
      case RTA_NH_ID.number: nexthopID = try a.u32()
      case RTA_FLOW.number: realm = try a.u32()
      case RTA_MARK.number: mark = try a.u32()
      case RTA_UID.number: uid = try a.u32()
      case RTA_PREF.number: preference = try a.u8()
      case RTA_EXPIRES.number: expires = try a.u32()
      case RTA_CACHEINFO.number: cache = try Cache(decoding: a)
      case RTA_PAD.number: break
      default: unknown.append(a.type)
      }
    }
  }

  package func encode(into writer: inout MessageWriter) {
    writer.append(family)
    writer.append(destinationLength)
    writer.append(sourceLength)
    writer.append(tos)
    // RT_TABLE_COMPAT stands for numbers that do not fit; RTA_TABLE decides.
    writer.append(UInt8(exactly: table) ?? UInt8(RT_TABLE_COMPAT.rawValue))
    writer.append(proto)
    writer.append(scope)
    writer.append(type)
    writer.append(flags)
    writer.put(RTA_TABLE.number, u32: table)
    if let destination { writer.put(RTA_DST.number, address: destination) }
    if let source { writer.put(RTA_SRC.number, address: source) }
    if let input { writer.put(RTA_IIF.number, u32: input) }
    if let priority { writer.put(RTA_PRIORITY.number, u32: priority) }
    if let metrics { writer.nest(RTA_METRICS.number) { metrics.encode(into: &$0) } }
    if let preferredSource { writer.put(RTA_PREFSRC.number, address: preferredSource) }
    if let nexthopID { writer.put(RTA_NH_ID.number, u32: nexthopID) }
    if let gateway { writer.put(RTA_GATEWAY.number, address: gateway) }
    if let via { writer.put(RTA_VIA.number, via: via) }
    if let output { writer.put(RTA_OIF.number, u32: output) }
    if let legs {
      writer.attribute(RTA_MULTIPATH.number) { for leg in legs { leg.encode(into: &$0) } }
    }
    if let realm { writer.put(RTA_FLOW.number, u32: realm) }
    if let mark { writer.put(RTA_MARK.number, u32: mark) }
    if let uid { writer.put(RTA_UID.number, u32: uid) }
    if let expires { writer.put(RTA_EXPIRES.number, u32: expires) }
    if let cache { writer.attribute(RTA_CACHEINFO.number) { cache.encode(into: &$0) } }
    if let preference { writer.put(RTA_PREF.number, u8: preference) }
  }
}

extension RouteMessage.Cache {
  init(decoding attribute: borrowing AttributeReader) throws(MalformedMessage) {
    let bytes = try attribute.structure(32)
    clients = bytes.loadU32(0)
    lastUse = bytes.loadU32(4)
    expires = bytes.loadI32(8)
    error = bytes.loadU32(12)
    used = bytes.loadU32(16)
  }

  /// The last three fields are of a time when routes had peers; the kernel says 0.
  func encode(into writer: inout MessageWriter) {
    writer.append(clients)
    writer.append(lastUse)
    writer.append(expires)
    writer.append(error)
    writer.append(used)
    writer.append(zeros: 12)
  }
}

extension AttributeReader {
  /// `struct rtvia`: a family, then an address of its length.
  func via() throws(MalformedMessage) -> InternetAddress {
    guard count >= 2, let address = InternetAddress(bytes: payload.extracting(droppingFirst: 2)),
      UInt16(address.family) == payload.loadU16(0)
    else { throw MalformedMessage(attribute: type, expected: .address, length: count) }
    return address
  }
}

extension MessageWriter {
  mutating func put(_ type: Int, via address: InternetAddress) {
    attribute(type) {
      $0.append(UInt16(address.family))
      $0.append(address)
    }
  }
}
