// Virtual functions of hardware NICs (SR-IOV): the host keeps the NIC and a guest has a part of it.

extension Composer {
  /// A NIC of the file that is a virtual function.
  struct Division {
    var nic: NIC
    var vm: VM
    var path: String
    /// The hardware that has it.
    var hardware: Link
    var number: Int?
  }

  mutating func addFunction(_ nic: NIC, of vm: VM, _ path: String) {
    let place = "\(path).hardware"
    guard let reference = nic.hardware, isFirstNamespace(at: nic.position, path),
      let hardware = find(reference, place), canBeDivided(hardware, at: reference.position, place)
    else { return }
    divisions.append(
      Division(nic: nic, vm: vm, path: path, hardware: hardware, number: nic.vf ?? number(at: path, hardware)))
  }

  /// That which a NIC has by now.
  private func number(at path: String, _ hardware: Link) -> Int? {
    let functions =
      observed.formers.filter { $0.movedPath == path }.compactMap(\.function)
      + [owned[Composer.lower(path)]?.facts?.function].compactMap(\.self)
      + observed.functions.filter { function in
        function.interface.map { given(at: path).contains($0) } ?? false
          || observed.formers.contains { $0.movedPath == path && $0.set == function.device }
      }.map(\.id)
    return functions.first { $0.link == hardware.name }?.number
  }

  /// Interfaces that are a NIC's own already.
  private func given(at path: String) -> [LinkName] {
    (owned[path]?.macvtap.link).map { [$0] } ?? []
  }

  /// Where the interface of a function below a macvtap stands in the configuration.
  static func lower(_ path: String) -> String { path + ".vf" }

  private mutating func canBeDivided(_ hardware: Link, at position: SourcePosition?, _ path: String) -> Bool {
    if let place = hardware.whereabouts {
      conflict(position, path, "'\(hardware.name)' is \(place)", hint: "apply without it first")
      return false
    }
    guard hardware.facts?.functionRoom != nil else {
      lacking(
        position, path, "'\(hardware.name)' can have no virtual functions",
        hint: "name a NIC with SR-IOV, which some firmware has to be told to offer; 'via: macvtap' needs none")
      return false
    }
    return true
  }

  // MARK: All together

  /// Numbers that the file names first, then those that NICs have, then what is free.
  mutating func divide() {
    let all = Dictionary(grouping: divisions, by: \.hardware.name)
    for (name, divisions) in all.sorted(by: { $0.key < $1.key }) {
      let hardware = divisions[0].hardware
      var taken: [Int: String] = [:]
      var settled: [Division] = []
      for division in divisions.filter({ $0.nic.vf != nil }) + divisions.filter({ $0.nic.vf == nil }) {
        var division = division
        if division.nic.vf == nil, division.number.map({ taken[$0] != nil }) ?? true {
          division.number = firstFree(of: hardware, taken)
        }
        let place = "\(division.path).vf"
        let position = division.nic.written["vf"] ?? division.nic.position
        guard let number = division.number else {
          lacking(
            position, place, "'\(name)' has \(hardware.functions ?? 0) virtual functions, and all are in use",
            hint: more(of: hardware))
          continue
        }
        if let other = taken[number] {
          conflict(
            position, place, "VF \(number) of '\(name)' is given to \(other) already",
            hint: "write another number, or leave 'vf' out")
          continue
        }
        taken[number] = division.nic.id
        settled.append(division)
      }
      guard let most = taken.keys.max(), canHave(most + 1, hardware, settled) else { continue }
      let reason = settled.map(\.path).min()!
      hold(name, "vfs", max(most + 1, hardware.functions ?? 0).json, because: reason)
      // Functions of hardware that is down have no link, and some drivers refuse them altogether.
      hold(name, "up", true.json, because: reason)
      if hardware.functions == 0 {
        target.interruptions[.link(name), default: []].append(
          "its driver starts it anew: traffic of the host through '\(name)' for some seconds")
      }
      divided.insert(name)
      for division in settled { give(division) }
    }
  }

  /// Of functions that are there, one that nobody uses; of those to be, the next.
  private func firstFree(of hardware: Link, _ taken: [Int: String]) -> Int? {
    let count = hardware.functions ?? 0
    if count == 0 { return (0..<(hardware.facts?.functionRoom?.total ?? 0)).first { taken[$0] == nil } }
    return (0..<count).first { number in
      taken[number] == nil
        && observed[.function(FunctionID(link: hardware.name, number: number))]?.function.map(isIdle) ?? true
    }
  }

