/// Anything of the host's network state that a plan can create, change or delete.
package enum Object: Sendable, Equatable {
  indirect case link(Link)
  indirect case netns(Netns)
  indirect case function(VirtualFunction)
  indirect case address(Address)
  indirect case nexthop(NexthopObject)
  indirect case route(Route)
  case rule(Rule)
  case neighbour(Neighbour)
  case qdisc(Qdisc)
  case sysctl(Sysctl)
  case former(Former)
  indirect case table(Table)
  case passage(Passage)
  case dropIn(DropIn)
  case zone(ZoneBinding)
  case bridgeAccess(BridgeAccess)
  case reservation(Reservation)
  indirect case service(Service)

  package var id: ObjectID {
    switch self {
    case .link(let link): .link(link.name)
    case .netns(let netns): .netns(netns.name)
    case .function(let function): .function(function.id)
    case .address(let address): .address(address.link, address.local, to: address.peerNetwork)
    case .nexthop(let nexthop): .nexthop(nexthop.id)
    case .route(let route): .route(route.id)
    case .rule(let rule): .rule(rule.id)
    case .neighbour(let neighbour): .neighbour(neighbour.link, neighbour.address)
    case .qdisc(let qdisc): .qdisc(qdisc.link)
    case .sysctl(let sysctl): .sysctl(sysctl.key)
    case .former(let former): .former(former.id)
    case .table(let table): .table(table.id)
    case .passage(let passage): .passage(passage.id)
    case .dropIn(let dropIn): .dropIn(dropIn.id)
    case .zone(let binding): .zone(binding.interface)
    case .bridgeAccess(let access): .bridgeAccess(access.id)
    case .reservation(let reservation): .reservation(reservation.id)
    case .service(let service): .service(service.id)
    }
  }

  package var described: any Described {
    switch self {
    case .link(let value): value
    case .netns(let value): value
    case .function(let value): value
    case .address(let value): value
    case .nexthop(let value): value
    case .route(let value): value
    case .rule(let value): value
    case .neighbour(let value): value
    case .qdisc(let value): value
    case .sysctl(let value): value
    case .former(let value): value
    case .table(let value): value
    case .passage(let value): value
    case .dropIn(let value): value
    case .zone(let value): value
    case .bridgeAccess(let value): value
    case .reservation(let value): value
    case .service(let value): value
    }
  }

  /// This object with what it leaves open taken from `other`, the same object as the host has it.
  package func completed(from other: Object) -> Object {
    switch (self, other) {
    // A link of another kind is made anew, and takes nothing along; nor does what user space drives.
    case (.link(let a), .link(let b)):
      a.kind == b.kind && a.vfio == b.vfio ? .link(a.completed(from: b)) : self
    case (.netns(let a), .netns(let b)): .netns(a.completed(from: b))
    case (.function(let a), .function(let b)): .function(a.completed(from: b))
    case (.address(let a), .address(let b)): .address(a.completed(from: b))
    case (.nexthop(let a), .nexthop(let b)): .nexthop(a.completed(from: b))
    case (.route(let a), .route(let b)): .route(a.completed(from: b))
    case (.rule(let a), .rule(let b)): .rule(a.completed(from: b))
    case (.neighbour(let a), .neighbour(let b)): .neighbour(a.completed(from: b))
    default: self
    }
  }

  /// Who made it, where the kernel keeps that: `rtm_protocol` and its like.
  package var origin: UInt8? {
    switch self {
    case .address(let address): address.origin
    case .nexthop(let nexthop): nexthop.origin
    case .route(let route): route.origin
    case .rule(let rule): rule.origin
    case .neighbour(let neighbour): neighbour.origin
    case .link, .netns, .function, .qdisc, .sysctl, .former, .table, .passage, .dropIn, .zone, .bridgeAccess,
      .reservation, .service:
      nil
    }
  }

  package var link: Link? { if case .link(let value) = self { value } else { nil } }
  package var netns: Netns? { if case .netns(let value) = self { value } else { nil } }
  package var function: VirtualFunction? { if case .function(let value) = self { value } else { nil } }
  package var address: Address? { if case .address(let value) = self { value } else { nil } }
  package var nexthop: NexthopObject? { if case .nexthop(let value) = self { value } else { nil } }
  package var route: Route? { if case .route(let value) = self { value } else { nil } }
  package var rule: Rule? { if case .rule(let value) = self { value } else { nil } }
  package var qdisc: Qdisc? { if case .qdisc(let value) = self { value } else { nil } }
  package var sysctl: Sysctl? { if case .sysctl(let value) = self { value } else { nil } }
  package var former: Former? { if case .former(let value) = self { value } else { nil } }
  package var table: Table? { if case .table(let value) = self { value } else { nil } }
  package var passage: Passage? { if case .passage(let value) = self { value } else { nil } }
  package var dropIn: DropIn? { if case .dropIn(let value) = self { value } else { nil } }
  package var zone: ZoneBinding? { if case .zone(let value) = self { value } else { nil } }
  package var bridgeAccess: BridgeAccess? { if case .bridgeAccess(let value) = self { value } else { nil } }
  package var service: Service? { if case .service(let value) = self { value } else { nil } }
  package var reservation: Reservation? { if case .reservation(let value) = self { value } else { nil } }

  /// The links without which the object cannot be: they go first, it goes with them.
  package var links: [LinkName] {
    switch self {
    case .link, .netns: []
    case .function(let function): [function.id.link]
    case .address(let address): [address.link]
    case .nexthop(let nexthop): nexthop.link.map { [$0] } ?? []
    case .route(let route): route.links
    case .table(let table): table.id.device.map { [$0] } ?? []
    case .rule, .former, .passage, .dropIn, .zone, .bridgeAccess, .reservation: []
    case .service(let service): service.tap.map { [$0] } ?? []
    case .neighbour(let neighbour): [neighbour.link]
    case .qdisc(let qdisc): [qdisc.link]
    case .sysctl(let sysctl): sysctl.key.link.map { [$0] } ?? []
    }
  }
}

