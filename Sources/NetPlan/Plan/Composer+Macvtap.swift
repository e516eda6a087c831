// NICs on a hardware NIC without a bridge: each is a macvtap, one more station of that Ethernet.

extension Composer {
  mutating func addMacvtap(_ nic: NIC, of vm: VM, _ path: String) {
    guard let reference = nic.hardware, canHaveMacvtaps(at: nic.position, path) else { return }
    let place = "\(path).hardware"
    let taken = present(nic, of: vm)?.macvtap.link.flatMap { observed.link($0) }
    guard let lower = find(reference, place, taken: taken),
      canCarry(nic, lower, at: reference.position, place), var link = link(.macvtap, for: nic, of: vm, path)
    else { return }
    link.macvtap = Link.Macvtap(nic.macvtapMode ?? .bridge, on: lower.name)
    // Which groups a guest has joined nobody tells the kernel, and neighbour solicitations go to one (RFC 4861).
    link.macvtap.allMulticast = true
    // What comes in for another address is not handed to it (`macvlan_hash_lookup`): the guest's is its own.
    link.mac = nic.mac
    link.master = Link.Master.none
    link.mtu = nic.mtu?.value ?? lower.mtu
    if let mtu = nic.mtu, let most = lower.mtu, mtu.value > most {
      conflict(
        mtu.position, "\(path).mtu", "MTU \(mtu.value) is above that of '\(lower.name)' (\(most))",
        hint: "raise the MTU of '\(lower.name)' first, or lower this one")
    }
    // With nobody's process at it, what comes in is the host's (`tap_handle_frame`, drivers/net/tap.c), which would answer
    // for its own addresses with the guest's MAC. 8: for no address at all (ip-sysctl).
    setting(.ipv4, link.name, "arp_ignore", "8", path)
    hold(lower.name, "up", true.json, because: path)
    target.want(.link(link), because: path)
    refuseLimit(above: nic, path)
    attached.append((nic, link))
    if nic.hostAccess { addStation(on: lower, at: nic.written["host-access"] ?? nic.position, path) }
  }

  /// Hardware on which no macvtap of ours stands any longer is as it was, up or down.
  mutating func releaseParents() {
    let standing = Set(attached.compactMap(\.link.macvtap.link))
    let parents = Set(observed.links.filter(isOurs).compactMap(\.macvtap.link) + givenBefore + dividedBefore)
    for lower in parents.subtracting(divided) where !standing.contains(lower) && uplinks[lower] == nil {
      if goesDown(lower), !isInUse(lower) { goingDown.insert(lower) }
    }
  }

  /// Somebody has come to use it since it is up: by more than what the kernel makes of being up.
  private func isInUse(_ hardware: LinkName) -> Bool {
    observed.nexthops.contains { $0.link == hardware }
      || observed.links.contains { $0.facts?.lower == hardware && !isOurs($0) && $0.kind != .veth }
      // RTPROT_KERNEL
      || observed.routes.contains {
        $0.links.contains(hardware) && $0.origin != 2 && $0.lifetime?.expires != true
      }
  }

  mutating func canHaveMacvtaps(at position: SourcePosition?, _ path: String) -> Bool {
    if host.facts.macvtaps == false {
      lacking(
        position, path, "this kernel has no macvtap",
        hint: "install the module macvtap of this kernel, or a kernel with CONFIG_MACVTAP", isShared: true)
      return false
    }
    if host.facts.deviceNodes == false {
      lacking(
        position, path, "/dev is no devtmpfs, so the device of a macvtap does not appear there",
        hint: "run it on the host itself, or with its /dev (docker: --privileged -v /dev:/dev)",
        isShared: true)
      return false
    }
    return true
  }

  /// Whether a macvtap of that NIC can stand on `lower`; adds the obstacle where not.
  private mutating func canCarry(
    _ nic: NIC, _ lower: Link, at position: SourcePosition?, _ path: String
  ) -> Bool {
    func refuse(_ words: String, hint: String? = nil) -> Bool {
      conflict(position, path, "'\(lower.name)' \(words)", hint: hint)
      return false
    }
    if lower.facts?.loopback == true { return refuse("is the loopback interface, which is no Ethernet") }
    if lower.facts?.wireless == true {
      return refuse(
        "is Wi-Fi: an access point drops frames of any MAC but its own, so no guest can be a station there",
        hint: "use 'mode: tap' with 'proxy: \(lower.name)', or a network with 'nat: true'")
    }
    if let place = lower.whereabouts {
      return refuse(
        "is \(place)", hint: "apply without this NIC first, which gives it back")
    }
    if let owner = lower.owner {
      return refuse(
        isOurs(lower)
          ? "is made by this file, and no hardware"
          : "belongs to the configuration '\(owner)' of this program",
        hint: lower.kind == .bridge ? "put the NIC on that bridge by 'network'" : nil)
    }
    if let bridge = uplinks[lower.name] {
      return refuse(
        "is an uplink of this file: one thing alone can take what an interface receives, and '\(bridge)' does",
        hint: "put the NIC on that bridge by 'network'")
    }
    if let master = lower.master?.name {
      let isReleased = observed.link(master).map(isOurs) ?? false
      return refuse(
        "is a port of '\(master)', which takes what it receives",
        hint: isReleased
          ? "apply without this NIC first, which gives '\(lower.name)' back"
          : "put the NIC on that bridge by 'network'")
    }
    return isFree(for: nic, on: lower, at: position, path)
  }

  /// Macvlans and macvtaps of one interface share what it receives, by their MACs; passthru ones, and others, have it alone
  /// (`netdev_rx_handler_register`, `macvlan_port_create`).
  private mutating func isFree(
    for nic: NIC, on lower: Link, at position: SourcePosition?, _ path: String
  ) -> Bool {
    let uppers = observed.links.filter { $0.facts?.lower == lower.name && !isOurs($0) }
    let alone: Set<String> = ["ipvlan", "ipvtap", "macsec", "rmnet"]
    if let first = uppers.first(where: {
      alone.contains($0.kind.description) || $0.macvtap.mode == .passthru
    }) {
      conflict(
        position, path,
        "'\(lower.name)' has the \(first.kind) '\(first.name)' on it, which takes all that it receives",
        hint: "delete it first (ip link delete \(first.name))")
      return false
    }
    let kinds: Set<String> = ["macvlan", "macvtap"]
    let stations =
      [lower] + uppers.filter { kinds.contains($0.kind.description) }
      + target.wanted.links.filter { $0.macvtap.link == lower.name }
    // EADDRINUSE (`macvlan_addr_busy`)
    if let other = stations.first(where: { $0.mac == nic.mac }) {
      conflict(
        nic.written["mac"] ?? nic.position, path,
        "'\(other.name)' has the MAC \(nic.mac) on '\(lower.name)' already", hint: "write another 'mac'")
      return false
    }
    return true
  }
}
