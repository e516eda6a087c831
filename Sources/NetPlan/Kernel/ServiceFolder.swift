internal import Glibc
internal import Netlink

/// The files of one service, and its process.
///
/// A process is known by its command line, which names its file in this folder and nobody else's, and by whose it is. It
/// is signalled through a descriptor that was opened before both were read: a process number alone says nothing.
///
/// What the files say and what the process has read are kept together by order: its configuration changes while it is
/// stopped; the lists that it reads again change under the mark `stale`, which goes when it has been told.
struct ServiceFolder {
  let id: ServiceID
  let path: String

  private enum File: String, CaseIterable { case configuration = "conf", hosts, names, leases, pid, stale }

  private func path(_ file: File) -> String { "\(path)/\(file.rawValue)" }

  // MARK: Reading

  func read() throws(HostError) -> Service {
    let isStale = try Disk.read(path(.stale)) != nil
    return Service(
      id: id, configuration: try lines(.configuration), hosts: try lines(.hosts), names: try lines(.names),
      state: processes().isEmpty ? .stopped : isStale ? .stale : .running)
  }

  private func lines(_ file: File) throws(HostError) -> [String] {
    guard let bytes = try Disk.read(path(file)) else { return [] }
    return bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
  }

  // MARK: The process

  private var mark: String { "--conf-file=\(path(.configuration))" }

  private func isOurs(_ pid: Int32) -> Bool {
    guard let text = ProcFile.read("/proc/\(pid)/cmdline"), text.contains(mark) else { return false }
    return text.split(separator: "\0").contains { $0 == mark } && isTrusted(pid)
  }

  /// Anybody can give a process such a command line.
  private func isTrusted(_ pid: Int32) -> Bool {
    var status = stat()
    guard stat("/proc/\(pid)", &status) == 0 else { return false }
    return [0, geteuid(), Accounts.user(named: account)?.id].contains(status.st_uid)
  }

  /// By its own word, and otherwise by looking at all: it may have been started by a run that was killed right then.
  private func processes(all: Bool = false) -> [Int32] {
    if !all, let text = ProcFile.read(path(.pid)), let pid = Int32(text), isOurs(pid) { return [pid] }
    return numericEntries("/proc").filter(isOurs)
  }

  /// Ends every process of this service, in peace where it can be had.
  private func stop() throws(HostError) {
    for number in [SIGTERM, SIGKILL, SIGKILL] {
      let pids = processes(all: true)
      if pids.isEmpty { return }
      for pid in pids {
        guard let process = ProcessHandle(pid: pid), isOurs(pid), process.signal(number) else { continue }
        _ = process.hasEnded(within: 5000)
      }
    }
    if processes(all: true).isEmpty { return }
    throw HostError(operation: "stop \(label)", errno: 0, message: "it does not end, not even by SIGKILL")
  }

  private func start() throws(HostError) {
    try requireSearchable()
    guard let program = Executable.find(id.program.rawValue) else {
      throw HostError(operation: "start \(label)", errno: ENOENT, message: "there is no \(id.program)")
    }
    let arguments = [
      program, mark, "--pid-file=\(path(.pid))", "--dhcp-leasefile=\(path(.leases))",
      "--dhcp-hostsfile=\(path(.hosts))", "--addn-hosts=\(path(.names))", "--user=\(account)",
    ]
    let result = try run(scope + arguments)
    if result.code == 0, !processes().isEmpty { return }
    let said = String(decoding: result.errors, as: UTF8.self).split(separator: "\n")
      .map { $0.hasPrefix("dnsmasq: ") ? $0.dropFirst(9) : $0 }.filter { !$0.isEmpty }
    throw HostError(
      operation: "start \(label)", errno: 0,
      message: said.isEmpty ? "it ended with code \(result.code)" : said.joined(separator: "; "))
  }

  private func run(_ arguments: [String]) throws(HostError) -> ChildProcess.Result {
    do throws(NetlinkError) {
      return try ChildProcess.run(arguments, timeout: 30_000)
    } catch {
      throw HostError(error)
    }
  }

  /// Tells it to read the lists again.
  private func reload() throws(HostError) {
    for pid in processes() {
      guard let process = ProcessHandle(pid: pid), isOurs(pid), process.signal(SIGHUP) else {
        throw HostError(operation: "reload \(label)", errno: 0, message: "it ended, or cannot be signalled")
      }
    }
  }

  private var label: String { "\(id.program) for network '\(id.network)' of '\(id.name)'" }

  /// Whom it becomes when it has what it needs.
  private var account: String {
    Accounts.user(named: id.program.rawValue) == nil ? "nobody" : id.program.rawValue
  }

  /// Under systemd a scope of its own, so that it does not end with the caller's session or unit.
  private var scope: [String] {
    guard access("/run/systemd/system", F_OK) == 0, let program = Executable.find("systemd-run") else {
      return []
    }
    return [
      program, "--scope", "--quiet", "--collect", "--description=vnet-apply: \(label)",
      "--slice=system.slice",
      "--",
    ]
  }

  /// As another user it has to get at its lists.
  private func requireSearchable() throws(HostError) {
    var folder = path
    while !folder.isEmpty {
      var status = stat()
      if stat(folder, &status) == 0, status.st_mode & 0o001 == 0 {
        throw HostError(
          operation: "start \(label)", errno: EACCES,
          message: "it runs as '\(account)', which cannot get through \(folder)",
          hint: "chmod o+x \(folder), or use another --state-dir")
      }
      folder = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
    }
  }

  // MARK: Changing

  func become(_ wanted: Service) throws(HostError) {
    let present = try read()
    let needsStart = wanted.state != .stopped && present.state == .stopped
    if wanted.state == .stopped || wanted.configuration != present.configuration { try stop() }
    if wanted.state == .stopped || needsStart || wanted.configuration != present.configuration {
      try Disk.makeDirectory(path, exactly: true)
      try write(wanted.configuration, .configuration)
      try write(wanted.hosts, .hosts)
      try write(wanted.names, .names)
      try Disk.remove(path(.stale))
      if wanted.state != .stopped { try start() }
    } else {
      try write([], .stale)
      try write(wanted.hosts, .hosts)
      try write(wanted.names, .names)
      try reload()
      try Disk.remove(path(.stale))
    }
  }

  /// The process, its files, and what it told of leases.
  func remove() throws(HostError) {
    try stop()
    for file in File.allCases {
      try Disk.remove(path(file))
    }
    sweep()
    guard rmdir(path) == 0 || errno == ENOENT else {
      throw HostError("remove the folder \(path)", errno: errno)
    }
  }

  /// What a killed run left half written.
  func sweep() { for file in File.allCases { Disk.sweep(path(file)) } }

  private func write(_ lines: [String], _ file: File) throws(HostError) {
    try Disk.replace(path(file), with: lines.flatMap { Array("\($0)\n".utf8) }, mode: 0o644, exactly: true)
  }

  /// Addresses that guests have now: lines of `expiry identity address name …`, 0 for ever.
  var leases: [IPAddress] {
    let now = time(nil)
    return ((try? lines(.leases)) ?? []).compactMap { line in
      let words = line.split(separator: " ")
      guard words.count > 2, let expiry = Int(words[0]), expiry == 0 || expiry > now else { return nil }
      return IPAddress(words[2])
    }
  }
}

/// Programs where a system has them; the caller's own PATH is nobody's business here.
enum Executable {
  static func find(_ name: String) -> String? {
    ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin"]
      .map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }
}
