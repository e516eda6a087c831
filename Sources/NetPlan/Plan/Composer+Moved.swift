// Hardware NICs that go into the network namespace of their VM themselves.

extension Composer {
  mutating func addMoved(_ nic: NIC, of vm: VM, _ path: String) {
    guard let reference = nic.hardware, let netns = vm.netns?.value else { return }
    let place = "\(path).hardware"
    let taken = observed.links.first { $0.netns == netns && movedPath(of: $0.name) == path }
    guard let hardware = find(reference, place, taken: taken) else { return }
    move(hardware, to: nic, vm, path)
  }

  mutating func move(_ hardware: Link, to nic: NIC, _ vm: VM, _ path: String) {
    guard let reference = nic.hardware, let netns = vm.netns?.value, canEnclose(nic, in: vm.netns, path)
    else {
      return
    }
    let place = "\(path).hardware"
    let isThere = hardware.netns == netns
    guard isThere || canBeGiven(hardware, at: reference.position, place),
      isFree(hardware, for: nil, at: reference.position, place),
      isThere || canMove(hardware, at: reference.position, place)
    else { return }
    given[hardware.name] = path
    if namespaces[netns] == nil { namespaces[netns] = Inside(reason: "vms.\(vm.name)") }
    var moved = Link(name: hardware.name, kind: hardware.kind)
    moved.netns = netns
    remember(hardware, as: "netns", netns, home(of: hardware, path))
    if !isThere {
      // As the kernel lets it arrive (`__dev_change_net_namespace`, net/core/dev.c); what is made of it there is nobody's
      // business here.
      (moved.up, moved.addressGeneration, moved.forwarding) = (false, .eui64, false)
      giveUp(hardware, to: nic, path)
    }
    target.want(.link(moved), because: path)
  }

  /// What it is at home, in the ledger.
  mutating func remember(_ hardware: Link, as attribute: String, _ place: String, _ home: JSON) {
    let record = FormerID(object: ObjectID.link(hardware.name).description, attribute: attribute)
    held[record] = Holding(
      object: .link(hardware.name), set: place, otherwise: home.text(), isAlwaysKept: true)
    keepSuspended(hardware.name)
  }

  /// All that the host has on it goes before it does.
  mutating func giveUp(_ hardware: Link, to nic: NIC, _ path: String) {
    target.interruptions[.link(hardware.name), default: []].append(
      "the host gives up '\(hardware.name)': its traffic there ends")
    warn(of: hardware, givenTo: nic, path, object: hardware.name)
    suspend(from: hardware.name, of: hardware.name, gateways: [], path)
  }

  /// All that comes back with it, since it loses more than addresses on its way: its settings, and whether it is up.
  func home(of hardware: Link, _ path: String, _ more: [JSON.Member] = []) -> JSON {
    var link = hardware
    link.facts = nil
    let settings = observed.objects.values.compactMap(\.sysctl).filter { $0.key.link == hardware.name }
      .sorted { $0.key < $1.key }
    return .object(
      [
        .init("path", .string(path)), .init("link", link.json),
        .init("settings", .array(settings.map(\.json))),
      ] + more)
  }

  /// What the kernel forgets on the way and nothing here writes down.
  mutating func canMove(_ hardware: Link, at position: SourcePosition?, _ path: String) -> Bool {
    func refuse(_ words: String, hint: String) -> Bool {
      conflict(position, path, "'\(hardware.name)' \(words)", hint: hint)
      return false
    }
    if hardware.token != nil {
      return refuse("has an IPv6 token, which it would lose", hint: "ip token set :: dev \(hardware.name)")
    }
    if let nexthop = observed.nexthops.filter({ $0.link == hardware.name }).min(by: { $0.id < $1.id }) {
      return refuse(
        "has the nexthop \(nexthop.summary), which would be lost", hint: "replace it by ordinary routes")
    }
    let entries = observed.objects.values.compactMap { object -> Neighbour? in
      if case .neighbour(let entry) = object, entry.link == hardware.name { entry } else { nil }
    }
    if let entry = entries.min(by: { $0.address < $1.address }) {
      return refuse(
        "has the permanent neighbour \(entry.address), which would be lost",
        hint: "delete it first (ip neighbour delete \(entry.address) dev \(hardware.name))")
    }
    return true
  }

  // MARK: Coming back

  func movedPath(of hardware: LinkName) -> String? {
    record(ofAway: hardware)?.movedPath
  }

  /// The ledger's entry of hardware that is somewhere else.
  func record(ofAway hardware: LinkName) -> Former? {
    Former.away(hardware).lazy.compactMap { self.observed[.former($0)]?.former }.first
  }

  /// As it was when it went: name, MAC, MTU, up or down, and the settings that an interface which appears does not begin
  /// with.
  mutating func bringHome(_ former: Former, because reason: String) {
    if former.function != nil {
      guard let name = former.link, let there = observed.link(name) else { return }
      if there.isHeld { return refuseReturn(of: there, reason) }
      return target.drop(.link(name), because: reason)
    }
    guard let home = former.home, let json = home["link"], var link = Link(json: json),
      observed.link(link.name) != nil
    else { return }
    if let there = observed.link(link.name), there.isHeld { return refuseReturn(of: there, reason) }
    (link.netns, link.vfio, link.driver) = (nil, nil, nil)
    target.want(.link(link), because: reason)
    for sysctl in (home["settings"]?.array ?? []).compactMap(Sysctl.init(json:)) {
      var usual = sysctl.key
      usual.link = .default
      let present = observed[.sysctl(sysctl.key)] ?? observed[.sysctl(usual)]
      if present?.sysctl?.value == sysctl.value { continue }
      target.want(.sysctl(sysctl), because: reason)
    }
  }
}

extension Former {
  /// The entries that hardware may have which is in a network namespace, whose name is what was set, or with user space,
  /// where that is its PCI device.
  static func away(_ hardware: LinkName) -> [FormerID] {
    ["netns", "vfio"].map { FormerID(object: ObjectID.link(hardware).description, attribute: $0) }
  }

  var isOfMoved: Bool { ["netns", "vfio"].contains(id.attribute) && id.object.hasPrefix("link/") }

  /// Whose driver its device had.
  var homeDriver: String? { home?["driver"]?.string }

  /// The virtual function that it is, of a device that had no interface.
  var function: FunctionID? { home?["function"].flatMap(FunctionID.init(json:)) }

  fileprivate var home: JSON? { isOfMoved ? try? JSON(parsing: Array(value.utf8)) : nil }

  /// The hardware's MAC at home.
  var movedMAC: MACAddress? { home?["link"]?["mac"].flatMap(MACAddress.init(json:)) }

  var movedPath: String? { home?["path"]?.string }
}

extension State {
  /// Whether hardware is away for that configuration.
  package func isGiven(_ hardware: LinkName, to name: String) -> Bool {
    Former.away(hardware).contains { self[.former($0)]?.former?.users.contains(name) ?? false }
  }
}

extension State {
  /// NICs whose hardware is away, and for which configuration.
  package var givenNICs: [(name: String, id: String)] {
    formers.compactMap { former in
      guard let path = former.movedPath.flatMap({ NICPath($0[...]) }), let name = former.users.first else {
        return nil
      }
      return (name, "\(path.vm)/\(path.nic)")
    }
  }
}

extension Target {
  /// The hardware that goes to user space for the NIC at `path`.
  package func assigned(to path: String) -> Link? {
    wanted.links.first { link in
      link.vfio != nil && Former.away(link.name).contains { wanted[.former($0)]?.former?.movedPath == path }
    }
  }
}
