/// An entry of the neighbour table that somebody made: a proxy, by which the host answers ARP or ND for `address` on
/// `link` (`NTF_PROXY`), or a permanent neighbour. What the kernel learns by itself is no state.
package struct Neighbour: Described, Hashable {
  package var link: LinkName
  package var address: IPAddress
  /// Of a permanent neighbour; nil for a proxy.
  package var linkAddress: MACAddress?
  /// `NDA_PROTOCOL`
  package var origin: UInt8?

  package init(link: LinkName, address: IPAddress) {
    self.link = link
    self.address = address
  }

  package static let fields: [Field<Neighbour>] = [
    .always("link", \.link),
    .always("address", \.address),
    .open("lladdr", \.linkAddress),
    .open("protocol", \.origin),
  ]

  package static var blank: Neighbour {
    Neighbour(link: LinkName(kernel: ""), address: .unspecified(.ipv4))
  }
}