/// Identity of an object, which outlives every change of its attributes. What is long and rare is kept elsewhere, so that
/// the links, which are most, are short in every table of them.
package enum ObjectID: Hashable, Sendable {
  case link(LinkName)
  case netns(String)
  case function(FunctionID)
  indirect case address(LinkName, IPInterface, to: IPPrefix?)
  case nexthop(UInt32)
  indirect case route(RouteID)
  indirect case rule(RuleID)
  indirect case neighbour(LinkName, IPAddress)
  case qdisc(LinkName)
  case sysctl(SysctlKey)
  case former(FormerID)
  case table(TableID)
  indirect case passage(PassageID)
  case dropIn(DropInID)
  case zone(LinkName)
  case bridgeAccess(BridgeAccessID)
  case reservation(ReservationID)
  case service(ServiceID)

  /// The order in which kinds are listed.
  private var rank: Int {
    switch self {
    case .netns: 0
    case .link: 1
    case .function: 2
    case .address: 3
    case .nexthop: 4
    case .route: 5
    case .rule: 6
    case .neighbour: 7
    case .qdisc: 8
    case .sysctl: 9
    case .table: 10
    case .passage: 11
    case .dropIn: 12
    case .zone: 13
    case .bridgeAccess: 14
    case .reservation: 15
    case .service: 16
    case .former: 17
    }
  }
}

extension ObjectID: Comparable, CustomStringConvertible {
  /// As it stands in plans: `link/web-eth0`, `address/office/192.0.2.10/24`.
  package var description: String {
    switch self {
    case .link(let name): "link/\(name)"
    case .netns(let name): "netns/\(name)"
    case .function(let id): "vf/\(id)"
    case .address(let link, let local, let peer):
      "address/\(link)/\(local)" + (peer.map { " peer \($0)" } ?? "")
    case .nexthop(let id): "nexthop/\(id)"
    case .route(let id): "route/\(id)"
    case .rule(let id): "rule/\(id)"
    case .neighbour(let link, let address): "neighbour/\(link)/\(address)"
    case .qdisc(let link): "qdisc/\(link)"
    case .sysctl(let key): "sysctl/\(key)"
    case .former(let id): "former/\(id.object)#\(id.attribute)"
    case .table(let id): "table/\(id)"
    case .passage(let id): "passage/\(id)"
    case .dropIn(let id): "drop-in/\(id)"
    case .zone(let name): "zone/\(name)"
    case .bridgeAccess(let id): "bridge-access/\(id)"
    case .reservation(let id): "reservation/\(id)"
    case .service(let id): "service/\(id)"
    }
  }

  package static func < (a: ObjectID, b: ObjectID) -> Bool {
    switch (a, b) {
    case (.link(let a), .link(let b)): naturallyPrecedes(a.text, b.text)
    case (.netns(let a), .netns(let b)): naturallyPrecedes(a, b)
    case (.function(let a), .function(let b)): a < b
    case (.address(let a, let x, let p), .address(let b, let y, let q)):
      a != b
        ? naturallyPrecedes(a.text, b.text) : x != y ? x < y : (p?.description ?? "") < (q?.description ?? "")
    case (.nexthop(let a), .nexthop(let b)): a < b
    case (.route(let a), .route(let b)): a < b
    case (.rule(let a), .rule(let b)): a < b
    case (.neighbour(let a, let x), .neighbour(let b, let y)):
      a == b ? x < y : naturallyPrecedes(a.text, b.text)
    case (.qdisc(let a), .qdisc(let b)): naturallyPrecedes(a.text, b.text)
    case (.sysctl(let a), .sysctl(let b)): a < b
    case (.former(let a), .former(let b)): a < b
    case (.table(let a), .table(let b)): a < b
    case (.passage(let a), .passage(let b)): a < b
    case (.dropIn(let a), .dropIn(let b)): a < b
    case (.zone(let a), .zone(let b)): naturallyPrecedes(a.text, b.text)
    case (.bridgeAccess(let a), .bridgeAccess(let b)): a < b
    case (.reservation(let a), .reservation(let b)): a < b
    case (.service(let a), .service(let b)): a < b
    default: a.rank < b.rank
    }
  }
}
