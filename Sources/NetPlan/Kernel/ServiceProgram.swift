internal import Glibc

/// What one program wants to be told and how its process is known: in this programs differ, and in nothing else.
struct ServiceProgram {
  let name: String
  /// The word of its command line that names a file in its folder, and nobody else's.
  let mark: String
  /// Where it says which process it is.
  let pidFile: String
  /// What else it is told.
  let arguments: [String]
  /// Whom it becomes when root starts it; nil where this host has no such account.
  let account: Service.Account?
  /// It becomes that by itself; else it is started as it.
  var changesUser = true
  /// A folder in which it makes files as that account, the socket for the VM among them.
  var workshop: String?
  /// The socket at which it waits for the VM software.
  var socket: String?
  /// The UDP port whose IPv4 answers have no checksum.
  var uncheckedPort: UInt16?
  /// A folder outside of its workshop that it makes for its sockets.
  var socketFolder: String?
  /// The TAP that it opens once it is in the background.
  var tap: LinkName?
  /// It has lists besides its configuration, and reads them again when told to.
  var hasLists = false

  static func of(_ folder: ServiceFolder, _ configuration: [String]) -> ServiceProgram {
    switch folder.id.program {
    case .dnsmasq: dnsmasq(folder)
    case .passt: passt(folder, Service(id: folder.id, configuration: configuration))
    case .vde: vde(folder, Service(id: folder.id, configuration: configuration))
    }
  }

  private static func dnsmasq(_ folder: ServiceFolder) -> ServiceProgram {
    let account = Accounts.user(named: "dnsmasq") ?? Accounts.user(named: "nobody")
    var program = ServiceProgram(
      name: "dnsmasq", mark: "--conf-file=\(folder.path(.configuration))", pidFile: folder.path(.pid),
      arguments: [
        "--pid-file=\(folder.path(.pid))", "--dhcp-leasefile=\(folder.path(.leases))",
        "--dhcp-hostsfile=\(folder.path(.hosts))", "--addn-hosts=\(folder.path(.names))",
        "--user=\(account?.name ?? "nobody")",
      ],
      account: account.map { Service.Account(user: $0.id, group: $0.id) })
    program.hasLists = true
    program.uncheckedPort = 67
    return program
  }

  /// It goes into the background when its socket and its ports are there.
  private static func passt(_ folder: ServiceFolder, _ service: Service) -> ServiceProgram {
    // Who is no root is that user already, and may not say so (`conf_runas`, conf.c of passt).
    let arguments = geteuid() == 0 ? service.configuration : service.programWords
    let workshop = folder.path + "/guest"
    var program = ServiceProgram(
      name: "passt", mark: "--pid=\(workshop)/pid", pidFile: "\(workshop)/pid",
      arguments: ["--quiet", "--stderr"] + arguments, account: service.account)
    program.workshop = workshop
    program.socket = service.socket
    return program
  }

  /// It goes into the background when its socket is there and before it opens the TAP (`init_mods`, vde_switch.c), and
  /// would read commands from files of the system's and of the user's (`loadrcfile`, consmgmt.c).
  private static func vde(_ folder: ServiceFolder, _ service: Service) -> ServiceProgram {
    let workshop = folder.path + "/guest"
    var program = ServiceProgram(
      name: "vde_switch", mark: "--pidfile=\(workshop)/pid", pidFile: "\(workshop)/pid",
      arguments: ["--daemon", "--rcfile=/dev/null"] + service.programWords, account: service.account)
    program.changesUser = false
    program.workshop = workshop
    program.socket = service.socket.map { $0 + "/ctl" }
    program.socketFolder = service.socket.flatMap { $0 == workshop ? nil : $0 }
    program.tap = service.tap
    return program
  }

  /// Its own words about why it did not start.
  func complaint(_ errors: [UInt8]) -> String {
    String(decoding: errors, as: UTF8.self).split(separator: "\n")
      .map { line in
        let head = line.prefix { $0 != ":" }
        return head == name || head.hasSuffix("/\(name)") ? line.dropFirst(head.count + 2) : line
      }
      // Where nobody takes its log, passt says so of each line.
      .filter { !$0.isEmpty && !($0.hasPrefix("Failed to send ") && $0.hasSuffix(" syslog")) }
      // What it has not made, vde_switch misses when it ends.
      .filter { !$0.hasPrefix("Couldn't remove pidfile") }
      .joined(separator: "; ")
  }
}

extension Service {
  /// What the program itself is told.
  fileprivate var programWords: [String] {
    let account = account?.word
    return configuration.filter { $0 != account }
  }
}
