// Hardware NICs whose PCI device user space drives (VFIO): the guest has the device itself, and the host no interface of it.

extension Composer {
  mutating func addAssigned(_ nic: NIC, of vm: VM, _ path: String) {
    guard let reference = nic.hardware, canAssign(at: nic.position, path) else { return }
    let place = "\(path).hardware"
    let taken = observed.links.first { $0.vfio != nil && movedPath(of: $0.name) == path }
    guard let hardware = find(reference, place, taken: taken), isTheSame(hardware, reference, place) else {
      return
    }
    refuseMAC(of: nic, hardware, path)
    assign(hardware, to: nic, vm, path)
  }

  mutating func assign(_ hardware: Link, to nic: NIC, _ vm: VM, _ path: String) {
    guard let reference = nic.hardware, canAssign(at: nic.position, path) else { return }
    let place = "\(path).hardware"
    if let count = hardware.functions, count > 0 {
      return conflict(
        reference.position, place,
        "'\(hardware.name)' has \(count) virtual functions, which would go with its driver",
        hint: "'via: sriov' gives a VM one of them")
    }
    let isThere = hardware.vfio != nil && movedPath(of: hardware.name) == path
    guard isThere || canBeGiven(hardware, at: reference.position, place),
      isFree(hardware, for: nil, at: reference.position, place),
      isThere || canMove(hardware, at: reference.position, place),
      let device = device(of: hardware, at: reference.position, place)
    else { return }
    given[hardware.name] = path
    assigned[device, default: []].append((nic, hardware.name))
    var away = Link(name: hardware.name, kind: hardware.kind)
    (away.vfio, away.driver) = (device, Link.vfioDriver)
    setAccess(&away, nic, vm, path)
    let driver = host.facts.pci?.first { $0.address == device }?.driver
    let former = isThere ? record(ofAway: hardware.name)?.homeDriver : driver
    remember(
      hardware, as: "vfio", device,
      home(of: hardware, path, former.map { [.init("driver", .string($0))] } ?? []))
    if !isThere { giveUp(hardware, to: nic, path) }
    target.want(.link(away), because: path)
  }

  /// The device, where it is one on PCI that an IOMMU confines.
  private mutating func device(of hardware: Link, at position: SourcePosition?, _ path: String) -> String? {
    if let device = hardware.vfio { return device }
    let device = hardware.facts?.parentDevice
    let function = host.facts.pci?.first { $0.address == device }
    guard let device, function != nil || host.facts.pci == nil else {
      conflict(
        position, path, "'\(hardware.name)' is no device on PCI that a guest could be given",
        hint: "'via: macvtap' gives it the whole NIC all the same")
      return nil
    }
    if let function, function.group == nil {
      refuseUnconfined(device, of: hardware.name, at: position, path)
      return nil
    }
    return device
  }

  mutating func refuseUnconfined(
    _ device: String, of hardware: LinkName, at position: SourcePosition?, _ path: String
  ) {
    lacking(
      position, path,
      "no IOMMU confines the device \(device) of '\(hardware)': a guest could reach all memory by it",
      hint: "switch it on in the firmware (VT-d, AMD-Vi) and for Intel boot with intel_iommu=on")
  }

  mutating func canAssign(at position: SourcePosition?, _ path: String) -> Bool {
    if host.facts.vfio == false {
      lacking(
        position, path, "this kernel has no driver 'vfio-pci'", hint: "modprobe vfio-pci", isShared: true)
      return false
    }
    return isFirstNamespace(at: position, path)
  }

  mutating func isFirstNamespace(at position: SourcePosition?, _ path: String) -> Bool {
    if host.facts.isFirstNamespace == false {
      lacking(
        position, path,
        "hardware that comes back appears in the first network namespace, and this is another",
        hint: "run it there, without --netns", isShared: true)
      return false
    }
    return true
  }

  /// Another device may have taken the name of one that is away.
  private mutating func isTheSame(
    _ hardware: Link, _ reference: Sourced<HardwareReference>, _ path: String
  ) -> Bool {
    guard let record = record(ofAway: hardware.name), record.id.attribute == "vfio", hardware.vfio == nil,
      let device = hardware.facts?.parentDevice, device != record.set
    else { return true }
    conflict(
      reference.position, path,
      "'\(hardware.name)' is the device \(device), and \(record.set), which had that name, is given away",
      hint: "give this one another name: ip link set \(hardware.name) name …")
    return false
  }

  private mutating func refuseMAC(of nic: NIC, _ hardware: Link, _ path: String) {
    guard nic.written["mac"] != nil, let own = hardware.facts?.permanentMAC ?? hardware.mac, own != nic.mac
    else { return }
    conflict(
      nic.written["mac"], "\(path).mac",
      "the guest's driver reads the MAC of '\(hardware.name)' itself, which is \(own)",
      hint: "leave 'mac' out; 'via: macvtap' can give it another")
  }

  /// A group is given as a whole: its devices could do each other what the IOMMU keeps them from doing to the host.
  mutating func refuseUnviableGroups() {
    guard let all = host.facts.pci else { return }
    for (device, nics) in assigned.sorted(by: { $0.key < $1.key }) {
      guard let group = all.first(where: { $0.address == device })?.group, let (nic, hardware) = nics.first
      else { continue }
      let path = "vms.\(nic.vm).nics.\(nic.name)"
      let others = all.filter {
        $0.group == group && assigned[$0.address] == nil && !$0.leavesDMA
      }
      guard let first = others.min() else { continue }
      let names = others.sorted().map { other in
        let link = observed.links.first { $0.facts?.parentDevice == other.address && !$0.isAway }
        return "\(other.address) (\(other.driver ?? "")\(link.map { ", '\($0.name)'" } ?? ""))"
      }
      conflict(
        nic.hardware?.position, "\(path).hardware",
        "'\(hardware)' shares the IOMMU group \(group) with \(names.joined(separator: ", ")), which the host uses",
        hint: "give those to a VM as well, take \(first.address) from its driver, or use another slot")
    }
    refuseForeignPartners(all)
  }

  /// The node of a group has one owner.
  private mutating func refuseForeignPartners(_ all: [PCIFunction]) {
    var owners: [Int: (NIC, Link.TAP)] = [:]
    for (device, nics) in assigned.sorted(by: { $0.key < $1.key }) {
      guard let group = all.first(where: { $0.address == device })?.group, let (nic, hardware) = nics.first,
        let tap = target.wanted.link(hardware)?.tap
      else { continue }
      if let (other, theirs) = owners[group], theirs.owner != tap.owner || theirs.group != tap.group {
        conflict(
          nic.hardware?.position, "vms.\(nic.vm).nics.\(nic.name).hardware",
          "\(nic.id) and \(other.id) have one IOMMU group, \(group), and two owners",
          hint: "give both to one owner")
      }
      owners[group] = owners[group] ?? (nic, tap)
    }
  }

  /// The kernel would wait until whoever has the device lets go (`vfio_unregister_group_dev`).
  mutating func refuseReturn(of away: Link, _ path: String) {
    conflict(
      nil, path, "a process has the device \(away.vfio ?? "") of '\(away.name)' open",
      hint: "end the VM first")
  }
}

extension Link {
  /// Where it is, of hardware that the host has given away.
  var whereabouts: String? {
    if let netns { return "in the network namespace '\(netns)'" }
    return vfio.map { "given to user space as \($0)" }
  }
}
