// How a virtual function reaches its VM: by VFIO, by a macvtap that takes all of it, or as an interface in a namespace.

extension Composer {
  mutating func give(_ division: Division) {
    let (nic, path) = (division.nic, division.path)
    let id = FunctionID(link: division.hardware.name, number: division.number!)
    let present = observed[.function(id)]?.function
    tell(id, of: nic, present, path)
    // One with an interface, here or with user space, is hardware like any other.
    let away = observed.formers.first {
      $0.isOfMoved && $0.movedPath == path && $0.function == nil && $0.link.flatMap(observed.link) != nil
    }
    let own = owned[Composer.lower(path)]
    let interface = present?.interface.flatMap(observed.link).flatMap { $0.owner == nil ? $0 : nil }
    if let hardware = away?.link.flatMap(observed.link) ?? interface,
      record(ofAway: hardware.name)?.function == nil
    {
      if nic.handOver == .vfio { return assign(hardware, to: nic, division.vm, path) }
      let way = nic.handOver.rawValue
      return conflict(
        nic.written["hand-over"] ?? nic.position, "\(path).hand-over",
        "VF \(id.number) of '\(id.link)' has an interface on the host, '\(hardware.name)', whose driver tells it the MAC",
        hint: "'via: \(way)' with 'hardware: \(hardware.name)' hands over that, or name a VF without one")
    }
    if let driver = present?.driver, present?.interface == nil, own == nil, !isOurs(id) {
      conflict(
        nic.written["vf"] ?? nic.position, "\(path).vf",
        "VF \(id.number) of '\(id.link)' is in use: the driver \(driver) has it",
        hint: "name another one, or leave 'vf' out")
      return
    }
    let name = id.interface
    if let there = observed.link(name), there.facts?.function != id {
      conflict(
        nic.position, path,
        "VF \(id.number) of '\(id.link)' is to be called '\(name)', and the host has that",
        hint: "give that one another name: ip link set \(name) name …")
      return
    }
    if let there = observed.link(name), there.handOver != nic.handOver {
      conflict(
        nic.written["hand-over"] ?? nic.position, "\(path).hand-over",
        "VF \(id.number) of '\(id.link)' is the VM's by \(there.handOver.rawValue) now",
        hint: "apply without this NIC first")
      return
    }
    given[name] = path
    var link = Link(name: name, kind: .device)
    link.facts = LinkFacts()
    link.facts?.function = id
    switch nic.handOver {
    case .vfio: assignNew(&link, id, division)
    case .netns: moveNew(&link, id, division)
    case .macvtap: putNew(&link, id, division)
    }
  }

  func isOurs(_ id: FunctionID) -> Bool {
    observed.formers.contains { $0.function == id && $0.users.contains(topology.name) }
  }

  /// What the hardware is told of it.
  private mutating func tell(_ id: FunctionID, of nic: NIC, _ present: VirtualFunction?, _ path: String) {
    func set(_ attribute: String, _ value: JSON?) {
      guard let value else { return }
      let usual = VirtualFunction.usual.first { $0.attribute == attribute }?.value
      let otherwise = present == nil ? usual?.text() : nil
      hold(.function(id), attribute, value.text())
      let former = FormerID(object: ObjectID.function(id).description, attribute: attribute)
      if held[former]?.otherwise == nil { held[former]?.otherwise = otherwise }
      var wanted = target.wanted[.function(id)]?.function ?? VirtualFunction(id: id)
      _ = VirtualFunction.fields.first { $0.name == attribute }?.set(&wanted, value)
      target.want(.function(wanted), because: path)
    }
    set("mac", nic.mac.json)
    set("vlan", nic.vlan.map(\.json))
    set("qos", nic.qos.map(\.json))
    set("spoofchk", nic.antiSpoof.contains(.mac).json)
    set("trust", nic.trust.map(\.json))
    set("state", nic.linkState.map(\.json))
    set("max_tx_rate", nic.limitOut.map { Int($0 / 1_000_000).json })
  }

  private mutating func assignNew(_ link: inout Link, _ id: FunctionID, _ division: Division) {
    let (nic, path) = (division.nic, division.path)
    let room = division.hardware.facts?.functionRoom
    let device =
      observed[.function(id)]?.function?.device
      ?? division.hardware.facts?.parentDevice.flatMap { room?.device(of: id.number, $0) }
    guard canAssign(at: nic.position, path), let device else { return }
    if let functions = host.facts.pci,
      functions.first(where: { $0.address == division.hardware.facts?.parentDevice })?.group == nil
    {
      return refuseUnconfined(device, of: link.name, at: nic.hardware?.position, "\(path).hardware")
    }
    assigned[device, default: []].append((nic, link.name))
    (link.vfio, link.driver) = (device, Link.vfioDriver)
    setAccess(&link, nic, division.vm, path)
    remember(link, as: "vfio", device, home(of: link, path, [.init("function", id.json)]))
    target.want(.link(link), because: path)
  }

  private mutating func moveNew(_ link: inout Link, _ id: FunctionID, _ division: Division) {
    let (nic, vm, path) = (division.nic, division.vm, division.path)
    guard let netns = vm.netns?.value, canEnclose(nic, in: vm.netns, path) else { return }
    if namespaces[netns] == nil { namespaces[netns] = Inside(reason: "vms.\(vm.name)") }
    link.netns = netns
    var home = link
    (home.mac, home.netns) = (nic.mac, nil)
    remember(link, as: "netns", netns, self.home(of: home, path, [.init("function", id.json)]))
    if observed.link(link.name)?.netns != netns {
      // As the kernel lets it arrive (`__dev_change_net_namespace`, net/core/dev.c).
      (link.up, link.addressGeneration, link.forwarding) = (false, .eui64, false)
    }
    target.want(.link(link), because: path)
  }

  /// It is the guest's by a macvtap that takes all of it.
  private mutating func putNew(_ link: inout Link, _ id: FunctionID, _ division: Division) {
    let (nic, vm, path) = (division.nic, division.vm, division.path)
    guard canHaveMacvtaps(at: nic.position, path), var macvtap = self.link(.macvtap, for: nic, of: vm, path)
    else { return }
    link.alias = alias(Composer.lower(path))
    (link.up, link.addressGeneration) = (true, Link.AddressGeneration.none)
    link.mac = nic.mac
    target.want(.link(link), because: path)
    setting(.ipv4, link.name, "arp_ignore", "8", path)
    if isUsable(.ipv6) { setting(.ipv6, link.name, "accept_ra", "0", path) }
    macvtap.macvtap = Link.Macvtap(.passthru, on: link.name)
    macvtap.macvtap.allMulticast = true
    macvtap.mac = nic.mac
    macvtap.master = Link.Master.none
    macvtap.mtu = observed.link(link.name)?.mtu ?? 1500
    setting(.ipv4, macvtap.name, "arp_ignore", "8", path)
    target.want(.link(macvtap), because: path)
    attached.append((nic, macvtap))
  }
}

extension Link {
  /// How a function of ours reaches its VM.
  fileprivate var handOver: HandOver { vfio != nil ? .vfio : netns != nil ? .netns : .macvtap }
}
