internal import Glibc
internal import Netlink

// The process of a service: found, started, told, ended.

extension ServiceFolder {
  private func isOurs(_ pid: Int32, _ program: ServiceProgram) -> Bool {
    guard let text = ProcFile.read("/proc/\(pid)/cmdline"), text.contains(program.mark) else { return false }
    return text.split(separator: "\0").contains { $0 == program.mark } && isTrusted(pid, program)
  }

  /// Anybody can give a process such a command line, but not its number to a file that is not in the program's workshop.
  /// Accounts come and cannot always be looked up: a process of one that is not the program's now is not therefore another's.
  private func isTrusted(_ pid: Int32, _ program: ServiceProgram) -> Bool {
    if program.workshop == nil, ProcFile.read(program.pidFile).flatMap({ Int32($0) }) == pid { return true }
    var status = stat()
    guard stat("/proc/\(pid)", &status) == 0 else { return false }
    return [0, geteuid(), program.account?.user].contains(status.st_uid)
  }

  /// By its own word, and otherwise by looking at all: it may have been started by a run that was killed right then.
  func processes(of program: ServiceProgram, all: Bool = false) throws(HostError) -> [Int32] {
    if !all, let text = ProcFile.read(program.pidFile), let pid = Int32(text), isOurs(pid, program) {
      return [pid]
    }
    return try Disk.numbers("/proc").filter { isOurs($0, program) }
  }

  /// Ends every process of this service, in peace where it can be had.
  func stop(_ program: ServiceProgram) throws(HostError) {
    for number in [SIGTERM, SIGKILL, SIGKILL] {
      let pids = try processes(of: program, all: true)
      if pids.isEmpty { return }
      for pid in pids {
        guard let process = ProcessHandle(pid: pid), isOurs(pid, program), process.signal(number) else {
          continue
        }
        _ = process.hasEnded(within: 5000)
      }
    }
    if try processes(of: program, all: true).isEmpty { return }
    throw HostError(operation: "stop \(label)", errno: 0, message: "it does not end, not even by SIGKILL")
  }

  func start(_ program: ServiceProgram) throws(HostError) {
    try requireSearchable(program)
    guard let executable = Executable.find(program.name) else {
      throw HostError(operation: "start \(label)", errno: ENOENT, message: "there is no \(program.name)")
    }
    try makeWorkshop(of: program)
    try removeSocket(of: program)
    try refuseFolder(of: program)
    let result = try run(
      Executable.scope(label) + becoming(program) + [executable, program.mark] + program.arguments)
    var said = program.complaint(result.errors)
    if result.code == 0, try !processes(of: program).isEmpty {
      try omitChecksums(program)
      guard let lack = try lack(program) else { return }
      try stop(program)
      try removeSocket(of: program)
      said = lack
    }
    throw HostError(
      operation: "start \(label)", errno: 0,
      message: said.isEmpty ? "it ended with code \(result.code)" : said,
      hint: hint(program, said))
  }

  /// The checksum of what the host itself sends to a virtio NIC is left to the NIC, and a DHCP client that reads raw frames
  /// without asking for that (PACKET_AUXDATA) throws the answer away. One that is not there is right for all of
  /// them. Who may not trace processes (pidfd_getfd(2)) leaves it as it is: no other client minds.
  private func omitChecksums(_ program: ServiceProgram) throws(HostError) {
    guard let port = program.uncheckedPort else { return }
    for pid in try processes(of: program) {
      guard let process = ProcessHandle(pid: pid), isOurs(pid, program) else { continue }
      _ = ((try? Disk.numbers("/proc/\(pid)/fd")) ?? []).contains { process.omitChecksums(of: $0, at: port) }
    }
  }

  /// What it has to have and does without; nil where nothing is amiss.
  private func lack(_ program: ServiceProgram) throws(HostError) -> String? {
    let user = program.account?.user ?? geteuid()
    // An older passt goes on without it.
    if let socket = program.socket, !isSocket(socket) {
      return "it made no socket at \(socket): is that a folder in which uid \(user) may write?"
    }
    guard let tap = program.tap else { return nil }
    // It tells syslog alone that it has not got the TAP, and goes on.
    for _ in 0..<Self.patience {
      let pids = try processes(of: program)
      if pids.isEmpty { return "it ended at once" }
      if !lacks(program, pids) { return nil }
      usleep(2000)
    }
    var status = stat()
    let isOpen = stat("/dev/net/tun", &status) == 0 && status.st_mode & 0o006 == 0o006
    return "it could not open the TAP '\(tap)'"
      + (isOpen
        ? "" : ": /dev/net/tun is not for everybody; may uid \(user) open it? (chmod 666 /dev/net/tun)")
  }

