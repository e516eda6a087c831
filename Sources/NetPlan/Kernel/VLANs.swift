internal import Netlink

// VLAN interfaces, and VLANs of bridges and their ports.

extension Link.VLAN {
  init(_ settings: VLANSettings, on lower: LinkName?) {
    self.init()
    id = settings.id
    tag = settings.proto.flatMap(Tag.init(etherType:))
    link = lower
  }

  var settings: VLANSettings {
    var settings = VLANSettings()
    settings.id = id
    settings.proto = tag?.etherType
    return settings
  }
}

extension Link.VLAN.Tag {
  fileprivate init?(etherType: UInt16) {
    switch etherType {
    case 0x8100: self = .customer
    case 0x88a8: self = .service
    default: return nil
    }
  }

  fileprivate var etherType: UInt16 {
    switch self {
    case .customer: 0x8100
    case .service: 0x88a8
    }
  }
}

extension [PortVLAN] {
  /// Runs of neighbouring VLANs with the same flags, which the kernel takes as one; a PVID stands alone.
  var ranges: [BridgeVLAN] {
    var ranges: [BridgeVLAN] = []
    for vlan in sorted() {
      if let last = ranges.last, !vlan.pvid, !last.isPVID, last.isUntagged == vlan.untagged,
        last.ids.upperBound + 1 == vlan.id
      {
        ranges[ranges.count - 1] = BridgeVLAN(last.ids.lowerBound...vlan.id, isUntagged: vlan.untagged)
      } else {
        ranges.append(BridgeVLAN(vlan.id...vlan.id, isPVID: vlan.pvid, isUntagged: vlan.untagged))
      }
    }
    return ranges
  }

  init(_ ranges: [BridgeVLAN]) {
    self = ranges.flatMap { range in
      range.ids.map { PortVLAN(id: $0, pvid: range.isPVID, untagged: range.isUntagged) }
    }.sorted()
  }
}
