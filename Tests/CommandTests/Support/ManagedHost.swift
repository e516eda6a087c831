import Glibc
import Testing

/// A host with folders of its own, in whose network namespace programs that manage interfaces seem to run.
///
/// A process keeps a namespace of mounts: /etc, /usr and /var with a layer of their own, another /run. The programs are
/// sleepers of their names; what tells them writes down what it saw at that moment, and ends as it is told.
struct ManagedHost {
  let host: Host
  private let keeper: Child
  private let program: Program

  enum Program: String, CaseIterable {
    case networkd, networkManager = "network-manager"

    /// `comm` of proc(5) is the first fifteen bytes.
    var daemon: String { self == .networkd ? "systemd-networkd" : "NetworkManager" }
    var file: String {
      self == .networkd ? "/run/systemd/network/05-vnet-m.network" : "/run/NetworkManager/conf.d/vnet-m.conf"
    }
    fileprivate var folder: String { self == .networkd ? "/run/systemd/netif" : "/run/NetworkManager" }
    fileprivate var installed: String {
      self == .networkd ? "/usr/lib/systemd/systemd-networkd" : "/usr/sbin/NetworkManager"
    }
    fileprivate var teller: String { self == .networkd ? "networkctl" : "nmcli" }
    var command: String { self == .networkd ? "networkctl reload" : "nmcli general reload conf" }
  }

  static func with(_ program: Program, running: Bool = true, _ body: (ManagedHost) throws -> Void) throws {
    try Host.with { host in
      let files = host.files
      try files.write("code", "0\n")
      try files.write("told", "")
      try files.write(
        "teller",
        """
        #!/bin/sh
        { echo "TOLD $(basename $0) $*"; ip -o link | sed 's/^[0-9]*: \\([^:@]*\\).*/LINK \\1/'
          ip -o -4 addr | sed 's/^[0-9]*: *\\([^ ]*\\).*inet \\([^ ]*\\).*/ADDRESS \\1 \\2/'
          sed 's/^/FILE /' \(program.file); } >>\(files.path)/told 2>/dev/null
        code=$(cat \(files.path)/code)
        [ $code = 0 ] || echo "no, thank you" >&2
        exit $code

        """)
      let keeper = try Child([
        "unshare", "-m", "sh", "-ec", Self.mounts(files.path, program), "mounts",
      ])
      defer { keeper.end() }
      guard keeper.line() == "ready" else {
        throw CommandFailure(description: "no mounts: \(keeper.finish(timeout: 1))")
      }
      let managed = ManagedHost(host: host, keeper: keeper, program: program)
      let daemon = running ? try Child(managed.inside([files.path + "/" + program.daemon, "1000"])) : nil
      defer { daemon?.end() }
      if running { _ = try Clock.wait(5) { try managed.isRunning } }
      try body(managed)
    }
  }

  private static func mounts(_ path: String, _ program: Program) -> String {
    """
    cd \(path); mkdir m; mount -t tmpfs none m
    for d in etc usr var; do
      mkdir -p m/$d/new m/$d/work
      mount -t overlay overlay -o lowerdir=/$d,upperdir=\(path)/m/$d/new,workdir=\(path)/m/$d/work /$d
    done
    mkdir m/run; mount --rbind /run m/run; mount -t tmpfs none /run
    for d in netns vnet-apply; do mkdir -p /run/$d m/run/$d; mount --rbind m/run/$d /run/$d; done
    mkdir -p /run/systemd \(program.folder) /etc/systemd/network /usr/local/sbin \
      $(dirname \(program.installed))
    rm -rf /etc/NetworkManager /usr/lib/NetworkManager /etc/systemd/network/*
    cp /bin/sleep \(program.daemon)
    [ -e \(program.installed) ] || cp /bin/sleep \(program.installed)
    cp teller /usr/local/sbin/\(program.teller); chmod 755 /usr/local/sbin/\(program.teller)
    echo ready; exec sleep 1000
    """
  }

  /// A configuration with two bridges, one of them over the uplink.
  static func text(_ key: Program?, _ vms: String = "web: {nics: {eth0: {network: lab}}}") -> String {
    """
    name: m
    \(key.map { "coexist: {\($0.rawValue): unmanaged}" } ?? "")
    networks: {lab: {}, office: {uplink: eth1}}
    vms: {\(vms)}

    """
  }

