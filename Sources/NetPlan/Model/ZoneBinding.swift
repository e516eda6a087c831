/// Which zone of firewalld an interface is bound to.
///
/// firewalld keeps it by the interface's name, whether such an interface is there or not, until it is reloaded or ends.
/// An interface that it has no binding for is in the default zone.
package struct ZoneBinding: Described, Hashable {
  package var interface: LinkName
  package var zone: String

  package init(interface: LinkName, zone: String) {
    self.interface = interface
    self.zone = zone
  }

  package static let fields: [Field<ZoneBinding>] = [
    .always("interface", \.interface),
    .always("zone", \.zone),
  ]

  package static var blank: ZoneBinding { ZoneBinding(interface: LinkName(kernel: ""), zone: "") }
}

extension FormerID {
  /// What the zone of an interface was before.
  package static func zone(of link: LinkName) -> FormerID {
    FormerID(object: ObjectID.zone(link).description, attribute: "zone")
  }

  /// The interface of an entry of that sort.
  package var zoneInterface: LinkName? {
    object.hasPrefix("zone/") ? LinkName(object.dropFirst("zone/".count)) : nil
  }
}
