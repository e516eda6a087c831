/// What the kernel tells of a link that no configuration sets: for finding hardware, for warnings, for `status`.
package struct LinkFacts: Described, Hashable, JSONRepresentable {
  package var permanentMAC: MACAddress?
  /// Name of the parent device on its bus, for PCI `0000:03:00.0` (`IFLA_PARENT_DEV_NAME`).
  package var parentDevice: String?
  /// Link on which this one stands (`IFLA_LINK`), in the same namespace.
  package var lower: LinkName?
  package var loopback: Bool?
  package var wireless: Bool?
  /// `IFF_LOWER_UP`: for a TAP, a process is attached.
  package var carrier: Bool?
  /// A process has the device node of this macvtap open, or of what user space drives; known of those of ours.
  package var held: Bool?
  /// The kernel's driver that hardware had which user space drives now.
  package var homeDriver: String?
  /// The VLAN that the bridge will give this port when it joins, of a link that is to be (`vlan_default_pvid`).
  package var joinPVID: UInt16?
  /// How it queues where that is somebody else's doing: the kind of its root discipline, of a TAP of ours.
  package var qdisc: String?
  /// What this hardware can have of virtual functions.
  package var functionRoom: FunctionRoom?
  /// The virtual function that this is the interface or the device of.
  package var function: FunctionID?

  package init() {}

  package static let fields: [Field<LinkFacts>] = [
    .open("permanent-mac", \.permanentMAC),
    .open("parent-device", \.parentDevice),
    .open("lower", \.lower),
    .open("loopback", \.loopback),
    .open("wireless", \.wireless),
    .open("carrier", \.carrier),
    .open("held", \.held),
    .open("home-driver", \.homeDriver),
    .open("join-pvid", \.joinPVID),
    .open("qdisc", \.qdisc),
    .open("function-room", \.functionRoom),
    .open("function", \.function),
  ]

  /// What a port has right after it joined.
  var joinVLANs: [PortVLAN]? { joinPVID.map { [PortVLAN(id: $0, pvid: true, untagged: true)] } }

  package static var blank: LinkFacts { LinkFacts() }
}
