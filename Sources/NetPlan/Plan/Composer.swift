/// Makes the target of a topology on a host: pure, and the only place that knows what a mode means in kernel objects.
package func target(of topology: Topology, on host: Observation) -> Target {
  var composer = Composer(topology: topology, host: host)
  composer.compose()
  return composer.target
}

struct Composer {
  let topology: Topology
  /// As it will be once links have their new names.
  private(set) var host: Observation
  var target = Target()
  /// Links of this name, by their path in the configuration.
  private(set) var owned: [String: Link] = [:]
  /// Who has an alternative name.
  private(set) var altnames: [String: LinkName] = [:]
  /// Places in `topology.networks`, by name.
  private let places: [String: Int]
  /// Bridges that networks came out as, by the network's name; absent where an obstacle came first.
  var bridges: [String: Link] = [:]
  /// Interfaces by which the host is on networks, where that is not the bridge itself: in VLANs of bridges.
  var interfaces: [String: Link] = [:]
  /// Hardware NICs that are (to be) ports, and the bridge of each.
  var uplinks: [LinkName: LinkName] = [:]
  /// Where what the host has on a link goes.
  var destinations: [LinkName: LinkName] = [:]
  /// Interfaces that have settings of hardware, with the host's addresses there.
  var followers: Set<LinkName> = []
  /// Hardware on which the host is a station beside guests, and the macvlan of each.
  var stations: [LinkName: LinkName] = [:]
  /// Hardware NICs that are (to be) a guest's own, and the place in the configuration that asks for each.
  var given: [LinkName: String] = [:]
  /// Devices that go to user space, the NICs of the file that ask for them, and the names of their interfaces.
  var assigned: [String: [(NIC, LinkName)]] = [:]
  /// NICs that are virtual functions, and hardware that has some for this file.
  var divisions: [Division] = []
  var divided: Set<LinkName> = []
  /// Guest addresses and prefixes behind routed TAPs: what forwarding is for.
  var guestRoutes: [Route] = []
  /// What is to be nowhere else (`refuseOverlaps`).
  var claims: [Claim] = []
  /// NICs with an interface of ours on the host, for the tables that filter them.
  var filtered: [(nic: NIC, tap: LinkName)] = []
  /// NICs whose ports their VM software makes.
  var named: [NamedPort] = []
  /// Bridges on which qemu-bridge-helper is to put TAPs for groups.
  var accessible: [BridgeAccessID: Set<LinkName>] = [:]
  /// NICs with a macvtap, which have tables of their own.
  var attached: [(nic: NIC, link: Link)] = []
  /// Interfaces by which translated guests reach the outside.
  var outside: Set<LinkName> = []
  /// Some guests reach it by whatever the host has routes by.
  var isOutsideAnywhere = false
  /// Hardware by which the guests of a network leave.
  var outbound: [HardwareReference: LinkName] = [:]
  /// Hardware on whose LAN the guests of a network are answered for, by the network's name.
  var networkProxies: [String: Link] = [:]
  /// Hardware NICs on whose LAN guests are answered for.
  var proxies: [LinkName] = []
  /// Released uplinks that were down before, and can be so again.
  var goingDown: Set<LinkName> = []
  var addressing = Addressing()
  /// Foreign attributes that this configuration holds.
  var held: [FormerID: Holding] = [:]
  /// What is to be in network namespaces, by their names.
  var namespaces: [String: Inside] = [:]

  struct Holding {
    var object: ObjectID
    /// The value it sets.
    var set: String
    /// The value that there would be otherwise.
    var otherwise: String?
    /// It is written down also where nothing has to be restored.
    var isAlwaysKept = false
  }

