/// One of the virtual functions of a NIC (SR-IOV), as the NIC is told of it: `vf N` of `ip link show`.
///
/// In a desired state nil leaves a setting open; in an observed one it is what the driver does not know.
package struct VirtualFunction: Described {
  package var id: FunctionID
  package var mac: MACAddress?
  /// Every frame is tagged with it on the wire; 0 for none.
  package var vlan: Int?
  /// 802.1p priority of that tag, 0…7.
  package var qos: Int?
  package var spoofCheck: Bool?
  package var trust: Bool?
  package var linkState: LinkState?
  /// Mbit/s that the guest may send; 0 for no limit.
  package var maxRate: Int?
  package var minRate: Int?
  /// On PCI: `0000:03:10.0`.
  package var device: String?
  /// The device's driver; nil for none.
  package var driver: String?
  /// The interface that the driver makes, where it is in this network namespace.
  package var interface: LinkName?

  package init(id: FunctionID) { self.id = id }

  package static func == (a: VirtualFunction, b: VirtualFunction) -> Bool { a.differences(from: b).isEmpty }

  package static let fields: [Field<VirtualFunction>] = [
    .always("link", \.id.link),
    .always("vf", \.id.number),
    .open("mac", \.mac),
    .open("vlan", \.vlan),
    .open("qos", \.qos),
    .open("spoofchk", \.spoofCheck),
    .open("trust", \.trust),
    .open("state", \.linkState),
    .open("max_tx_rate", \.maxRate),
    .open("min_tx_rate", \.minRate),
    .fact("device", \.device),
    .fact("driver", \.driver),
    .fact("interface", \.interface),
  ]

  package static var blank: VirtualFunction {
    VirtualFunction(id: FunctionID(link: LinkName(kernel: ""), number: 0))
  }

  /// As drivers make one, as far as they agree; its MAC they make up, and whether they check it is their choice.
  package static let usual: [(attribute: String, value: JSON)] = [
    ("vlan", 0.json), ("qos", 0.json), ("trust", false.json), ("state", LinkState.auto.json),
    ("max_tx_rate", 0.json),
  ]
}

/// What a virtual function shows as its link (ip-link(8), `vf … state`).
package enum LinkState: String, Hashable, Sendable, CaseIterable, JSONRepresentable {
  case auto, enable, disable
}

/// `eth1/0`: the NIC that has it, by its interface, and its number from 0.
package struct FunctionID: Hashable, Sendable, Comparable, TextRepresentable {
  package var link: LinkName
  package var number: Int

  package init(link: LinkName, number: Int) { (self.link, self.number) = (link, number) }

  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let link = LinkName(parts[0]), let number = Int(parts[1]), number >= 0 else {
      return nil
    }
    self.init(link: link, number: number)
  }

  package var description: String { "\(link)/\(number)" }

  package static func < (a: FunctionID, b: FunctionID) -> Bool {
    a.link == b.link ? a.number < b.number : naturallyPrecedes(a.link.text, b.link.text)
  }

  /// How its interface is called on the host, much as systemd-udevd does (systemd.net-naming-scheme(7)).
  package var interface: LinkName {
    let number = "v\(number)"
    return LinkName(kernel: String(link.text.prefix(15 - number.utf8.count)) + number)
  }
}

/// The PCI side of a NIC with virtual functions: how many it can have, and where the first and the next ones are.
package struct FunctionRoom: Hashable, Sendable, TextRepresentable {
  package var total: Int
  /// Distance of routing IDs from the NIC's own (PCI Express Base Specification, SR-IOV capability).
  package var offset: Int
  package var stride: Int

  package init(total: Int, offset: Int, stride: Int) {
    (self.total, self.offset, self.stride) = (total, offset, stride)
  }

  /// `7 128 2`
  package init?(_ text: String) {
    let numbers = text.split(separator: " ").compactMap { Int($0) }
    guard numbers.count == 3 else { return nil }
    self.init(total: numbers[0], offset: numbers[1], stride: numbers[2])
  }

  package var description: String { "\(total) \(offset) \(stride)" }

  /// Where function `number` of the NIC at `device` is, or is to be; nil for what is no such address.
  package func device(of number: Int, _ device: String) -> String? {
    let parts = device.split { $0 == ":" || $0 == "." }.compactMap { Int($0, radix: 16) }
    guard parts.count == 4 else { return nil }
    let id = (parts[1] << 8 | parts[2] << 3 | parts[3]) + offset + stride * number
    func hex(_ value: Int, _ width: Int) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    return "\(hex(parts[0], 4)):\(hex(id >> 8, 2)):\(hex(id >> 3 & 31, 2)).\(id & 7)"
  }
}
