// NICs whose guest's connections the VM software makes its own (libslirp, the passt that libvirt starts): nothing of the host
// changes, but what the host keeps such a program from is known beforehand.

extension Composer {
  mutating func addUserMode(_ nic: NIC, of vm: VM, _ path: String) {
    refuseNetns(of: vm, path)
    refuseFilters(nic, path)
    for forward in nic.forwards { check(forward, nic, vm, path) }
    noticePing(nic, vm)
  }

  mutating func refuseNetns(of vm: VM, _ path: String) {
    guard let netns = vm.netns else { return }
    conflict(
      netns.position, path,
      "the program that makes the guest's connections is not in a network namespace that has no way out but NICs",
      hint: "`via: nat` leads out of there")
  }

  mutating func refuseFilters(_ nic: NIC, _ path: String) {
    for key in ["reach", "to-host", "block"] where nic.written[key] != nil {
      conflict(
        nic.written[key], "\(path).\(key)",
        "the guest's connections are a program's of the host, so nothing can tell them apart from the host's",
        hint: "a network with `nat` holds this")
    }
  }

  mutating func refuseSources(_ forward: Forward, _ path: String) {
    if forward.from.isEmpty { return }
    conflict(
      forward.position, "\(path).forward",
      "the program that listens lets in whoever asks: `from` cannot hold",
      hint: "a network with `nat` knows who asks; or listen on 127.0.0.1")
  }

  private mutating func check(_ forward: Forward, _ nic: NIC, _ vm: VM, _ path: String) {
    refuseSources(forward, path)
    if vm.vmm != .libvirt, let listen = forward.listen, listen.family == .ipv6 {
      conflict(
        forward.position, "\(path).forward", "QEMU's user network listens on IPv4 alone, not on \(listen)",
        hint: "`via: passt` does, and libvirt's (`vmm: libvirt`)")
    }
    noticePrivileged(forward, nic, vm)
    for transport in ["tcp", "udp"] where forward.transport.includes(udp: transport == "udp") {
      for port in forward.ports { noticeTaken(forward, nic, udp: transport == "udp", port) }
    }
  }

  /// `inet_port_requires_bind_service`, include/net/ip.h
  private mutating func noticePrivileged(_ forward: Forward, _ nic: NIC, _ vm: VM) {
    guard let first = host.facts.unprivilegedPorts, forward.ports.lowerBound < first, !vm.isRoots
    else { return }
    let port = forward.ports.lowerBound
    target.risks.append(
      Risk(
        "privileged-port", object: "\(nic.id) \(forward.transport.rawValue) \(port)",
        "ports below \(first) are for programs with CAP_NET_BIND_SERVICE: the VM software of \(nic.id) is to listen at \(port)",
        refusable: false,
        remedy: "forward a port from \(first) up, or: sysctl -w net.ipv4.ip_unprivileged_port_start=\(port)"))
  }

  /// The VM itself, running, is what is to be there.
  private mutating func noticeTaken(_ forward: Forward, _ nic: NIC, udp: Bool, _ port: UInt16) {
    guard let taken = host.facts.listeners?.first(where: { $0.hears(udp: udp, forward.listen, port) }),
      taken.process.map({ !$0.name.hasPrefix("qemu") && !$0.name.hasPrefix("passt") }) ?? true
    else { return }
    let who = taken.process.map { "\($0.name) (pid \($0.pid))" } ?? "a process"
    target.risks.append(
      Risk(
        "port-in-use", object: "\(nic.id) \(udp ? "udp" : "tcp") \(port)",
        "\(who) listens on \(taken.address) port \(taken.port): the VM software of \(nic.id) cannot listen there",
        refusable: false))
  }

  /// Without a group in the range no socket is made (`ping_init_sock`, net/ipv4/ping.c).
  private mutating func noticePing(_ nic: NIC, _ vm: VM) {
    guard let range = host.facts.pingGroups, !vm.isRoots else { return }
    // The groups of a user whose own is not stated are not known.
    let group: UInt32? =
      switch vm.owner?.group?.value {
      case .id(let id)?: id
      case .name(let name)?: host.facts.groups?.first { $0.name == name }?.id
      case nil: nil
      }
    if group.map(range.contains) ?? !range.isEmpty { return }
    target.risks.append(
      Risk(
        "no-ping", object: nic.id,
        "the host lets no ping sockets be made by the VM software of \(nic.id): pings of its guest get no answer",
        refusable: false, remedy: "sysctl -w net.ipv4.ping_group_range='0 2147483647'"))
  }
}

extension VM {
  fileprivate var isRoots: Bool {
    owner.map { $0.user?.value == .id(0) || $0.user?.value == .name("root") } ?? false
  }
}

extension NIC {
  /// The host has an interface for it, and not a mere program.
  package var hasInterface: Bool {
    !NICKinds.of(mode, via, onNetwork: network != nil).isDisjoint(with: [.tapLike, .dedicated])
  }
}

extension Topology {
  /// NICs of programs that ask the host for nothing but what everybody may have.
  package var isForEverybody: Bool {
    networks.isEmpty && !vms.isEmpty && coexist == .none
      && vms.allSatisfy { $0.netns == nil && $0.nics.allSatisfy { !$0.hasInterface } }
  }

  /// A program of ours makes the connections of some guest.
  package var hasPasst: Bool { vms.contains { $0.nics.contains { $0.via == .passt } } }
}
