/// A proxy entry of the neighbour table: the host answers ARP or ND for `address` on `link`
/// (`ip neighbour add proxy`, `NTF_PROXY`).
package struct Neighbour: Described, Hashable {
  package var link: LinkName
  package var address: IPAddress
  /// `NDA_PROTOCOL`
  package var origin: UInt8?

  package init(link: LinkName, address: IPAddress) {
    self.link = link
    self.address = address
  }

  package static let fields: [Field<Neighbour>] = [
    .always("link", \.link),
    .always("address", \.address),
    .open("protocol", \.origin),
  ]

  package static var blank: Neighbour {
    Neighbour(link: LinkName(kernel: ""), address: .unspecified(.ipv4))
  }
}
