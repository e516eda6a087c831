/// Finds the NICs that a person names, and the devices they have on a host.
package struct Attachments: Sendable {
  private let topology: Topology
  private let target: Target
  private let vmm: VMM?

  /// `vmm` overrides what the configuration says.
  package init(_ topology: Topology, _ host: Observation, vmm: VMM?) {
    self.topology = topology
    self.vmm = vmm
    target = NetPlan.target(of: topology, on: host)
  }

  package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String
  }

  /// The NICs of `VM`, or `VM/NIC`.
  package func find(_ part: String) throws(Failure) -> [Attachment] {
    let words = part.split(separator: "/", maxSplits: 1).map(String.init)
    guard let vm = topology.vms.first(where: { $0.name == words.first }) else {
      throw Failure(description: "the configuration has no VM '\(words.first ?? "")'")
    }
    let nics = words.count > 1 ? vm.nics.filter { $0.name == words[1] } : vm.nics
    if nics.isEmpty { throw Failure(description: "the VM '\(vm.name)' has no NIC '\(words.last ?? "")'") }
    let software = vmm ?? vm.vmm
    var list: [Attachment] = []
    for nic in nics {
      let path = "vms.\(nic.vm).nics.\(nic.name)"
      let link = target.wanted.links.first {
        Ownership.parse(alias: $0.alias).map { $0.path == path } ?? false
      }
      guard let link else {
        let why =
          target.obstacles.first { $0.path.hasPrefix(path) }?.message ?? "mode \(nic.mode) via \(nic.via)"
        throw Failure(description: "\(nic.id) has no device to attach: \(why)")
      }
      if software == .firecracker, (nic.queues?.value ?? 1) > 1 {
        throw Failure(description: "\(nic.id): Firecracker uses one queue, the NIC has \(nic.queues!.value)")
      }
      list.append(Attachment(nic: nic, vmm: software, device: link.name, mtu: link.mtu ?? 1500))
    }
    return list
  }
}
