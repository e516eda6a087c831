// What a plan takes away is in no file any more: it is drawn from the links that go.

extension GraphBuilder {
  mutating func addDeletedNetworks() {
    for link in marks.deleted.sorted(by: { $0.name < $1.name }) where link.kind == .bridge {
      guard let path = link.path, path.hasPrefix("networks.") else { continue }
      let title = String(path.dropFirst("networks.".count))
      bridges[link.name] = node(
        Graph.Node(kind: .network, title: title, lines: ["bridge \(link.name)"], mark: .deleted))
    }
    for link in marks.deleted.sorted(by: { $0.name < $1.name }) where link.kind == .vlan {
      guard let path = link.path, path.hasPrefix("networks."), !path.hasSuffix(".host") else { continue }
      let place = node(
        Graph.Node(
          kind: .portGroup, title: String(path.dropFirst("networks.".count)),
          lines: ["interface \(link.name)"],
          mark: .deleted))
      portGroups[link.vlan] = place
      guard let below = link.vlan.link.flatMap({ bridges[$0] }) else { continue }
      let label = link.vlan.id.map { "VLAN \($0)" } ?? "VLAN"
      graph.edges.append(Graph.Edge(from: below, to: place, label: label, mark: .deleted))
    }
    for (port, bridge) in marks.leaving {
      guard let to = bridges[bridge] else { continue }
      let from = place(ofHardware: port.text, port)
      graph.edges.append(Graph.Edge(from: from, to: to, label: "uplink", mark: .deleted))
    }
  }

  mutating func addDeletedNICs(to vms: inout [GraphVM]) {
    var places = Dictionary(vms.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    for link in marks.deleted.sorted(by: { naturallyPrecedes($0.name.text, $1.name.text) })
    where link.kind == .tap {
      guard let path = link.path.flatMap({ NICPath($0) }) else { continue }
      let master = link.master?.name
      let vlan = link.vlans?.first(where: \.pvid)?.id
      let group = master.flatMap { bridge in vlan.flatMap { portGroups[Link.VLAN($0, on: bridge)] } }
      let end = group ?? master.map { bridges[$0] ?? foreignBridge($0) } ?? placeOfHost()
      let nic = GraphVM.NIC(
        name: String(path.nic), end: end, label: String(path.nic), mode: "", device: link.name.text,
        addresses: [], forwards: [], mark: .deleted, isRouted: master == nil)
      let name = String(path.vm)
      if let place = places[name] {
        vms[place].nics.append(nic)
      } else {
        places[name] = vms.count
        vms.append(GraphVM(name: name, series: GraphVM.stem(of: name), nics: [nic]))
      }
    }
  }

  /// A bridge of somebody else that nothing of the file is on any more.
  private mutating func foreignBridge(_ name: LinkName) -> Int {
    let place = node(Graph.Node(kind: .network, title: name.text, lines: ["existing bridge \(name)"]))
    bridges[name] = place
    return place
  }
}
