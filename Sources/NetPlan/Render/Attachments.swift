/// Finds the NICs that a person names, with the devices that they have on a host.
package struct Attachments: Sendable, Equatable {
  package let list: [Attachment]
  /// Why a NIC has no device, by `VM/NIC`.
  private var obstacles: [String: String] = [:]

  /// From a configuration, and what it comes to on a host.
  package init(_ topology: Topology, _ target: Target) {
    var links: [Substring: Link] = [:]
    for link in target.wanted.links { if let path = link.path { links[path] = link } }
    // Of a NIC in a namespace the software has the TAP that is there.
    for link in target.wanted.netnses.flatMap(\.objects).compactMap(\.link) where link.kind == .tap {
      if let path = link.path { links[path] = link }
    }
    var list: [Attachment] = []
    for vm in topology.vms {
      for nic in vm.nics {
        let path = "vms.\(nic.vm).nics.\(nic.name)"
        if nic.via == .vmm {
          guard let item = Attachment(named: nic, of: vm, topology, target) else {
            obstacles[nic.id] =
              target.obstacles.first { $0.path.hasPrefix(path) }?.message ?? "its bridge is not to be had"
            continue
          }
          list.append(item)
          continue
        }
        if !nic.hasInterface {
          if let obstacle = target.obstacles.first(where: { $0.path.hasPrefix(path) }) {
            obstacles[nic.id] = obstacle.message
            continue
          }
          var item = Attachment(
            vm: nic.vm, nic: nic.name, vmm: vm.vmm, device: nil, mac: nic.mac, mtu: 1500, queues: 1)
          if nic.via == .passt {
            let id = ServiceID(program: .passt, name: topology.name, subject: nic.id)
            guard let socket = target.wanted[.service(id)]?.service?.socket else { continue }
            item.socket = socket
          } else {
            item.forwards = HostForward.of(nic)
          }
          list.append(item)
          continue
        }
        if nic.isHanded(over: .vfio), let link = target.assigned(to: path) {
          var item = Attachment(
            vm: nic.vm, nic: nic.name, vmm: vm.vmm, device: link.name, mac: nic.mac, mtu: 1500, queues: 1)
          item.pci = link.vfio
          list.append(item)
          continue
        }
        guard let link = links[path[...]] else {
          let usual =
            nic.isHanded(over: .netns)
            ? "the hardware itself is in the network namespace '\(vm.netns?.value ?? "")', where its software finds it"
            : "mode \(nic.mode) via \(nic.via)"
          obstacles[nic.id] = target.obstacles.first { $0.path.hasPrefix(path) }?.message ?? usual
          continue
        }
        var item = Attachment(
          vm: nic.vm, nic: nic.name, vmm: vm.vmm, device: link.name, mac: nic.enclosure?.innerMAC ?? nic.mac,
          mtu: link.mtu ?? 1500, queues: nic.queues?.value ?? 1, hint: nic.guestHint)
        if nic.enclosure != nil { item.netns = vm.netns?.value }
        if link.kind == .macvtap {
          item.isMacvtap = true
          // That of the hardware, where it is the guest's own and the file says no other.
          item.mac = link.mac ?? item.mac
        }
        if nic.via == .vde {
          let id = ServiceID(program: .vde, name: topology.name, subject: nic.id)
          guard let service = target.wanted[.service(id)]?.service else { continue }
          item.plug(into: service, isOwners: vm.owner.map { $0.group == nil && $0.user != nil } ?? false)
        }
        list.append(item)
      }
    }
    self.list = list
  }

  /// From what an apply left beside the kernel state.
  package init?(json: JSON) {
    guard let list = [Attachment](json: json) else { return nil }
    self.list = list
  }

  package static let none = Attachments([])

  private init(_ list: [Attachment]) { self.list = list }

  /// Those whose device the host has by now, under the alias that says whose it is.
  package func present(on state: State, _ name: String) -> Attachments {
    Attachments(
      list.filter { item in
        if item.socket != nil {
          let program: ServiceID.Program = item.isSwitch == true ? .vde : .passt
          let id = ServiceID(program: program, name: name, subject: "\(item.vm)/\(item.nic)")
          return state[.service(id)] != nil
        }
        if let bridge = item.bridge { return state.link(bridge) != nil }
        guard let device = item.device else { return true }
        let netns = item.netns.flatMap { state[.netns($0)]?.netns }
        if item.netns != nil {
          return netns.map { $0.owner == name && $0.link(at: "vms.\(item.vm).nics.\(item.nic)") != nil }
            ?? false
        }
        guard let link = state.link(device) else { return false }
        if let pci = item.pci { return link.vfio == pci && state.isGiven(device, to: name) }
        return link.owner.map { $0 == name } ?? false && link.nicID == "\(item.vm)/\(item.nic)"
      })
  }

  package func without(_ parts: [String]) -> Attachments {
    Attachments(list.filter { !parts.contains($0.vm) && !parts.contains("\($0.vm)/\($0.nic)") })
  }

  package var json: JSON { list.json }

  package var vms: [String] {
    list.map(\.vm).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String
  }

  /// The NICs of `VM`, or `VM/NIC`; `vmm` overrides what the configuration says.
  /// `node` finds the device node of a macvtap on this host.
  package func find(
    _ part: String, vmm: VMM?, node: (LinkName) -> String? = { _ in nil }
  ) throws(Failure) -> [Attachment] {
    let words = part.split(separator: "/", maxSplits: 1).map(String.init)
    let vm = words.first ?? ""
    let wanted = words.count > 1 ? words[1] : nil
    if let reason = obstacles.first(where: { $0.key == part || (wanted == nil && $0.key.hasPrefix(vm + "/")) }
    ) {
      throw Failure(description: "\(reason.key) has no device to attach: \(reason.value)")
    }
    var found = list.filter { $0.vm == vm && (wanted == nil || $0.nic == wanted) }
    if found.isEmpty {
      throw Failure(description: wanted == nil ? "there is no VM '\(vm)'" : "there is no NIC '\(part)'")
    }
    var descriptor = Attachment.firstDescriptor
    for index in found.indices {
      found[index].vmm = vmm ?? found[index].vmm
      if found[index].isMacvtap == true, let device = found[index].device {
        found[index].node = node(device)
        found[index].descriptor = descriptor
        descriptor += found[index].queues
      }
      if found[index].bridge != nil, found[index].vmm == .qemu, found[index].queues > 1 {
        throw Failure(
          description:
            "\(part): qemu-bridge-helper makes a TAP with one queue, the NIC has \(found[index].queues)")
      }
      if let reason = found[index].refusal { throw Failure(description: "\(part): \(reason)") }
      if found[index].vmm == .firecracker, found[index].queues > 1 {
        throw Failure(description: "\(part): Firecracker uses one queue, the NIC has \(found[index].queues)")
      }
    }
    return found
  }
}

extension Attachment {
  /// `isOwners`: whoever runs the VM software is the switch's user too.
  fileprivate mutating func plug(into service: Service, isOwners: Bool) {
    isSwitch = true
    socket = service.socket
    socketGroup = isOwners ? nil : service.account?.group
  }

  /// nil where something is in the way of it.
  fileprivate init?(named nic: NIC, of vm: VM, _ topology: Topology, _ target: Target) {
    let path = "vms.\(nic.vm).nics.\(nic.name)"
    guard case .pattern(let port) = nic.device,
      !target.obstacles.contains(where: { $0.path.hasPrefix(path) }),
      let network = topology.networks.first(where: { $0.name == nic.network?.value })
    else { return nil }
    var bridge = network.device
    if case .existing(let name) = network.segment { bridge = name.value }
    self.init(
      vm: nic.vm, nic: nic.name, vmm: vm.vmm, device: nil, mac: nic.mac,
      mtu: nic.mtu?.value ?? target.wanted.link(bridge)?.mtu ?? 1500, queues: nic.queues?.value ?? 1)
    self.bridge = bridge
    self.port = port
  }
}
