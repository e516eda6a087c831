internal import Glibc
internal import Netlink

// Network namespaces of ours: each is looked at and changed by a host of its own, from inside.

extension LinuxHost {
  /// Of those that the ledger knows, the ones that are ours by the mark on their loopback. One that may not be entered
  /// (CAP_SYS_ADMIN) is left out.
  mutating func readNamespaces(_ state: State) throws(HostError) -> [Object] {
    var list: [Object] = []
    for former in state.formers {
      guard former.id.attribute == Netns.record, let name = former.id.netns,
        let isNamed = NetworkNamespace.isNamed(path: Netns.path(named: name))
      else { continue }
      if !isNamed {
        list.append(.netns(Netns(name: name, owner: former.users.first ?? "", state: .unmounted)))
        continue
      }
      do throws(HostError) {
        let moved = state.formers.filter { $0.isOfMoved && $0.set == name }.sorted { $0.id < $1.id }
        list += try inside(name) { host throws(HostError) in
          guard let netns = try host.readInside(name) else { return [] }
          return [.netns(netns)] + (try host.readMoved(moved, in: name))
        }
      } catch {
        guard error.errno == EPERM else { throw error }
      }
    }
    return list
  }

  /// From now on observations tell which names there are.
  package mutating func look(forNamespaces asks: Bool) { asksNamespaces = asksNamespaces || asks }

  mutating func performNamespaces(_ batch: Batch, _ outcomes: inout [StepOutcome]) {
    for (index, step) in batch.steps.enumerated() {
      guard case .netns(let name) = step.change.id else { continue }
      do throws(HostError) {
        if let wanted = step.change.after?.netns {
          try become(wanted)
        } else {
          try removeNamespace(name, of: step.change.before?.netns?.owner ?? "")
        }
      } catch {
        outcomes[index] = .unknown(error)
      }
    }
  }

  // MARK: Looking

  /// All that is to be seen from within; facts are the machine's.
  private mutating func observeInside() throws(HostError) -> State {
    var state = State(try readRuleset(all: false) ?? [])
    do throws(NetlinkError) {
      try observe(into: &state)
    } catch {
      throw HostError(error)
    }
    return state
  }

  /// nil for somebody else's.
  private mutating func readInside(_ name: String) throws(HostError) -> Netns? {
    let state = try observeInside()
    guard let owner = state.netnsOwner else { return nil }
    return Netns(name: name, owner: owner, objects: state.objects(of: owner))
  }

  /// Somebody may have given the name to another one since the plan was made.
  private func require(_ owner: String, of state: State, _ name: String) throws(HostError) {
    if state.netnsOwner == owner { return }
    throw HostError(
      operation: "change netns \(name)", errno: EEXIST,
      message: "it is not that of '\(owner)': somebody has given the name to another one")
  }

  // MARK: Changing

  private mutating func become(_ wanted: Netns) throws(HostError) {
    let path = Netns.path(named: wanted.name)
    let isNamed = NetworkNamespace.isNamed(path: path)
    if wanted.state == .unmounted {
      if isNamed == true { try unname(path) }
      return
    }
    if isNamed != true { try make(wanted) }
    try inside(wanted.name) { host throws(HostError) in try host.furnish(wanted) }
  }

  /// Leads what is inside to what is wanted; nothing else is anybody's there.
  private mutating func furnish(_ wanted: Netns) throws(HostError) {
    let seen = try observeInside()
    try require(wanted.owner, of: seen, wanted.name)
    var target = Target()
    for object in wanted.objects { target.want(object, because: Netns.path) }
    for object in seen.objects(of: wanted.owner) where target.wanted[object.id] == nil {
      target.drop(object.id, because: Netns.path)
    }
    for batch in schedule(difference(from: seen, to: target)) {
      guard let error = perform(batch).lazy.compactMap(\.error).first else { continue }
      var said = error
      said.operation = "in netns \(wanted.name): \(error.operation)"
      throw said
    }
  }

  /// It has its mark before it has its name: whoever finds it finds out whose it is.
  private func make(_ wanted: Netns) throws(HostError) {
    let path = Netns.path(named: wanted.name)
    try requireSharedMounts(path)
    do throws(NetlinkError) {
      let home = try NetworkNamespace.current()
      try NetworkNamespace.unshare()
      defer { home.comeBack() }
      var loopback = LinkMessage(name: "lo")
      loopback.alias = Ownership.alias(name: wanted.owner, path: Netns.path)
      loopback.setUp(true)
      var batch = Netlink.Batch()
      batch.add("mark netns \(wanted.name)", .change, loopback)
      var socket = try Socket()
      if let error = socket.transact(batch)[0].error { throw error }
      try NetworkNamespace.name(path: path, in: Netns.folder)
    } catch {
      throw HostError(error)
    }
  }

