extension Object: JSONRepresentable {
  /// The first part of an identity: what kind of object it is.
  private var sort: String {
    switch self {
    case .link: "link"
    case .netns: "netns"
    case .function: "vf"
    case .address: "address"
    case .nexthop: "nexthop"
    case .route: "route"
    case .rule: "rule"
    case .neighbour: "neighbour"
    case .qdisc: "qdisc"
    case .sysctl: "sysctl"
    case .former: "former"
    case .table: "table"
    case .passage: "passage"
    case .dropIn: "drop-in"
    case .zone: "zone"
    case .bridgeAccess: "bridge-access"
    case .reservation: "reservation"
    case .service: "service"
    }
  }

  /// `{"object": "link", "name": "web-eth0", "kind": "tap", …}`
  package var json: JSON {
    guard case .object(let members) = described.json else { return .null }
    return .object([JSON.Member("object", .string(sort))] + members)
  }

  package init?(json: JSON) {
    guard case .object(let members) = json, let first = members.first, first.name == "object" else {
      return nil
    }
    let rest = JSON.object(Array(members.dropFirst()))
    let object: Object?
    switch first.value.string {
    case "link": object = Link(json: rest).map(Object.link)
    case "netns": object = Netns(json: rest).map(Object.netns)
    case "vf": object = VirtualFunction(json: rest).map(Object.function)
    case "address": object = Address(json: rest).map(Object.address)
    case "nexthop": object = NexthopObject(json: rest).map(Object.nexthop)
    case "route": object = Route(json: rest).map(Object.route)
    case "rule": object = Rule(json: rest).map(Object.rule)
    case "neighbour": object = Neighbour(json: rest).map(Object.neighbour)
    case "qdisc": object = Qdisc(json: rest).map(Object.qdisc)
    case "sysctl": object = Sysctl(json: rest).map(Object.sysctl)
    case "former": object = Former(json: rest).map(Object.former)
    case "table": object = Table(json: rest).map(Object.table)
    case "passage": object = Passage(json: rest).map(Object.passage)
    case "drop-in": object = DropIn(json: rest).map(Object.dropIn)
    case "zone": object = ZoneBinding(json: rest).map(Object.zone)
    case "bridge-access": object = BridgeAccess(json: rest).map(Object.bridgeAccess)
    case "reservation": object = Reservation(json: rest).map(Object.reservation)
    case "service": object = Service(json: rest).map(Object.service)
    default: object = nil
    }
    guard let object else { return nil }
    self = object
  }
}
