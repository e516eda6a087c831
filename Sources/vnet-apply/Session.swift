internal import ArgumentParser
internal import Glibc
internal import NetPlan

/// One run on one namespace: the host, and what the commands have in common.
struct Session: ~Copyable {
  let places: StatePlaces
  let cookie: UInt64
  var host: LinuxHost
  let options: GlobalOptions

  var stateDirectory: String { places.directory }

  /// Enters the namespace asked for; the state of each namespace has a folder of its own. `isForEverybody` is what the
  /// configuration `name` asks for, nil where only the host can tell.
  static func open(
    _ options: GlobalOptions, of name: String? = nil, isForEverybody: Bool? = nil
  ) throws -> Session {
    let cookie = try enter(options)
    let places = try places(options, namespace: cookie, name, isForEverybody)
    return Session(places: places, cookie: cookie, host: try openHost(places), options: options)
  }

  static func open(_ options: GlobalOptions, for topology: Topology) throws -> Session {
    try open(options, of: topology.name, isForEverybody: topology.isForEverybody)
  }

  private static func places(
    _ options: GlobalOptions, namespace cookie: UInt64, _ name: String?, _ isForEverybody: Bool?
  ) throws -> StatePlaces {
    do throws(HostError) {
      if Capability.netAdmin.isEffective {
        return try StatePlaces(root: options.stateDir ?? StatePlaces.usual, namespace: cookie)
      }
      return try .unprivileged(
        options.stateDir, namespace: cookie, name: name, isForEverybody: isForEverybody)
    } catch {
      throw Exit.because(error)
    }
  }

  private static func enter(_ options: GlobalOptions) throws -> UInt64 {
    do {
      if let netns = options.netns {
        guard Capability.sysAdmin.isEffective else {
          throw lacks(.sysAdmin, "enter the namespace '\(netns)'")
        }
        try Namespace.enter(netns)
      }
      return try Namespace.cookie()
    } catch let error as HostError {
      throw Exit.because(error)
    }
  }

  private static func openHost(_ places: StatePlaces) throws -> LinuxHost {
    do {
      return try LinuxHost(places: places)
    } catch {
      throw Exit.because(error)
    }
  }

  static func lacks(_ capability: Capability, _ what: String) -> ExitCode {
    Output.error("error: \(what): missing privilege: \(capability.name)")
    Output.error("  hint: run it as root, or give the process that capability")
    return Exit.privilege
  }

  /// The lock of this namespace; exit 75 where another run has it.
  func lock(timeout: Double) throws -> Lock {
    do {
      return try Lock(namespace: cookie, in: places.locks, timeout: timeout)
    } catch .held(let pid) {
      Output.error(
        "error: another vnet-apply is at work in this namespace\(pid.map { " (pid \($0))" } ?? "")")
      Output.error("  hint: wait for it, or use --lock-timeout 30s")
      throw Exit.busy
    } catch .host(let error) {
      throw Exit.because(error)
    }
  }

  /// Everything that changes the host begins here: privilege, lock, and what an interrupted run left. Exit 75 while a change
  /// waits to be confirmed.
  consuming func begin(_ what: String, lockTimeout: Double) throws -> Change {
    let options = options
    let change = try enter(what, lockTimeout: lockTimeout)
    if case .waiting(let name, let deadline) = change.recovery {
      Output.error(
        "error: a change of '\(name)' waits to be confirmed, for another \(Seconds.left(until: deadline)) s")
      Output.error(
        "  hint: '\(options.command("confirm"))' keeps it, '\(options.command("rollback"))' undoes it")
      throw Exit.busy
    }
    return change
  }

  /// The same for whoever may decide such a change.
  consuming func enter(_ what: String, lockTimeout: Double) throws -> Change {
    guard places.isOwn || Capability.netAdmin.isEffective else { throw Session.lacks(.netAdmin, what) }
    if places.isOwn, options.stateDir == nil { try requireFolderOfUser() }
    Signals.hold()
    let lock = try lock(timeout: lockTimeout)
    return try enter(with: lock)
  }

  /// The same for whoever has the lock already.
  consuming func enter(with lock: consuming Lock) throws -> Change {
    do throws(HostError) {
      try Disk.makeDirectory(stateDirectory, exactly: true)
    } catch {
      throw Exit.because(error)
    }
    let places = places
    var change = Change(
      lock: lock, places: places, options: options,
      transaction: Transaction(
        host: host, store: FileJournal(directory: stateDirectory), isInterrupted: Signals.isPending),
      recovery: .nothing)
    change.transaction.settle = { name, deadline, isKept in
      let failures = places.settle(name, isKept: isKept)
      Confirmation(name: name, deadline: deadline, kept: isKept)?.write(in: places.directory)
      return failures
    }
    try change.recover()
    return change
  }

  private func requireFolderOfUser() throws {
    let folder = StatePlaces.ofUser(geteuid())
    if access(folder, W_OK) == 0 { return }
    Output.error("error: there is no \(folder), where a user's own journal and services are kept")
    Output.error("  hint: say --state-dir DIR, or log in (systemd makes that folder)")
    throw Exit.lacking
  }
}
