extension Graph {
  /// Without a plan nothing is marked, and only what the file says is shown; `target` is what it comes to on a host.
  package init(_ topology: Topology, plan: Plan? = nil, target: Target? = nil) {
    var builder = GraphBuilder(topology, plan, target)
    builder.build()
    self = builder.graph
  }
}

/// Makes a graph of a topology: first what others hang on, then what hangs on it.
struct GraphBuilder {
  var graph: Graph
  let topology: Topology
  private let target: Target?
  let marks: GraphMarks
  /// Places of nodes.
  private var hardware: [String: Int] = [:]
  private var networks: [String: Int] = [:]
  var bridges: [LinkName: Int] = [:]
  var portGroups: [Link.VLAN: Int] = [:]
  private var host: Int?
  private var taps: [Substring: Link] = [:]
  private var ports: [LinkName: LinkName] = [:]

  init(_ topology: Topology, _ plan: Plan?, _ target: Target?) {
    (self.topology, self.target) = (topology, target)
    graph = Graph(name: topology.name)
    let parts =
      topology.networks.map { "networks.\($0.name)"[...] }
      + topology.vms.flatMap { $0.nics.map { "vms.\($0.vm).nics.\($0.name)"[...] } }
    marks = GraphMarks(plan, known: Set(parts))
    guard let target else { return }
    for link in target.wanted.links {
      if let path = link.path {
        taps[path] = link
      } else if let bridge = link.master?.name {
        ports[bridge] = min(ports[bridge] ?? link.name, link.name)
      }
    }
  }

  mutating func build() {
    for network in topology.networks where network.portGroup == nil { add(network) }
    for network in topology.networks where network.portGroup != nil { add(portGroup: network) }
    addDeletedNetworks()
    var vms: [GraphVM] = []
    for vm in topology.vms { vms.append(part(vm)) }
    addDeletedNICs(to: &vms)
    for group in GraphVM.folded(vms) { add(group) }
  }

  // MARK: Nodes that others hang on

  mutating func node(_ node: Graph.Node) -> Int {
    graph.nodes.append(node)
    return graph.nodes.count - 1
  }

  mutating func place(ofHardware words: String, _ link: LinkName?) -> Int {
    let title = link?.text ?? words
    if let known = hardware[title] { return known }
    let place = node(
      Graph.Node(
        kind: .hardware, title: title, mark: (link ?? LinkName(title)).flatMap { marks.mark(of: $0) }))
    hardware[title] = place
    return place
  }

  mutating func placeOfHost() -> Int {
    if let host { return host }
    let place = node(Graph.Node(kind: .host, title: "host"))
    host = place
    return place
  }

  // MARK: Networks

  private mutating func add(_ network: Network) {
    let mark = marks.mark(of: "networks.\(network.name)")
    var lines: [String] = []
    if case .existing = network.segment {
      lines.append("existing bridge \(network.device)")
    } else {
      lines.append("bridge \(network.device)")
    }
    lines += words(of: network)
    let place = node(Graph.Node(kind: .network, title: network.name, lines: lines, mark: mark))
    networks[network.name] = place
    bridges[network.device] = place
    if case .uplink(let reference) = network.segment {
      let from = self.place(ofHardware: reference.value.words, ports[network.device])
      let vlans = network.uplinkVLANs.filter { $0 != network.native }
      let carried =
        network.vlanFiltering && !vlans.isEmpty
        ? ", VLAN \(vlans.map(String.init).joined(separator: " "))" : ""
      let joins = ports[network.device].map(marks.joining.contains) ?? false
      graph.edges.append(
        Graph.Edge(
          from: from, to: place, label: "uplink\(carried)",
          mark: joins ? .created : graph.nodes[from].mark))
    }
    connect(network, place, mark)
  }

  private mutating func add(portGroup network: Network) {
    guard let (parent, vlan) = network.portGroup else { return }
    let mark = marks.mark(of: "networks.\(network.name)")
    let interface = network.hasAddress ? ["interface \(network.hostDevice)"] : []
    let place = node(
      Graph.Node(kind: .portGroup, title: network.name, lines: interface + words(of: network), mark: mark))
    networks[network.name] = place
    if let bridge = topology.networks.first(where: { $0.name == parent })?.device {
      portGroups[Link.VLAN(UInt16(vlan), on: bridge)] = place
    }
    if let from = networks[parent] {
      graph.edges.append(Graph.Edge(from: from, to: place, label: "VLAN \(vlan)", mark: mark))
    }
    connect(network, place, mark)
  }

