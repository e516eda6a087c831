internal import CNetlink

/// A routing rule (linux/fib_rules.h): what ip-rule(8) shows and sets.
package struct RuleMessage: NetlinkMessage {
  package static let newType = UInt16(RTM_NEWRULE)
  package static let deleteType = UInt16(RTM_DELRULE)
  package static let getType = UInt16(RTM_GETRULE)

  /// AF_INET or AF_INET6.
  package var family: UInt8
  package var destinationLength: UInt8 = 0
  package var sourceLength: UInt8 = 0
  package var tos: UInt8 = 0
  /// 0 for a rule that names no table.
  package var table: UInt32 = 0
  /// FR_ACT_…: 1 table, 2 goto, 3 nothing, 6 blackhole, 7 unreachable, 8 prohibit.
  package var action: UInt8 = 1
  /// FIB_RULE_…: 1 permanent, 2 invert, 4 goto unresolved, 8 iif gone, 16 oif gone.
  package var flags: UInt32 = 0

  package var destination: InternetAddress?
  package var source: InternetAddress?
  package var inputName: String?
  package var outputName: String?
  package var priority: UInt32?
  package var goto: UInt32?
  package var mark: UInt32?
  package var markMask: UInt32?
  package var realm: UInt32?
  package var tunnelID: UInt64?
  /// Routes through links of this group do not count; −1 for none.
  package var suppressGroup: Int32?
  /// Routes with a prefix of this length or shorter do not count; −1 for none.
  package var suppressPrefixLength: Int32?
  package var l3mdev: UInt8?
  package var uids: ClosedRange<UInt32>?
  /// RTPROT_…: who made it.
  package var proto: UInt8?
  package var ipProtocol: UInt8?
  package var sourcePorts: ClosedRange<UInt16>?
  package var destinationPorts: ClosedRange<UInt16>?
  /// Of a single port; Linux 6.15 and newer, which tell 0xffff where none was asked for.
  package var sourcePortMask: UInt16?
  package var destinationPortMask: UInt16?
  package var dscp: UInt8?
  package var dscpMask: UInt8?
  package var flowLabel: UInt32?
  package var flowLabelMask: UInt32?
  /// Numbers of attributes that this type does not know: such a rule cannot be made anew from here.
  package var unknown: [Int] = []

  package init(family: UInt8) { self.family = family }

  /// Attributes that the headers of Debian 12 do not have yet.
  private enum Newer {
    static let dscp = 25
    static let flowLabel = 26
    static let flowLabelMask = 27
    static let sourcePortMask = 28
    static let destinationPortMask = 29
    static let dscpMask = 30
  }

  package init(decoding payload: RawSpan) throws(MalformedMessage) {
    try payload.require(12)
    family = payload.loadU8(0)
    destinationLength = payload.loadU8(1)
    sourceLength = payload.loadU8(2)
    tos = payload.loadU8(3)
    table = UInt32(payload.loadU8(4))
    action = payload.loadU8(7)
    flags = payload.loadU32(8)
    var a = AttributeReader(payload, after: 12)
    while try a.next() {
      switch a.type {
      case FRA_DST: destination = try a.internetAddress()
      case FRA_SRC: source = try a.internetAddress()
      case FRA_IIFNAME: inputName = a.string()
      case FRA_OIFNAME: outputName = a.string()
      case FRA_PRIORITY: priority = try a.u32()
      case FRA_GOTO: goto = try a.u32()
      case FRA_FWMARK: mark = try a.u32()
      case FRA_FWMASK: markMask = try a.u32()
      case FRA_FLOW: realm = try a.u32()
      case FRA_TUN_ID: tunnelID = try a.be64()
      case FRA_SUPPRESS_IFGROUP: suppressGroup = try a.i32()
      case FRA_SUPPRESS_PREFIXLEN: suppressPrefixLength = try a.i32()
      case FRA_TABLE: table = try a.u32()
      case FRA_L3MDEV: l3mdev = try a.u8()
      case FRA_UID_RANGE: uids = try a.range(8) { ($0.loadU32(0), $0.loadU32(4)) }
      case FRA_PROTOCOL: proto = try a.u8()
      case FRA_IP_PROTO: ipProtocol = try a.u8()
      case FRA_SPORT_RANGE: sourcePorts = try a.range(4) { ($0.loadU16(0), $0.loadU16(2)) }
      case FRA_DPORT_RANGE: destinationPorts = try a.range(4) { ($0.loadU16(0), $0.loadU16(2)) }
      case Newer.sourcePortMask: sourcePortMask = try a.u16()
      case Newer.destinationPortMask: destinationPortMask = try a.u16()
      case Newer.dscp: dscp = try a.u8()
      case Newer.dscpMask: dscpMask = try a.u8()
      case Newer.flowLabel: flowLabel = try a.be32()
      case Newer.flowLabelMask: flowLabelMask = try a.be32()
      case FRA_PAD: break
      default: unknown.append(a.type)
      }
    }
  }

  package func encode(into writer: inout MessageWriter) {
    writer.append(family)
    writer.append(destinationLength)
    writer.append(sourceLength)
    writer.append(tos)
    writer.append(UInt8(exactly: table) ?? UInt8(RT_TABLE_COMPAT.rawValue))
    writer.append(zeros: 2)
    writer.append(action)
    writer.append(flags)
    // A table of 0 means that the kernel chooses; a rule that is a VRF's must not name one.
    if table != 0 || action != 1 { writer.put(FRA_TABLE, u32: table) }
    if let suppressPrefixLength { writer.put(FRA_SUPPRESS_PREFIXLEN, i32: suppressPrefixLength) }
    if let proto { writer.put(FRA_PROTOCOL, u8: proto) }
    if let inputName { writer.put(FRA_IIFNAME, string: inputName) }
    if let outputName { writer.put(FRA_OIFNAME, string: outputName) }
    if let priority { writer.put(FRA_PRIORITY, u32: priority) }
    if let mark { writer.put(FRA_FWMARK, u32: mark) }
    if let markMask { writer.put(FRA_FWMASK, u32: markMask) }
    if let goto { writer.put(FRA_GOTO, u32: goto) }
    if let tunnelID { writer.put(FRA_TUN_ID, be64: tunnelID) }
    if let l3mdev { writer.put(FRA_L3MDEV, u8: l3mdev) }
    if let uids {
      writer.attribute(FRA_UID_RANGE) {
        $0.append(uids.lowerBound)
        $0.append(uids.upperBound)
      }
    }
    if let sourcePorts { writer.put(FRA_SPORT_RANGE, ports: sourcePorts) }
    if let sourcePortMask { writer.put(Newer.sourcePortMask, u16: sourcePortMask) }
    if let destinationPorts { writer.put(FRA_DPORT_RANGE, ports: destinationPorts) }
    if let destinationPortMask { writer.put(Newer.destinationPortMask, u16: destinationPortMask) }
    if let dscp { writer.put(Newer.dscp, u8: dscp) }
    if let dscpMask { writer.put(Newer.dscpMask, u8: dscpMask) }
    if let flowLabel { writer.put(Newer.flowLabel, be32: flowLabel) }
    if let flowLabelMask { writer.put(Newer.flowLabelMask, be32: flowLabelMask) }
    if let ipProtocol { writer.put(FRA_IP_PROTO, u8: ipProtocol) }
    if let suppressGroup { writer.put(FRA_SUPPRESS_IFGROUP, i32: suppressGroup) }
    if let destination { writer.put(FRA_DST, address: destination) }
    if let source { writer.put(FRA_SRC, address: source) }
    if let realm { writer.put(FRA_FLOW, u32: realm) }
  }
}

extension AttributeReader {
  /// Two bounds in a structure of `size` bytes.
  fileprivate func range<Bound>(
    _ size: Int, _ bounds: (RawSpan) -> (Bound, Bound)
  ) throws(MalformedMessage) -> ClosedRange<Bound> {
    let (first, last) = bounds(try structure(size))
    guard first <= last else { throw MalformedMessage(attribute: type, expected: .range, length: count) }
    return first...last
  }
}

extension MessageWriter {
  fileprivate mutating func put(_ type: Int, ports: ClosedRange<UInt16>) {
    attribute(type) {
      $0.append(ports.lowerBound)
      $0.append(ports.upperBound)
    }
  }
}