  /// Nobody drives it, or its interface is the host's and unused.
  private func isIdle(_ function: VirtualFunction) -> Bool {
    guard function.driver != nil else { return true }
    guard let link = function.interface.flatMap(observed.link) else { return false }
    return link.up != true && link.owner == nil && link.master == Link.Master.none
      && !observed.addresses.contains { $0.link == link.name }
  }

  private mutating func canHave(_ count: Int, _ hardware: Link, _ divisions: [Division]) -> Bool {
    let total = hardware.facts?.functionRoom?.total ?? 0
    let last = divisions.max { $0.number ?? 0 < $1.number ?? 0 }!
    let place = "\(last.path).vf"
    let position = last.nic.written["vf"] ?? last.nic.position
    if count > total {
      lacking(
        position, place, "'\(hardware.name)' can have \(total) virtual functions, 0 to \(total - 1)",
        hint: "write a lower number, or spread the VMs over more NICs")
      return false
    }
    guard let now = hardware.functions, now > 0, now < count else { return true }
    lacking(
      position, place, "'\(hardware.name)' has \(now) virtual functions, and this needs \(count)",
      hint: more(of: hardware))
    return false
  }

  private func more(of hardware: Link) -> String {
    "the kernel can only make all of them anew: end the VMs that have one and apply without them first; a NIC with 'vf: N' leaves room for N + 1 from the start"
  }

  // MARK: One

  private mutating func give(_ division: Division) {
    let (nic, path) = (division.nic, division.path)
    let id = FunctionID(link: division.hardware.name, number: division.number!)
    let present = observed[.function(id)]?.function
    tell(id, of: nic, present, path)
    // One with an interface, here or away, is hardware like any other.
    let away = observed.formers.first {
      $0.isOfMoved && $0.movedPath == path && $0.function == nil && $0.link.flatMap(observed.link) != nil
    }
    let own = owned[Composer.lower(path)]
    let interface = present?.interface.flatMap(observed.link).flatMap { $0.owner == nil ? $0 : nil }
    if let hardware = away?.link.flatMap(observed.link) ?? interface,
      record(ofAway: hardware.name)?.function == nil
    {
      switch nic.handOver {
      case .vfio: return assign(hardware, to: nic, division.vm, path)
      case .netns: return move(hardware, to: nic, division.vm, path)
      case .macvtap: return put(hardware, below: nic, division.vm, path)
      }
    }
    if let driver = present?.driver, present?.interface == nil, own == nil, !isOurs(id, present, path) {
      conflict(
        nic.written["vf"] ?? nic.position, "\(path).vf",
        "VF \(id.number) of '\(id.link)' is in use: the driver \(driver) has it",
        hint: "name another one, or leave 'vf' out")
      return
    }
    let name = id.interface
    if let there = observed.link(name), there.facts?.function != id {
      conflict(
        nic.position, path, "VF \(id.number) of '\(id.link)' is to be called '\(name)', and the host has that",
        hint: "give that one another name: ip link set \(name) name …")
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

  private func isOurs(_ id: FunctionID, _ function: VirtualFunction?, _ path: String) -> Bool {
    observed.formers.contains {
      $0.function == id && $0.users.contains(topology.name)
    }
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

  // MARK: Giving back

  /// Hardware that has functions for this configuration by now.
  var dividedBefore: [LinkName] {
    observed.formers.compactMap { former in
      former.id.attribute == "vfs" && former.users.contains(topology.name) ? former.link : nil
    }
  }

  /// Whether hardware can be as undivided as it was: nobody else has a function of it.
  func canBeUndivided(_ hardware: LinkName) -> Bool {
    observed.functions.filter { $0.id.link == hardware }.allSatisfy { function in
      isIdle(function) || isOurs(function.id, function, "")
        || function.interface.flatMap(observed.link).map(isOurs) ?? false
    }
  }

  mutating func restoreFunction(_ id: FunctionID, _ former: Former, because reason: String) {
    guard let function = observed[.function(id)]?.function,
      function.json[former.id.attribute]?.text() == former.set,
      target.wanted.link(id.link)?.functions != 0,
      let value = try? JSON(parsing: Array(former.value.utf8))
    else { return }
    var wanted = target.wanted[.function(id)]?.function ?? VirtualFunction(id: id)
    _ = VirtualFunction.fields.first { $0.name == former.id.attribute }?.set(&wanted, value)
    target.want(.function(wanted), because: reason)
  }
}