  /// A name is a mount. One that is made where mounts only come in, as `ip netns exec` has it, nobody else would see.
  private func requireSharedMounts(_ path: String) throws(HostError) {
    let (own, first) = (namespaceInode(at: "/proc/self/ns/mnt"), namespaceInode(at: "/proc/1/ns/mnt"))
    guard own != first, let text = ProcFile.read("/proc/thread-self/mountinfo"),
      let mount = MountPoint.over(path, in: text), mount.isSlave || first != nil && !mount.isShared
    else { return }
    throw HostError(
      operation: "name the network namespace \(path)", errno: 0,
      message: "what is mounted here is not seen outside of this mount namespace",
      hint: "not from within 'ip netns exec NAME': vnet-apply --netns NAME")
  }

  private func unname(_ path: String) throws(HostError) {
    do throws(NetlinkError) {
      try NetworkNamespace.unname(path: path)
    } catch {
      throw HostError(error)
    }
  }

  private func removeNamespace(_ name: String, of owner: String) throws(HostError) {
    let path = Netns.path(named: name)
    if NetworkNamespace.isNamed(path: path) == true {
      try inside(name) { host throws(HostError) in
        try host.require(owner, of: host.observeInside(), name)
      }
      try unname(path)
    }
    try Disk.remove(path)
  }

  // MARK: Going there

  /// Works from inside a network namespace, and comes back.
  func inside<Result>(
    _ name: String, _ work: (inout LinuxHost) throws(HostError) -> Result
  ) throws(HostError) -> Result {
    let home = try enter(name)
    defer { home.comeBack() }
    var host = try LinuxHost(facts: facts)
    return try work(&host)
  }

  private func enter(_ name: String) throws(HostError) -> NetworkNamespace {
    do throws(NetlinkError) {
      return try NetworkNamespace.exchange(path: Netns.path(named: name))
    } catch {
      throw HostError(error)
    }
  }

  /// Whose TAPs these are there.
  package func holders(of names: Set<LinkName>, inNetns name: String) -> [LinkName: [Holder]] {
    namespaceInode(at: Netns.path(named: name)).map { tapHolders(of: names, inNamespace: $0) } ?? [:]
  }
}

extension NetworkNamespace {
  /// Whatever would be done next would be done to the wrong namespace.
  fileprivate func comeBack() {
    do throws(NetlinkError) {
      try enter()
    } catch {
      fatalError("\(error)")
    }
  }
}

extension State {
  /// The configuration whose namespace this is, by the mark on its loopback.
  fileprivate var netnsOwner: String? {
    let mark = Ownership.parse(alias: links.first { $0.facts?.loopback == true }?.alias)
    return mark.flatMap { $0.path == Netns.path ? String($0.name) : nil }
  }

  /// What is a configuration's in a namespace of its own: its links and what it has put on them. What the kernel adds by
  /// itself (IFAPROT_KERNEL_LL) is nobody's.
  func objects(of owner: String) -> [Object] {
    let own = links.filter { $0.facts?.loopback != true && $0.owner.map { $0 == owner } ?? false }
    let names = Set(own.map(\.name))
    return objects.values.filter { object in
      switch object {
      case .link(let link): names.contains(link.name)
      case .address(let address): names.contains(address.link) && address.origin == Ownership.origin
      case .route, .rule, .neighbour: object.origin == Ownership.origin
      case .sysctl(let sysctl):
        sysctl.key == .ipv6ForwardingOfAll
          || Netns.settings.contains(sysctl.key.name) && sysctl.key.link.map(names.contains) ?? false
      case .table(let table): table.id.owner.map { $0 == owner } ?? false
      default: false
      }
    }
  }
}

/// A line of proc_pid_mountinfo(5).
struct MountPoint {
  var isShared: Bool
  /// What is mounted below is not seen where this was copied from.
  var isSlave: Bool

  /// The mount that `path` is on.
  static func over(_ path: String, in mountinfo: String) -> MountPoint? {
    var found: (length: Int, mount: MountPoint)?
    for line in mountinfo.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count > 6 else { continue }
      let point = words[4] == "/" ? "" : words[4]
      guard path == point || path.hasPrefix(point + "/"), point.utf8.count >= found?.length ?? 0 else {
        continue
      }
      let tags = words[6...].prefix { $0 != "-" }
      found = (
        point.utf8.count,
        MountPoint(
          isShared: tags.contains { $0.hasPrefix("shared:") },
          isSlave: tags.contains { $0.hasPrefix("master:") })
      )
    }
    return found?.mount
  }
}