  /// The host where it is a station or a router there.
  private mutating func connect(_ network: Network, _ place: Int, _ mark: Graph.Mark?) {
    let isRouter = network.nat != nil || network.route || network.proxy != nil
    guard network.hasAddress || isRouter else { return }
    let out = network.nat?.out.map { " out \($0.value.words)" } ?? ""
    let proxy = network.proxy.map { ", proxy \($0.value.words)" } ?? ""
    let what = network.nat != nil ? "nat\(out)" : network.route ? "route" : "address"
    graph.edges.append(
      Graph.Edge(from: placeOfHost(), to: place, label: what + proxy, mark: mark, isRouted: isRouter))
  }

  /// Addresses and services.
  private func words(of network: Network) -> [String] {
    var addresses = network.addresses.map { "\($0.value)" }
    if network.automaticAddress {
      let chosen = target?.wanted.addresses.filter {
        $0.link == network.hostDevice && $0.origin == Ownership.origin && !$0.local.address.isLinkLocal
      }.map(\.local).sorted()
      addresses = chosen.map { $0.map { "\($0)" } } ?? addresses + ["address auto"]
    }
    let services = [
      network.dhcp == nil ? nil : "dhcp", network.dns == nil ? nil : "dns", network.ra ? "ra" : nil,
    ].compactMap(\.self)
    return addresses + (services.isEmpty ? [] : [services.joined(separator: ", ")])
  }

  // MARK: VMs

  private mutating func part(_ vm: VM) -> GraphVM {
    var part = GraphVM(name: vm.name, series: vm.stanza)
    for nic in vm.nics { part.nics.append(self.part(nic)) }
    return part
  }

  private mutating func part(_ nic: NIC) -> GraphVM.NIC {
    let path = "vms.\(nic.vm).nics.\(nic.name)"
    let end: Int
    if let network = nic.network.flatMap({ networks[$0.value] }) {
      end = network
    } else if let reference = nic.hardware {
      end = place(ofHardware: reference.value.words, nil)
    } else {
      end = placeOfHost()
    }
    var label = nic.name
    if let vlan = nic.vlan { label += ", VLAN \(vlan)" }
    if !nic.trunk.isEmpty { label += ", trunk \(nic.trunk.map(String.init).joined(separator: " "))" }
    if nic.isolated { label += ", isolated" }
    if let proxy = nic.proxy { label += ", proxy \(proxy.value.words)" }
    let usual = nic.mode.rawValue == nic.via.rawValue || nic.mode == .bridged && nic.via == .bridge
    return GraphVM.NIC(
      name: nic.name, end: end, label: label,
      mode: usual ? nic.mode.rawValue : "\(nic.mode.rawValue) via \(nic.via.rawValue)",
      device: taps[path[...]]?.name.text ?? nic.device.words(nic), addresses: addresses(of: nic, path),
      forwards: nic.forwards.map(\.words), mark: marks.mark(of: path),
      isRouted: nic.network == nil && nic.hardware == nil)
  }

  private func addresses(of nic: NIC, _ path: String) -> [IPAddress] {
    let id = ReservationID(name: topology.name, path: path)
    let reserved = target?.wanted[.reservation(id)]?.reservation?.addresses
    return (reserved ?? nic.addresses.map(\.value)).map(\.address)
  }

  private mutating func add(_ group: GraphVM.Group) {
    let place = node(group.node)
    for nic in group.first.nics {
      graph.edges.append(
        Graph.Edge(from: nic.end, to: place, label: nic.label, mark: nic.mark, isRouted: nic.isRouted))
    }
  }
}

extension HardwareReference {
  fileprivate var words: String {
    switch self {
    case .name(let name): name.text
    case .mac(let mac): "NIC \(mac)"
    case .pci(let device): "NIC \(device)"
    case .defaultRoute: "default route"
    }
  }
}

extension DeviceName {
  /// What the file says or leads to; what needs no interface has none.
  fileprivate func words(_ nic: NIC) -> String? {
    if nic.mode == .shared, nic.via != .nat { return nil }
    return switch self {
    case .written(let name): name.text
    case .derived(let preferred, _): preferred.text
    case .pattern(let text): text
    }
  }
}
