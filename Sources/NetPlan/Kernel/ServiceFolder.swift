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

  enum File: String, CaseIterable { case configuration = "conf", hosts, names, leases, pid, stale }

  func path(_ file: File) -> String { "\(path)/\(file.rawValue)" }

  // MARK: Reading

  func read() throws(HostError) -> Service {
    let isStale = try Disk.read(path(.stale)) != nil
    var service = Service(
      id: id, configuration: try lines(.configuration), hosts: try lines(.hosts), names: try lines(.names))
    let program = ServiceProgram.of(self, service.configuration)
    let processes = try processes(of: program)
    service.state = processes.isEmpty || lacks(program, processes) ? .stopped : isStale ? .stale : .running
    if processes.isEmpty { return service }
    switch id.program {
    case .dnsmasq: break
    case .passt: service.inUse = service.socket.map(UnixSockets.isConnected)
    case .vde: service.inUse = service.socket.map(UnixSockets.hasPorts)
    }
    return service
  }

  private func lines(_ file: File) throws(HostError) -> [String] {
    guard let bytes = try Disk.read(path(file)) else { return [] }
    return bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
  }

  // MARK: Changing

  func become(_ wanted: Service) throws(HostError) {
    let present = try read()
    let needsStart = wanted.state != .stopped && present.state == .stopped
    let program = ServiceProgram.of(self, wanted.configuration)
    if wanted.state == .stopped || needsStart || wanted.configuration != present.configuration {
      let former = ServiceProgram.of(self, present.configuration)
      try stop(former)
      try removeSocket(of: former)
      try Disk.makeDirectory(path, exactly: true)
      try write(wanted.configuration, .configuration)
      if program.hasLists { try writeLists(wanted) }
      try Disk.remove(path(.stale))
      if wanted.state != .stopped { try start(program) }
    } else if program.hasLists {
      try write([], .stale)
      try writeLists(wanted)
      try reload(program)
      try Disk.remove(path(.stale))
    }
  }

  /// The process, its files, and what it told of leases.
  func remove() throws(HostError) {
    let program = ServiceProgram.of(self, try lines(.configuration))
    try stop(program)
    try empty(program)
    for file in File.allCases {
      try Disk.remove(path(file))
    }
    sweep()
    try removeFolder(path)
  }

  private func removeFolder(_ path: String) throws(HostError) {
    guard rmdir(path) == 0 || errno == ENOENT else {
      throw HostError("remove the folder \(path)", errno: errno)
    }
  }

  /// What a killed run left half written.
  func sweep() { for file in File.allCases { Disk.sweep(path(file)) } }

  private func writeLists(_ service: Service) throws(HostError) {
    try write(service.hosts, .hosts)
    try write(service.names, .names)
  }

  private func write(_ lines: [String], _ file: File) throws(HostError) {
    try Disk.replace(path(file), with: lines.flatMap { Array("\($0)\n".utf8) }, mode: 0o644, exactly: true)
  }

  // MARK: What a program makes by itself

  /// The folder is root's own, so nobody puts another in its place; what is in it is taken out, whatever the program's user
  /// has put there.
  private func empty(_ program: ServiceProgram) throws(HostError) {
    try removeSocket(of: program)
    guard let workshop = program.workshop else { return }
    try clear(workshop)
    try removeFolder(workshop)
  }

  private func clear(_ workshop: String) throws(HostError) {
    try Disk.empty(workshop)
  }

  func removeSocket(of program: ServiceProgram) throws(HostError) {
    let user = program.account?.user ?? geteuid()
    if let folder = program.socketFolder { return try Disk.removeSockets(in: folder, of: user) }
    guard let socket = program.socket, isSocket(socket, of: user) else { return }
    try Disk.remove(socket)
  }

  func isSocket(_ path: String, of user: UInt32? = nil) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
      && user.map { $0 == status.st_uid } ?? true
  }

  /// Nobody else gets at the socket in it, whatever mode the program gives that. Nothing is left in it of one that was
  /// killed: vde_switch ends where its file is there already.
  func makeWorkshop(of program: ServiceProgram) throws(HostError) {
    guard let workshop = program.workshop else { return }
    try Disk.makeDirectory(workshop, mode: 0o700, exactly: true)
    try clear(workshop)
    guard geteuid() == 0, let account = program.account else { return }
    guard chown(workshop, account.user, account.group) == 0 else {
      throw HostError("give \(workshop) to uid \(account.user)", errno: errno)
    }
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
