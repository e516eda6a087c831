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
  let account: Account?
  /// A folder in which it makes files as that account, the socket for the VM among them.
  var workshop: String?
  /// A socket that it makes elsewhere.
  var socket: String?
  /// The UDP port whose IPv4 answers have no checksum.
  var uncheckedPort: UInt16?
  /// It has lists besides its configuration, and reads them again when told to.
  var hasLists = false

  struct Account {
    var user: UInt32
    var group: UInt32
  }

  static func of(_ folder: ServiceFolder, _ configuration: [String]) -> ServiceProgram {
    switch folder.id.program {
    case .dnsmasq: dnsmasq(folder)
    case .passt: passt(folder, configuration)
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
      account: account.map { Account(user: $0.id, group: $0.id) })
    program.hasLists = true
    program.uncheckedPort = 67
    return program
  }

  /// It goes into the background when its socket and its ports are there.
  private static func passt(_ folder: ServiceFolder, _ configuration: [String]) -> ServiceProgram {
    let words = configuration.compactMap(Passt.Word.init)
    // Who is no root is that user already, and may not say so (`conf_runas`, conf.c of passt).
    let arguments = geteuid() == 0 ? configuration : configuration.filter { !$0.hasPrefix(Passt.runAs) }
    let workshop = folder.path + "/guest"
    var program = ServiceProgram(
      name: "passt", mark: "--pid=\(workshop)/pid", pidFile: "\(workshop)/pid",
      arguments: ["--quiet", "--stderr"] + arguments,
      account: words.lazy.compactMap(\.account).first.map { Account(user: $0.user, group: $0.group) })
    program.workshop = workshop
    program.socket = words.lazy.compactMap(\.socket).first
    return program
  }

  /// Its own words about why it did not start.
  func complaint(_ errors: [UInt8]) -> String {
    String(decoding: errors, as: UTF8.self).split(separator: "\n")
      .map { $0.hasPrefix("\(name): ") ? $0.dropFirst(name.count + 2) : $0 }
      // Where nobody takes its log, passt says so of each line.
      .filter { !$0.isEmpty && !($0.hasPrefix("Failed to send ") && $0.hasSuffix(" syslog")) }
      .joined(separator: "; ")
  }
}