  /// Looks at what opens a TAP, of 2 milliseconds each.
  private static let patience = 1000

  /// It runs, but nobody gets at it, or not for the TAP that there is: that was made anew, or it has never got at it.
  func lacks(_ program: ServiceProgram, _ pids: [Int32]) -> Bool {
    guard let tap = program.tap else { return false }
    if let socket = program.socket, isGone(socket) { return true }
    return !pids.contains { pid in
      // Who may not look believes it.
      access("/proc/\(pid)/fd", R_OK) != 0 || (try? tapsHeld(by: pid).contains(tap)) ?? true
    }
  }

  /// Whoever may not look believes that it is there.
  private func isGone(_ path: String) -> Bool { access(path, F_OK) != 0 && errno == ENOENT }

  /// The words that start it as its account, without anything of root's.
  private func becoming(_ program: ServiceProgram) throws(HostError) -> [String] {
    guard !program.changesUser, geteuid() == 0, let account = program.account else { return [] }
    guard let setpriv = Executable.find("setpriv") else {
      throw HostError(
        operation: "start \(label)", errno: ENOENT, message: "there is no setpriv",
        hint: "install the package util-linux")
    }
    return [
      setpriv, "--reuid=\(account.user)", "--regid=\(account.group)", "--clear-groups", "--no-new-privs",
      "--",
    ]
  }

  /// A folder that is there already is somebody's, and would go with the switch.
  private func refuseFolder(of program: ServiceProgram) throws(HostError) {
    guard let folder = program.socketFolder, access(folder, F_OK) == 0 else { return }
    throw HostError(
      operation: "start \(label)", errno: EEXIST, message: "there is something at \(folder) already",
      hint: "remove it, or write another `socket`")
  }

  private func run(_ arguments: [String]) throws(HostError) -> ChildProcess.Result {
    do throws(NetlinkError) {
      return try ChildProcess.run(arguments, timeout: 30_000)
    } catch {
      throw HostError(error)
    }
  }

  /// The profile that comes with passt lets it make files under /tmp and in its user's home alone
  /// (contrib/apparmor/usr.bin.passt).
  private func hint(_ program: ServiceProgram, _ said: String) -> String? {
    guard id.program == .passt, let socket = program.socket,
      said.contains(socket) || said.contains("ermission denied"),
      ProcFile.read("/sys/module/apparmor/parameters/enabled") == "Y"
    else { return nil }
    return
      "AppArmor's profile of passt may keep it from \(socket): write `socket` with a path under /tmp, or add "
      + "the folder to /etc/apparmor.d/usr.bin.passt"
  }

  /// Tells it to read the lists again.
  func reload(_ program: ServiceProgram) throws(HostError) {
    for pid in try processes(of: program) {
      guard let process = ProcessHandle(pid: pid), isOurs(pid, program), process.signal(SIGHUP) else {
        throw HostError(operation: "reload \(label)", errno: 0, message: "it ended, or cannot be signalled")
      }
    }
  }

  private var label: String {
    let what = id.program.isOfNIC ? "NIC" : "network"
    return "\(id.program.executable) for \(what) '\(id.subject)' of '\(id.name)'"
  }

  /// As another user it has to get at its files.
  private func requireSearchable(_ program: ServiceProgram) throws(HostError) {
    guard geteuid() == 0 else { return }
    var folder = path
    while !folder.isEmpty {
      var status = stat()
      if stat(folder, &status) == 0, status.st_mode & 0o001 == 0 {
        let who = program.account.map { Accounts.names(users: [$0.user], groups: []).user(.id($0.user)) }
        throw HostError(
          operation: "start \(label)", errno: EACCES,
          message: "it runs as '\(who ?? "nobody")', which cannot get through \(folder)",
          hint: "chmod o+x \(folder), or use another --state-dir")
      }
      folder = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
    }
  }
}