  private var isRunning: Bool {
    get throws {
      try host.space.processes.contains {
        try run(["cat", "/proc/\($0)/comm"]).stdout.trimmed == program.daemon.prefix(15)
      }
    }
  }

  /// In this host's network and among its files.
  private func inside(_ arguments: [String]) -> [String] {
    ["nsenter", "-m", "-t", "\(keeper.pid)", "--"] + host.space.command(arguments)
  }

  func run(_ arguments: [String], input: String = "") throws -> Outcome {
    try CommandTests.run(inside(arguments), input: input)
  }

  func vnet(_ arguments: String...) throws -> Outcome { try run([Tools.vnetApply] + arguments) }

  /// Process 1 of a namespace of processes of its own, so that this is the network that the machine began with.
  func vnetAsFirst(_ arguments: String...) throws -> Outcome {
    try run(["unshare", "-p", "-f", "--mount-proc", Tools.vnetApply] + arguments)
  }

  func write(_ path: String, _ text: String) throws {
    expect(try run(["sh", "-c", "mkdir -p $(dirname \(path)); cat >\(path)"], input: text), exits: 0)
  }

  var file: String? {
    get throws {
      let outcome = try run(["cat", program.file])
      return outcome.code == 0 ? outcome.stdout : nil
    }
  }

  /// What is where those files are: names, modes and text, but for folders with nothing in them: one that a kill keeps
  /// from its first file stays.
  var folders: String {
    get throws {
      try run([
        "sh", "-c",
        "find /run/systemd /run/NetworkManager -type d -empty -o -printf '%y %m %p\\n' -type f -exec cat {} + | sort",
      ])
      .stdout
    }
  }

  /// Hears, but does not listen.
  func refuse(_ refuses: Bool = true) throws { try host.files.write("code", refuses ? "1\n" : "0\n") }

  /// What was seen each time the program was told.
  var told: [Told] {
    get throws {
      var list: [Told] = []
      for line in try host.files.read("told").lines {
        let words = line.words
        switch words.first {
        case "TOLD": list.append(Told(command: words.dropFirst().joined(separator: " ")))
        case "LINK": list[list.count - 1].links.insert(words[1])
        case "ADDRESS": list[list.count - 1].addresses.append(words.dropFirst().joined(separator: " "))
        case "FILE": list[list.count - 1].file += line.dropFirst(5) + "\n"
        default: break
        }
      }
      return list
    }
  }

  func forget() throws { try host.files.write("told", "") }

  struct Told {
    let command: String
    var links: Set<String> = []
    /// `eth1 192.0.2.10/24`
    var addresses: [String] = []
    var file = ""

    /// Interfaces that the file named.
    var named: Set<String> {
      Set(
        file.lines.filter { $0.hasPrefix("Name=") || $0.hasPrefix("unmanaged-devices") }.flatMap { line in
          line.split { "=;: ".contains($0) }.map(String.init).filter {
            !["Name", "unmanaged-devices+", "interface-name"].contains($0)
          }
        })
    }
  }

  // MARK: Faults

  func calls(_ set: String, _ arguments: [String]) throws -> [TracedCall] {
    let trace = host.files.path + "/calls"
    let outcome = try run(["strace", "-qq", "-o", trace, "-e", "trace=\(set)", Tools.vnetApply] + arguments)
    guard outcome.code == 0 else { throw CommandFailure(description: outcome.description) }
    var counts: [Substring: Int] = [:]
    return try host.files.read("calls").split(separator: "\n").compactMap { line in
      let name = line.prefix { $0 != "(" && $0 != " " }
      guard set.split(separator: ",").contains(name) else { return nil }
      counts[name, default: 0] += 1
      return TracedCall(name: String(name), ordinal: counts[name] ?? 0)
    }
  }

  func vnet(_ arguments: [String], _ injection: Injection) throws -> Outcome {
    try run(injection.command(trace: host.files.path + "/trace") + [Tools.vnetApply] + arguments)
  }
}

extension Child {
  fileprivate func end() {
    signal(SIGKILL)
    _ = finish(timeout: 5)
  }
}
