// Hardware NICs that are a guest's own: the host gives up what it has on one, and gets it back.

extension Composer {
  /// The NIC is handed over by a macvtap that takes all of it (mode passthru).
  mutating func addPassthru(_ nic: NIC, of vm: VM, _ path: String) {
    guard let reference = nic.hardware, canHaveMacvtaps(at: nic.position, path) else { return }
    let place = "\(path).hardware"
    let present = present(nic, of: vm)
    let taken = present?.macvtap.link.flatMap { observed.link($0) }
    guard let hardware = find(reference, place, taken: taken) else { return }
    put(hardware, below: nic, vm, path)
  }

  mutating func put(_ hardware: Link, below nic: NIC, _ vm: VM, _ path: String) {
    guard let reference = nic.hardware else { return }
    let place = "\(path).hardware"
    let present = present(nic, of: vm)
    guard
      canBeGiven(hardware, at: reference.position, place),
      isFree(hardware, for: present, at: reference.position, place),
      var link = link(.macvtap, for: nic, of: vm, path)
    else { return }
    var nic = nic
    if nic.written["mac"] == nil, let own = own("mac", of: hardware).flatMap(MACAddress.init(json:)) {
      nic.mac = own
    }
    link.macvtap = Link.Macvtap(.passthru, on: hardware.name)
    link.macvtap.allMulticast = true
    // The two have one address, whichever of them is told (`macvlan_set_mac_address`, `macvlan_device_event`).
    link.mac = nic.mac
    link.master = Link.Master.none
    link.mtu = nic.mtu?.value ?? own("mtu", of: hardware).flatMap(Int.init(json:)) ?? hardware.mtu
    setting(.ipv4, link.name, "arp_ignore", "8", path)
    give(hardware, to: nic, by: link.name, path)
    hold(hardware.name, "up", true.json, because: path)
    if let mtu = nic.mtu { hold(hardware.name, "mtu", mtu.value.json, because: path) }
    keepQuiet(hardware.name, path)
    target.want(.link(link), because: path)
    if !hasPassthru(hardware.name) {
      target.interruptions[.link(link.name), default: []].append(
        "the host gives up '\(hardware.name)': its traffic there ends")
    }
    refuseLimit(above: nic, path)
    attached.append((nic, link))
  }

  /// Even of a NIC that is somebody else's the host hears what is for everybody (`macvlan_handle_frame`: RX_HANDLER_PASS).
  /// It would answer ARP for its own addresses with the guest's MAC, and make addresses of what routers advertise.
  private mutating func keepQuiet(_ hardware: LinkName, _ path: String) {
    hold(hardware, "addrgenmode", Link.AddressGeneration.none.json, because: path)
    hold(SysctlKey(family: .ipv4, link: hardware, name: "arp_ignore"), "8", because: path)
    if isUsable(.ipv6) {
      hold(SysctlKey(family: .ipv6, link: hardware, name: "accept_ra"), "0", because: path)
    }
  }

  // MARK: Giving

  /// Takes off the NIC what the host has on it. What it was is in the ledger, the MAC in any case: that is the mark of a
  /// NIC which is given away.
  private mutating func give(_ hardware: Link, to nic: NIC, by macvtap: LinkName, _ path: String) {
    given[hardware.name] = path
    hold(hardware.name, "mac", nic.mac.json, because: path)
    let record = ownMAC(of: hardware.name)
    held[record]?.isAlwaysKept = true
    if isGiven(hardware.name) { keepSuspended(hardware.name) }
    // Where somebody has taken the macvtap away, the host may have come back in the meantime.
    if hasPassthru(hardware.name) { return }
    warn(of: hardware, givenTo: nic, path, object: macvtap)
    suspend(from: hardware.name, of: hardware.name, gateways: [], path)
  }

  /// Risks are said of an object that changes whenever the NIC is given.
  mutating func warn(of hardware: Link, givenTo nic: NIC, _ path: String, object: LinkName) {
    target.risks.append(
      Risk(
        "foreign-object", object: ObjectID.link(hardware.name).description,
        "'\(hardware.name)' is not ours and becomes \(nic.id)'s own, as \(path) asks", refusable: false))
    warnOfClient(on: hardware, object)
  }

  /// The ledger's entry that every NIC has which is given away.
  func ownMAC(of hardware: LinkName) -> FormerID {
    FormerID(object: ObjectID.link(hardware).description, attribute: "mac")
  }

  func isGiven(_ hardware: LinkName) -> Bool {
    observed[.former(ownMAC(of: hardware))]?.former?.users.contains(topology.name) ?? false
  }

  func hasPassthru(_ hardware: LinkName) -> Bool { passthru(on: hardware).map(isOurs) ?? false }

