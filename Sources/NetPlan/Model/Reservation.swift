/// Which addresses of a network are whose: the one record that DHCP, DNS, filters and forwards follow.
///
/// Addresses that are chosen and not written have to outlive the kernel's state: they are found again here after a
/// reboot, and whoever comes or goes meanwhile renumbers nobody.
package struct Reservation: Described, Hashable {
  package var id: ReservationID
  /// The network in which the addresses are.
  package var network: String
  /// The guest's; nil for the host's own addresses.
  package var mac: MACAddress?
  /// With the lengths of their subnets, sorted.
  package var addresses: [IPInterface]

  package init(id: ReservationID, network: String, mac: MACAddress?, addresses: [IPInterface]) {
    self.id = id
    self.network = network
    self.mac = mac
    self.addresses = addresses
  }

  package static let fields: [Field<Reservation>] = [
    .always("name", \.id.name),
    .always("path", \.id.path),
    .always("network", \.network),
    .exact("mac", \.mac),
    .always("addresses", \.addresses),
  ]

  package static var blank: Reservation {
    Reservation(id: ReservationID(name: "", path: ""), network: "", mac: nil, addresses: [])
  }
}

/// Whose a reservation is: a name and a place in its configuration, as in the alias of a link.
package struct ReservationID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Of the configuration.
  package var name: String
  /// `vms.web.nics.eth0`; `networks.lab` for the host's own addresses.
  package var path: String

  package init(name: String, path: String) {
    self.name = name
    self.path = path
  }

  package var description: String { "\(name)/\(path)" }

  /// `web-eth0`, `lab`: for people.
  package var label: String {
    NICPath(path).map { "\($0.vm)-\($0.nic)" } ?? String(path.dropFirst("networks.".count))
  }

  package static func < (a: ReservationID, b: ReservationID) -> Bool {
    a.name == b.name ? naturallyPrecedes(a.path, b.path) : a.name < b.name
  }
}

/// The place of a NIC in a configuration, `vms.VM.nics.NIC`. Names may hold dots, but not those words at those places.
package struct NICPath: Hashable, Sendable {
  package let vm: Substring
  package let nic: Substring

  package init?(_ path: some StringProtocol) {
    let path = Substring(path)
    guard path.hasPrefix("vms."), let middle = path.firstRange(of: ".nics.") else { return nil }
    vm = path.dropFirst(4)[..<middle.lowerBound]
    nic = path[middle.upperBound...]
  }
}
