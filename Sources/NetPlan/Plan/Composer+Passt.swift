// NICs whose guest's connections are made by a passt of its own: an unprivileged process of the VM's owner.

extension Composer {
  mutating func addPasst(_ nic: NIC, of vm: VM, _ path: String) {
    refuseNetns(of: vm, path)
    refuseFilters(nic, path)
    for forward in nic.forwards { refuseSources(forward, path) }
    guard let options = host.facts.passt.map(Set.init), !options.isEmpty else {
      let isUnknown = host.facts.passt == nil
      lacking(
        nic.position, path,
        isUnknown
          ? "the record of this host does not say what its passt knows"
          : "this host has no passt, which makes the guest's connections",
        hint: isUnknown
          ? "record it anew (`vnet-apply snapshot`)"
          : "apt install passt (the package has that name elsewhere too); or `via: user`", isShared: true)
      return
    }
    if let owner = vm.owner, owner.user == nil {
      return conflict(
        owner.group?.position, "vms.\(vm.name).owner",
        "passt runs as one user, whose VM software alone can connect to it: a group is nobody",
        hint: "owner: {user: …, group: …}")
    }
    guard let account = serviceAccount(.passt, vm, path) else { return }
    let id = serviceID(.passt, nic)
    let passt = Passt(
      account: account, socket: nic.socket ?? serviceFolder(id) + "/socket",
      hostLoopback: nic.hostLoopback, forwards: HostForward.of(nic), options: options)
    refuse(socket: passt.socket, longest: 107, nic, path)
    checkLoopback(nic, passt, path)
    checkRoutes(nic, passt, path)
    checkPorts(nic, vm, path)
    if let range = host.facts.pingGroups, !range.contains(account.group) { noticePing(nic) }
    target.want(.service(Service(id: id, configuration: passt.words)), because: path)
  }

  // MARK: What it reaches

  private mutating func checkLoopback(_ nic: NIC, _ passt: Passt, _ path: String) {
    if Passt.keepsLoopbackApart(passt.options) { return }
    guard let address = passt.hostLoopback else {
      target.risks.append(
        Risk(
          "open-loopback", object: ObjectID.service(serviceID(.passt, nic)).description,
          "the installed passt hands packets on that a guest sends to 127.0.0.1 or ::1: root in \(nic.id) reaches what listens on the host's loopback",
          remedy:
            "a passt that knows --map-host-loopback (from August 2024) does not; or a network with `nat`"))
      return
    }
    guard address.family == .ipv4 else {
      lacking(
        nic.written["host-loopback"], "\(path).host-loopback",
        "the installed passt finds the host's loopback at an IPv4 address alone, not at \(address)",
        hint: "write an IPv4 address, or install a passt that knows --map-host-loopback")
      return
    }
    let subnets = subnetsOfDefaultRoute
    guard subnets.contains(where: { $0.contains(address) }) else {
      lacking(
        nic.written["host-loopback"], "\(path).host-loopback",
        "the installed passt makes the host's loopback the guest's router, which has to be in the guest's subnet: \(address) is not in \(subnets.map { "\($0)" }.joined(separator: ", "))",
        hint:
          "write an address of that subnet which nobody needs, or install a passt that knows --map-host-loopback"
      )
      return
    }
    target.risks.append(
      Risk(
        "no-ipv6", object: nic.id,
        "the installed passt knows one address for router and host's loopback, and of both families: \(address) becomes the router of \(nic.id), which is left without IPv6",
        refusable: false, remedy: "a passt that knows --map-host-loopback has both"))
  }

  /// From there the guest has its own address.
  private var subnetsOfDefaultRoute: [IPPrefix] {
    let links = Set(
      observed.routes.filter { isDefault($0) && $0.id.family == .ipv4 }.flatMap { observed.links(of: $0) })
    return observed.addresses.filter { links.contains($0.link) && $0.local.family == .ipv4 }
      .map(\.local.prefix).sorted()
  }

