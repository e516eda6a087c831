internal import Glibc
internal import Netlink

/// Two processes that watch each other, so that what they wait for is done although one of them, and who started them, is
/// killed. They have no terminal, and under systemd a scope of their own.
package struct GuardPair: ~Copyable {
  /// 0 or 1.
  package let role: Int
  private let words: [String]
  private let directory: String
  private var partner: ProcessHandle?
  private var child: Int32?
  private let caller: ProcessHandle?

  /// Where each says its process id.
  package static func path(of role: Int, in directory: String) -> String { "\(directory)/guard.\(role)" }

  /// What they have to say.
  package static func log(in directory: String) -> String { "\(directory)/guard.log" }

  /// Starts the first, which starts the other, as this program with `words`; returns when both are there.
  package static func begin(_ words: [String], in directory: String) throws(HostError) {
    for role in 0...1 { try Disk.remove(path(of: role, in: directory)) }
    try Disk.remove(log(in: directory))
    let first = try start(words, role: 0, partner: nil, in: directory)
    // Starting takes milliseconds; a machine that is busy may take its time.
    for _ in 0..<500 {
      if (0...1).allSatisfy({ pid(of: $0, in: directory) != nil }) { return }
      if ChildProcess.reap(first) { break }
      usleep(20_000)
    }
    let said = (try? Disk.read(log(in: directory)))?.map { String(decoding: $0, as: UTF8.self) } ?? ""
    kill(first, SIGKILL)
    throw HostError(
      operation: "start the guard of the change", errno: 0,
      message: said.isEmpty ? "it is not there after ten seconds" : said.split(separator: "\n")[0].description
    )
  }

  /// One of the two, in its own process; `partner` is the other, where that is there already, and `caller` whose change it
  /// is.
  package init(
    role: Int, partner pid: Int32?, caller: Int32, _ words: [String], in directory: String
  ) throws(HostError) {
    self.role = role
    self.words = words
    self.directory = directory
    partner = if let pid { ProcessHandle(pid: pid) } else { nil }
    self.caller = ProcessHandle(pid: caller)
    try Disk.replace(GuardPair.path(of: role, in: directory), with: Array("\(getpid())\n".utf8))
  }

  package var callerHasEnded: Bool { caller?.hasEnded(within: 0) ?? true }

  /// Puts another in the place of a partner that has ended.
  package mutating func keepPartner() throws(HostError) {
    if let child, ChildProcess.reap(child) { self.child = nil }
    if partner?.hasEnded(within: 0) == false { return }
    let pid = try GuardPair.start(words, role: 1 - role, partner: getpid(), in: directory)
    child = pid
    partner = ProcessHandle(pid: pid)
  }

  /// Leaves nothing but what was said. Where another change has come in the meantime, the files are those of its pair.
  package func end() throws(HostError) {
    guard GuardPair.pid(of: role, in: directory) == getpid() else { return }
    try Disk.remove(GuardPair.path(of: role, in: directory))
    let log = GuardPair.log(in: directory)
    if try Disk.read(log)?.isEmpty == true { try Disk.remove(log) }
  }

  /// The process that has this role; nil where it has not said so, or has ended.
  package static func pid(of role: Int, in directory: String) -> Int32? {
    guard let text = ProcFile.read(path(of: role, in: directory)), let pid = Int32(text),
      kill(pid, 0) == 0 || errno == EPERM
    else { return nil }
    return pid
  }

  private static func start(
    _ words: [String], role: Int, partner: Int32?, in directory: String
  ) throws(HostError) -> Int32 {
    let path = log(in: directory)
    let log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard log >= 0 else { throw HostError("open \(path)", errno: errno) }
    defer { close(log) }
    let own =
      [try executable()] + words + ["--role", "\(role)"] + (partner.map { ["--partner", "\($0)"] } ?? [])
    do throws(NetlinkError) {
      // Whom the first starts is in its scope.
      return try ChildProcess.startApart(
        (partner == nil ? Executable.scope("guard of a change") : []) + own, errors: log)
    } catch {
      throw HostError(error)
    }
  }

  /// This program's file: also where another has taken its place since, as long as this one runs.
  private static func executable() throws(HostError) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink("/proc/self/exe", &buffer, buffer.count)
    guard length > 0 else { throw HostError("read /proc/self/exe", errno: errno) }
    let path = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return access(path, X_OK) == 0 ? path : "/proc/self/exe"
  }
}