  init(topology: Topology, host: Observation) {
    self.topology = topology
    self.host = host
    places = Dictionary(
      topology.networks.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    findOwned()
    rename()
  }

  /// Goes on with another view of the host.
  mutating func use(_ state: State) {
    host.state = state
    owned = [:]
    altnames = [:]
    findOwned()
  }

  private mutating func findOwned() {
    for link in host.state.links {
      for altname in link.altnames ?? [] { altnames[altname] = link.name }
      if isOurs(link) { owned[String(link.path!)] = link }
    }
  }

  var observed: State { host.state }

  mutating func compose() {
    // Most VMs have one NIC.
    target.reserveCapacity(topology.vms.count)
    filtered.reserveCapacity(topology.vms.count)
    refuseNamed()
    assignAddresses()
    for network in topology.networks where network.portGroup == nil { add(network) }
    for network in topology.networks where network.portGroup != nil { add(network) }
    // What the host has on hardware moves before anybody asks where it is.
    for nicsOfStations in [true, false] {
      for vm in topology.vms {
        for nic in vm.nics where nic.hostAccess == nicsOfStations { add(nic, of: vm) }
      }
    }
    divide()
    refuseUsesOfGiven()
    refuseUnviableGroups()
    releaseUplinks()
    releaseStations()
    releaseParents()
    refuseGatewaysBesideReturning()
    refuseOverlaps()
    checkNames()
    unfollowForwarding()
    routeGuests()
    addTables()
    addDeviceTables()
    serve()
    wantNamespaces()
    leaveOutIPv6()
    prune()
    pruneTables()
    releaseForwardingOfAll()
    let ways = guestWays()
    bindZones(of: ways)
    coexist(ways)
    keepManagersOff()
    admitToBridges()
    settleLedger()
  }

  /// In a kernel without IPv6 no link has a mode by which it makes addresses, and to say one is an error
  /// (`rtnl_link_get_af`).
  private mutating func leaveOutIPv6() {
    guard host.facts.ipv6 == false else { return }
    for var link in target.wanted.links where link.addressGeneration != nil {
      link.addressGeneration = nil
      target.want(.link(link), because: target.reasons[.link(link.name)] ?? "")
    }
    // By which an uplink is known to be one.
    for id in Array(held.keys) where id.attribute == "addrgenmode" { held[id]!.otherwise = held[id]!.set }
  }

  // MARK: Small vocabulary

  mutating func conflict(_ position: SourcePosition?, _ path: String, _ message: String, hint: String? = nil)
  {
    target.obstacles.append(Obstacle(.conflict, at: position, path: path, message, hint: hint))
  }

  mutating func lacking(
    _ position: SourcePosition?, _ path: String, _ message: String, hint: String? = nil,
    isShared: Bool = false
  ) {
    target.obstacles.append(
      Obstacle(.lacking, at: position, path: path, message, hint: hint, isShared: isShared))
  }

  func alias(_ path: String) -> String { Ownership.alias(name: topology.name, path: path) }

  func network(named name: String) -> Network? { places[name].map { topology.networks[$0] } }

  func isOurs(_ link: Link) -> Bool { link.owner.map { $0 == topology.name } ?? false }

  /// Asks that an attribute of a foreign link be `value`, to be restored when the last holder lets go.
  mutating func hold(_ link: LinkName, _ attribute: String, _ value: JSON, because reason: String) {
    hold(.link(link), attribute, value.text())
    var wanted = target.wanted.link(link) ?? Link(name: link, kind: observed.link(link)?.kind ?? .device)
    _ = Link.fields.first { $0.name == attribute }?.set(&wanted, value)
    target.want(.link(wanted), because: reason)
  }

  mutating func hold(_ object: ObjectID, _ attribute: String, _ set: String) {
    let id = FormerID(object: object.description, attribute: attribute)
    let otherwise = held[id]?.otherwise ?? value(of: object, attribute)
    let isAlwaysKept = held[id]?.isAlwaysKept ?? false
    held[id] = Holding(object: object, set: set, otherwise: otherwise, isAlwaysKept: isAlwaysKept)
  }

  mutating func hold(_ key: SysctlKey, _ value: String, because reason: String) {
    hold(.sysctl(key), "value", value)
    target.want(.sysctl(Sysctl(key: key, value: value)), because: reason)
  }
}

extension Coexist {
  package static let none = Coexist(
    docker: false, brNetfilterExempt: false, firewalldZone: nil, ufw: false, networkManagerUnmanaged: false,
    networkdUnmanaged: false, written: [:])
}

extension Topology {
  /// Nothing asked for: what `name` owns goes.
  package static func empty(_ name: String) -> Topology {
    Topology(
      name: name, networks: [], vms: [], allow: [], coexist: .none,
      names: DerivedNames(configuration: name, seed: ""))
  }
}