  private func isDefault(_ route: Route) -> Bool {
    route.id.destination.length == 0 && route.id.table == 254 && route.kind == .unicast
  }

  /// An older one has the guest's addresses from the interface of the host's default route, each family by itself, or
  /// has not that family.
  private mutating func checkRoutes(_ nic: NIC, _ passt: Passt, _ path: String) {
    if Passt.keepsLoopbackApart(passt.options) { return }
    let families = AddressFamily.allCases.filter { family in
      observed.routes.contains { $0.id.family == family && isDefault($0) }
    }
    if families.isEmpty {
      lacking(
        nic.position, path,
        "the installed passt takes the guest's address from the interface of the host's default route, and the host has none",
        hint: "add a default route first, or install a passt that knows --map-host-loopback", isShared: true)
      return
    }
    for forward in nic.forwards {
      guard let listen = forward.listen, !families.contains(listen.family) else { continue }
      lacking(
        forward.position, "\(path).forward",
        "the installed passt listens on \(listen) only where the host has a default route of that family",
        hint: "listen on an address of the other family, or install a passt that knows --map-host-loopback")
    }
  }

  // MARK: Its ports

  private mutating func checkPorts(_ nic: NIC, _ vm: VM, _ path: String) {
    let present = observed.services.filter { $0.id.name == topology.name && $0.state != .stopped }
    let ours = present.flatMap(\.forwards)
    let own = observed[.service(serviceID(.passt, nic))]?.service?.forwards ?? []
    refuseOverlaps(nic, path)
    for forward in nic.forwards {
      if forward.listen == nil, !HostForward.of(nic).allSatisfy(own.contains) { noticePublic(forward, nic) }
      refusePrivileged(forward, nic, path)
      for isUDP in [false, true] where forward.transport.includes(udp: isUDP) {
        for port in forward.ports
        where !ours.contains(where: { $0.isUDP == isUDP && $0.ports.contains(port) }) {
          refuseTaken(forward, nic, udp: isUDP, port)
        }
      }
    }
  }

  /// Its table of forwards has one entry for each port of a transport, whatever the address ("Overlapping port
  /// specifier", conf.c).
  private mutating func refuseOverlaps(_ nic: NIC, _ path: String) {
    for (index, forward) in nic.forwards.enumerated() {
      guard
        let other = nic.forwards[..<index].first(where: { other in
          other.ports.overlaps(forward.ports)
            && [false, true].contains {
              other.transport.includes(udp: $0) && forward.transport.includes(udp: $0)
            }
        })
      else { continue }
      lacking(
        forward.position, "\(path).forward",
        "passt listens at a port of one address or of all, and \(max(forward.ports.lowerBound, other.ports.lowerBound)) is forwarded twice",
        hint: "leave the address out, or forward another port")
    }
  }

  /// Started by root it keeps CAP_NET_BIND_SERVICE until its ports are bound (`isolate_user`, isolation.c).
  private mutating func refusePrivileged(_ forward: Forward, _ nic: NIC, _ path: String) {
    guard let caller = host.facts.user, caller != 0, let first = host.facts.unprivilegedPorts,
      forward.ports.lowerBound < first
    else { return }
    let port = forward.ports.lowerBound
    lacking(
      forward.position, "\(path).forward",
      "ports below \(first) are for programs with CAP_NET_BIND_SERVICE: a passt that uid \(caller) starts cannot listen at \(port)",
      hint:
        "forward a port from \(first) up, run it as root, or: sysctl -w net.ipv4.ip_unprivileged_port_start=\(port)"
    )
  }

  private mutating func noticePing(_ nic: NIC) {
    target.risks.append(
      Risk(
        "no-ping", object: nic.id,
        "the host lets no ping sockets be made by the passt of \(nic.id): pings of its guest get no answer",
        refusable: false, remedy: "sysctl -w net.ipv4.ping_group_range='0 2147483647'"))
  }
}
