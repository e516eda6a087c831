internal import Glibc
internal import Netlink

/// Programs that manage interfaces by themselves, as this machine has them.
///
/// A program is found by its name and by whose it is, in the network namespace of the calling thread: interfaces of another
/// one are nothing to it.
enum Managers {
  static func facts() throws(HostError) -> [ManagerFacts] {
    var facts: [ManagerFacts] = []
    for program in InterfaceManager.allCases {
      if try isRunning(program) {
        facts.append(ManagerFacts(program, .running, program.configuration(try files(of: program))))
      } else if try !isFirstNamespace() {
        facts.append(ManagerFacts(program, .elsewhere))
      } else if program.isInstalled {
        facts.append(ManagerFacts(program, .installed))
      }
    }
    return facts
  }

  /// Whether files of it are about interfaces of this network namespace.
  static func isHere(_ program: InterfaceManager) throws(HostError) -> Bool {
    if try isFirstNamespace() { return true }
    return try isRunning(program)
  }

  /// The one that the machine, or the container, began with.
  private static func isFirstNamespace() throws(HostError) -> Bool { try Namespace.identity() == .host }

  static func isRunning(_ program: InterfaceManager) throws(HostError) -> Bool {
    // Without a folder of its own it has not been started since the machine was.
    guard access(program.runtimeFolder, F_OK) == 0 else { return false }
    let accounts = [0, program.account.flatMap(Accounts.user(named:))?.id]
    let own = threadNamespaceInode()
    for pid in try Disk.numbers("/proc") where try command(of: pid) == program.command {
      var status = stat()
      // Anybody can give a process a name.
      guard stat("/proc/\(pid)", &status) == 0, accounts.contains(status.st_uid) else { continue }
      let namespace = namespaceInode(of: pid)
      if namespace == own { return true }
      if namespace == nil, try isFirstNamespace() { return true }
    }
    return false
  }

  /// nil of a process that has ended, and of one that this user may not look at. That another one could not be read must not
  /// pass for a program that is not there.
  private static func command(of pid: Int32) throws(HostError) -> String? {
    let path = "/proc/\(pid)/comm"
    if let command = ProcFile.read(path) { return command }
    guard [ENOENT, ESRCH, EACCES, EPERM].contains(errno) else {
      throw HostError("read \(path)", errno: errno)
    }
    return nil
  }

  /// Has the program read its files again, if it runs. What else is new in them it takes up, too.
  ///
  /// NetworkManager takes down an interface that its configuration begins to except, and flushes one that it gets back
  /// (seen with 1.42), but none that it was told by name to let go. So those of `lost` and `regained` that are there are let go
  /// first; what it does not know it cannot let go, which is no error.
  static func tell(
    _ program: InterfaceManager, of path: String, lost: Set<LinkName>, regained: Set<LinkName>
  ) throws(HostError) {
    guard try isRunning(program) else { return }
    let there = { (names: Set<LinkName>) in names.filter { if_nametoindex($0.text) != 0 }.sorted() }
    set(program, there(lost.union(regained)), managed: false)
    do throws(HostError) {
      try reload(program, of: path)
    } catch {
      set(program, there(lost), managed: true)
      throw error
    }
    set(program, there(regained), managed: true)
  }

  private static func set(_ program: InterfaceManager, _ links: [LinkName], managed: Bool) {
    guard program == .networkManager, !links.isEmpty, let nmcli = Executable.find("nmcli") else { return }
    for link in links {
      _ = try? ChildProcess.run(
        [nmcli, "device", "set", link.text, "managed", managed ? "yes" : "no"], timeout: 30_000)
    }
  }

  private static func reload(_ program: InterfaceManager, of path: String) throws(HostError) {
    let operation = "tell \(program.title) of \(path)"
    let words = program.reload
    guard let executable = Executable.find(words[0]) else {
      throw HostError(operation: operation, errno: ENOENT, message: "there is no \(words[0])")
    }
    let result: ChildProcess.Result
    do throws(NetlinkError) {
      result = try ChildProcess.run([executable] + words.dropFirst(), timeout: 30_000)
    } catch {
      throw HostError(operation: operation, errno: error.errno, message: HostError(error).description)
    }
    // One that has ended meanwhile reads them when it starts.
    if result.code == 0 { return }
    if try !isRunning(program) { return }
    let said = String(decoding: result.errors, as: UTF8.self).split(separator: "\n").joined(separator: "; ")
    throw HostError(
      operation: operation, errno: 0,
      message: said.isEmpty ? "'\(words.joined(separator: " "))' ended with code \(result.code)" : said)
  }

  // MARK: Its files

  private static func files(of program: InterfaceManager) throws(HostError) -> [FoundFile] {
    var found: [FoundFile] = []
    for folder in program.folders {
      for entry in try Disk.entries(folder) {
        let path = "\(folder)/\(entry)"
        if entry.hasSuffix(".network.d") {
          found += try Disk.entries(path).filter { $0.hasSuffix(".conf") }.compactMap {
            read("\(path)/\($0)")
          }
        } else if let file = read(path) {
          found.append(file)
        }
      }
    }
    return found + (program.mainFile.flatMap(read).map { [$0] } ?? [])
  }

  /// What cannot be read decides nothing that could be said.
  private static func read(_ path: String) -> FoundFile? {
    guard path.hasSuffix(".conf") || path.hasSuffix(".network"), let bytes = try? Disk.read(path) else {
      return nil
    }
    return FoundFile(path, String(decoding: bytes, as: UTF8.self))
  }
}

extension InterfaceManager {
  /// `comm` of proc(5), fifteen bytes.
  fileprivate var command: String { self == .networkd ? "systemd-network" : "NetworkManager" }

  /// As whom it runs where not as root.
  fileprivate var account: String? { self == .networkd ? "systemd-network" : nil }

  fileprivate var runtimeFolder: String {
    self == .networkd ? "/run/systemd/netif" : "/run/NetworkManager"
  }

  fileprivate var isInstalled: Bool {
    switch self {
    case .networkd:
      ["/usr/lib/systemd", "/lib/systemd"].contains { access("\($0)/systemd-networkd", X_OK) == 0 }
    case .networkManager: Executable.find("NetworkManager") != nil
    }
  }

  /// networkctl(1), nmcli(1)
  fileprivate var reload: [String] {
    self == .networkd ? ["networkctl", "reload"] : ["nmcli", "general", "reload", "conf"]
  }
}
