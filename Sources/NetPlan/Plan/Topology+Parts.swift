extension Topology {
  /// The same without the VMs and NICs named.
  package func without(_ parts: [String]) -> Topology {
    var rest = self
    for index in rest.vms.indices {
      rest.vms[index].nics.removeAll { nic in parts.contains(nic.vm) || parts.contains(nic.id) }
    }
    rest.vms.removeAll { parts.contains($0.name) }
    return rest
  }

  /// The same with those NICs only, and with those of whose being there the host's links say nothing.
  package func keeping(_ ids: Set<String>) -> Topology {
    var rest = self
    for index in rest.vms.indices {
      rest.vms[index].nics.removeAll { !ids.contains($0.id) && $0.via != .vmm }
    }
    return rest
  }

  /// NICs whose ports their VM software makes, of those parts.
  package func named(_ parts: [String]) -> [NIC] {
    vms.flatMap(\.nics).filter { $0.via == .vmm && (parts.contains($0.vm) || parts.contains($0.id)) }
  }

  /// `VM/NIC` of each.
  package var nicIDs: [String] { vms.flatMap { $0.nics.map(\.id) } }
}

extension State {
  /// `VM/NIC` of each NIC that `name` has here.
  package func nicIDs(of name: String) -> [String] {
    links.filter { $0.owner.map { $0 == name } ?? false }.compactMap(\.nicID)
      + services.filter { $0.id.program == .passt && $0.id.name == name }.map(\.id.subject)
  }
}

extension Link {
  /// `VM/NIC` of the alias `vnet:NAME/vms.VM.nics.NIC`.
  package var nicID: String? { path.flatMap { NICPath($0) }.map { "\($0.vm)/\($0.nic)" } }
}
