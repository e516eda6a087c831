// Hardware NICs that go into the network namespace of their VM themselves.

extension Composer {
  mutating func addMoved(_ nic: NIC, of vm: VM, _ path: String) {
    guard let reference = nic.hardware, let netns = vm.netns?.value, canEnclose(nic, in: vm.netns, path)
    else {
      return
    }
    let place = "\(path).hardware"
    let taken = observed.links.first { $0.netns == netns && movedPath(of: $0.name) == path }
    guard let hardware = find(reference, place, taken: taken) else { return }
    let isThere = hardware.netns == netns
    guard isThere || canBeGiven(hardware, at: reference.position, place),
      isFree(hardware, for: nil, at: reference.position, place),
      isThere || canMove(hardware, at: reference.position, place)
    else { return }
    given[hardware.name] = path
    if namespaces[netns] == nil { namespaces[netns] = Inside(reason: "vms.\(vm.name)") }
    var moved = Link(name: hardware.name, kind: hardware.kind)
    moved.netns = netns
    let record = Former.moved(hardware.name)
    held[record] = Holding(
      object: .link(hardware.name), set: netns, otherwise: home(of: hardware, path).text(), isAlwaysKept: true
    )
    keepSuspended(hardware.name)
    if !isThere {
      // As the kernel lets it arrive (`__dev_change_net_namespace`, net/core/dev.c); what is made of it there is nobody's
      // business here.
      (moved.up, moved.addressGeneration, moved.forwarding) = (false, .eui64, false)
      target.interruptions[.link(hardware.name), default: []].append(
        "the host gives up '\(hardware.name)': its traffic there ends")
      warn(of: hardware, givenTo: nic, path, object: hardware.name)
      suspend(from: hardware.name, of: hardware.name, gateways: [], path)
    }
    target.want(.link(moved), because: path)
  }

  /// All that comes back with it, since it loses more than addresses on its way: its settings, and whether it is up.
  private func home(of hardware: Link, _ path: String) -> JSON {
    var link = hardware
    link.facts = nil
    let settings = observed.objects.values.compactMap(\.sysctl).filter { $0.key.link == hardware.name }
      .sorted { $0.key < $1.key }
    return .object([
      .init("path", .string(path)), .init("link", link.json), .init("settings", .array(settings.map(\.json))),
    ])
  }

  /// What the kernel forgets on the way and nothing here writes down.
  private mutating func canMove(_ hardware: Link, at position: SourcePosition?, _ path: String) -> Bool {
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
    observed[.former(Former.moved(hardware))]?.former?.home?["path"]?.string
  }

  /// As it was when it went: name, MAC, MTU, up or down, and the settings that an interface which appears does not begin
  /// with.
  mutating func bringHome(_ former: Former, because reason: String) {
    guard let home = former.home, let json = home["link"], var link = Link(json: json),
      observed.link(link.name) != nil
    else { return }
    link.netns = nil
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
  /// The entry of hardware that is in a network namespace, whose name is what was set.
  static func moved(_ hardware: LinkName) -> FormerID {
    FormerID(object: ObjectID.link(hardware).description, attribute: "netns")
  }

  var isOfMoved: Bool { id.attribute == "netns" && id.object.hasPrefix("link/") }

  fileprivate var home: JSON? { isOfMoved ? try? JSON(parsing: Array(value.utf8)) : nil }

  /// The hardware's MAC at home.
  var movedMAC: MACAddress? { home?["link"]?["mac"].flatMap(MACAddress.init(json:)) }

  var movedPath: String? { home?["path"]?.string }
}
