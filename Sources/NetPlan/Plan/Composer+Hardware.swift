extension Composer {
  /// The link that a reference means on this host; nil after an obstacle. What was taken in once goes on being meant by
  /// `default-route`, since the configuration itself may move that route or take it away.
  mutating func find(_ reference: Sourced<HardwareReference>, _ path: String, taken: Link? = nil) -> Link? {
    let candidates: [Link]
    let words: String
    switch reference.value {
    case .name(let name):
      candidates = named(name).map { [$0] } ?? []
      words = "interface '\(name)'"
    case .mac(let mac):
      // A bridge or VLAN on top copies the address; hardware is what has it for good.
      candidates = observed.links.filter {
        (formerMAC(of: $0.name) ?? $0.facts?.permanentMAC ?? $0.mac) == mac && $0.facts?.lower == nil
          && $0.kind != .bridge && $0.kind != .tap
      }
      words = "interface with MAC \(mac)"
    case .pci(let device):
      candidates = observed.links.filter { $0.facts?.parentDevice == device }
      words = "interface on PCI device \(device)"
    case .defaultRoute:
      guard let link = taken ?? defaultRouteLink else {
        lacking(
          reference.position, path, "this host has no default route", hint: "name the interface instead")
        return nil
      }
      return link
    }
    guard let link = candidates.min(by: { $0.name < $1.name }) else {
      lacking(reference.position, path, "this host has no \(words)", hint: interfacesHint)
      return nil
    }
    if candidates.count > 1 {
      let names = candidates.map(\.name.text).sorted().joined(separator: ", ")
      conflict(reference.position, path, "more than one \(words): \(names)", hint: "name one of them")
      return nil
    }
    return link
  }

  /// That of a NIC which is given away, and may have another one meanwhile.
  private func formerMAC(of link: LinkName) -> MACAddress? {
    observed[.former(ownMAC(of: link))]?.former.flatMap { try? JSON(parsing: Array($0.value.utf8)) }
      .flatMap(MACAddress.init(json:))
  }

  /// The link of a name or of an alternative name, which the kernel takes for the same (`__dev_get_by_name`).
  func named(_ name: LinkName) -> Link? { observed.link(name) ?? altnames[name.text].flatMap(observed.link) }

  private var interfacesHint: String {
    let names = observed.links.filter { $0.facts?.loopback != true && $0.owner == nil && $0.kind != .bridge }
      .map(\.name).sorted().prefix(8).map(\.text)
    return names.isEmpty ? "it has no interface to choose from" : "it has: \(names.joined(separator: ", "))"
  }

  /// The hardware under the default route: an uplink of ours is meant when its bridge carries it by now.
  private var defaultRouteLink: Link? {
    let route = observed.routes.filter {
      $0.id.destination.length == 0 && $0.id.table == 254 && !observed.links(of: $0).isEmpty
    }
    .min { $0.id < $1.id }
    guard let name = route.flatMap({ observed.links(of: $0).first }), let link = observed.link(name) else {
      return nil
    }
    if link.kind == .macvlan, link.owner != nil, let lower = link.lower { return observed.link(lower) }
    guard link.kind == .bridge, link.owner != nil else { return link }
    let ports = observed.links.filter { $0.master?.name == name && $0.owner == nil }
    let known = ports.filter { observed[.former(mode(of: $0.name))] != nil }
    return (known.isEmpty ? ports : known).min { $0.name < $1.name } ?? link
  }

  /// Whether `link` can become a port of a bridge of ours; adds the obstacle where not.
  mutating func canJoin(_ link: Link, bridge: LinkName, at position: SourcePosition?, _ path: String) -> Bool
  {
    if link.facts?.loopback == true {
      conflict(position, path, "'\(link.name)' is the loopback interface; it cannot join a bridge")
      return false
    }
    if link.facts?.wireless == true {
      conflict(
        position, path,
        "'\(link.name)' is Wi-Fi: an access point drops frames of any MAC but its own, so it cannot be bridged",
        hint: "use 'mode: tap' with 'proxy: \(link.name)', or a network with 'nat: true'")
      return false
    }
    if let place = link.whereabouts {
      conflict(
        position, path, "'\(link.name)' is \(place)",
        hint: "apply without it first, which gives it back")
      return false
    }
    if link.kind == .bridge {
      conflict(
        position, path, "'\(link.name)' is a bridge itself",
        hint: "write 'existing: \(link.name)' to put VMs on it")
      return false
    }
    if let owner = link.owner {
      conflict(position, path, "'\(link.name)' belongs to the configuration '\(owner)' of this program")
      return false
    }
    if let master = link.master?.name, master != bridge, observed.link(master).map({ !isOurs($0) }) ?? true {
      conflict(
        position, path, "'\(link.name)' is already a port of '\(master)'",
        hint: "write 'existing: \(master)' if that is a bridge, or name another uplink")
      return false
    }
    return link.master?.name == bridge || receivesForItself(link, at: position, path)
  }

  /// One thing alone can take what an interface receives (`netdev_rx_handler_register`, net/core/dev.c): a bridge, or
  /// one of these on top.
  private mutating func receivesForItself(_ link: Link, at position: SourcePosition?, _ path: String) -> Bool
  {
    let kinds: Set<String> = ["macvlan", "macvtap", "ipvlan", "ipvtap", "macsec", "rmnet"]
    let upper = observed.links.filter { $0.facts?.lower == link.name && kinds.contains($0.kind.description) }
    guard let first = upper.min(by: { $0.name < $1.name }) else { return true }
    conflict(
      position, path,
      "'\(link.name)' has the \(first.kind) '\(first.name)' on it, so it cannot join a bridge",
      hint: isOurs(first)
        ? "apply without either of them first, which gives '\(link.name)' back"
        : "delete it first (ip link delete \(first.name)); it can be made anew on the bridge")
    return false
  }
}