  private func passthru(on hardware: LinkName) -> Link? {
    observed.links.first { $0.macvtap.link == hardware && $0.macvtap.mode == .passthru }
  }

  /// What an attribute is without this configuration.
  private func own(_ attribute: String, of hardware: Link) -> JSON? {
    let id = FormerID(object: ObjectID.link(hardware.name).description, attribute: attribute)
    let former = observed[.former(id)]?.former.flatMap { try? JSON(parsing: Array($0.value.utf8)) }
    return former ?? hardware.json[attribute]
  }

  // MARK: Whether it can be given

  mutating func canBeGiven(_ hardware: Link, at position: SourcePosition?, _ path: String) -> Bool {
    func refuse(_ words: String, hint: String? = nil) -> Bool {
      conflict(position, path, "'\(hardware.name)' \(words)", hint: hint)
      return false
    }
    if hardware.facts?.loopback == true { return refuse("is the loopback interface, which is no hardware") }
    if hardware.facts?.wireless == true {
      return refuse(
        "is Wi-Fi: it is the host that signs in to the access point",
        hint: "use 'mode: tap' with 'proxy: \(hardware.name)', or a network with 'nat: true'")
    }
    if let owner = hardware.owner {
      return refuse(
        isOurs(hardware)
          ? "is made by this file, and no hardware"
          : "belongs to the configuration '\(owner)' of this program")
    }
    if [.bridge, .tap, .tun, .macvtap].contains(hardware.kind) {
      return refuse("is a \(hardware.kind), and no hardware")
    }
    if let other = given[hardware.name] {
      return refuse("is given to \(other) already, and one VM alone can own it")
    }
    if let place = hardware.whereabouts {
      return refuse(
        "is \(place)",
        hint: "apply without this NIC first, which gives '\(hardware.name)' back")
    }
    if let bridge = uplinks[hardware.name] {
      return refuse("is the uplink of '\(bridge)' in this file", hint: "put the VM on that network instead")
    }
    if let master = hardware.master?.name {
      let isReleased = observed.link(master).map(isOurs) ?? false
      return refuse(
        "is a port of '\(master)'",
        hint: isReleased
          ? "apply without this NIC first, which gives '\(hardware.name)' back"
          : "take it out of there first (ip link set \(hardware.name) nomaster), or put the VM on that bridge"
      )
    }
    return true
  }

  /// Whether nothing but the NIC's own macvtap stands on it.
  mutating func isFree(
    _ hardware: Link, for present: Link?, at position: SourcePosition?, _ path: String
  ) -> Bool {
    let uppers = observed.links.filter { upper in
      (upper.facts?.lower ?? upper.lower) == hardware.name && upper.kind != .veth
        && upper.name != present?.name
    }
    guard let first = uppers.min(by: { $0.name < $1.name }) else { return true }
    conflict(
      position, path,
      "'\(hardware.name)' has the \(first.kind) '\(first.name)' on it, which would lose its link",
      hint: isOurs(first)
        ? "apply without this NIC first" : "delete it first (ip link delete \(first.name))")
    return false
  }

  /// What the file says of hardware elsewhere must not need the host to be there.
  mutating func refuseUsesOfGiven() {
    for (hardware, path) in given.sorted(by: { $0.key < $1.key }) {
      func refuse(_ use: String) {
        conflict(
          nil, "\(path).hardware", "'\(hardware)' is given to this NIC, and the file has it for \(use) too",
          hint: "name another NIC")
      }
      if proxies.contains(hardware) || networkProxies.values.contains(where: { $0.name == hardware }) {
        refuse("'proxy'")
      }
      if outbound.values.contains(hardware) { refuse("'nat.out'") }
      if attached.contains(where: { $0.link.macvtap.link == hardware && $0.link.macvtap.mode != .passthru }) {
        refuse("another macvtap")
      }
    }
  }

  // MARK: Giving back

  /// NICs that are this configuration's by now, and the NIC of the file that has each.
  func owners(ofGiven names: [LinkName]) -> [LinkName: String] {
    var owners: [LinkName: String] = [:]
    for name in names {
      owners[name] = movedPath(of: name) ?? passthru(on: name).flatMap(\.path).map(String.init)
    }
    return owners
  }

  var givenBefore: [LinkName] {
    observed.formers.compactMap { former in
      guard former.id.attribute == "mac" || former.isOfMoved, former.users.contains(topology.name) else {
        return nil
      }
      return former.link
    }
  }
}

extension Former {
  /// The link of which it keeps something.
  var link: LinkName? {
    if id.object.hasPrefix("link/") { return LinkName(id.object.dropFirst("link/".count)) }
    if let key = setting { return key.link }
    return id.attribute == "object" ? LinkName(set[...]) : nil
  }
}
