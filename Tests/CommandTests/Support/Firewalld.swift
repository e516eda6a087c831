import Glibc
import Testing

/// The real firewalld, in a namespace, with a message bus and a configuration of its own.
final class Firewalld {
  /// Where its files lie: `/` where it is installed, else the folder it is unpacked in (scripts/setup); nil where neither
  /// is.
  static let root: String? = {
    let home = Tools.environment("HOME") ?? "/root"
    let cache = (Tools.environment("XDG_CACHE_HOME") ?? home + "/.cache") + "/vnet-apply/firewalld"
    return ["", cache].first { access($0 + "/usr/sbin/firewalld", R_OK) == 0 }
  }()

  static let modules = ["dbus", "gi", "nftables"]

  static let isReady: Bool = {
    let script = "import " + modules.joined(separator: ", ")
    return root != nil && Tools.has("dbus-daemon")
      && (try? run(["/usr/bin/python3", "-c", script]).code == 0) ?? false
  }()

  private let space: Namespace
  private let files: TemporaryFolder
  private let bus: Child
  private var daemon: Child?

  /// Interfaces that are there are in the zone `public`, none of them by name.
  init(in space: Namespace) throws {
    self.space = space
    files = try TemporaryFolder()
    for folder in ["zones", "policies"] { try must(["mkdir", "-p", "\(files.path)/etc/\(folder)"]) }
    try must(["cp", "\(Self.root ?? "")/etc/firewalld/firewalld.conf", "\(files.path)/etc/"])
    let configuration = """
      <busconfig><type>system</type><listen>unix:path=\(files.path)/bus</listen><auth>EXTERNAL</auth>
      <policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/></policy></busconfig>
      """
    let path = try files.write("bus.conf", configuration)
    bus = try Child(["dbus-daemon", "--config-file=\(path)", "--nofork", "--nopidfile", "--nosyslog"])
    guard Clock.wait(5, until: { access("\(files.path)/bus", F_OK) == 0 }) else {
      throw CommandFailure(description: bus.finish(timeout: 1).description)
    }
    try start()
  }

  /// `ip netns exec` has a mount namespace of its own, so that what is mounted over `/run` and modprobe is nobody else's.
  func start() throws {
    daemon = try space.start([
      "sh", "-c",
      """
      mount -t tmpfs tmpfs /run && mount --bind /bin/true "$(readlink -f /sbin/modprobe)"
      exec env \(environment.joined(separator: " ")) /usr/bin/python3 \(Self.root ?? "")/usr/sbin/firewalld \
        --nofork --nopid --log-target console --system-config \(files.path)/etc \
        --default-config \(Self.root ?? "")/usr/lib/firewalld
      """,
    ])
    guard
      try Clock.wait(
        20 * Clock.patience,
        until: {
          try space.run(
            request("org.freedesktop.DBus.Properties.Get", "org.fedoraproject.FirewallD1", "state")
          ).stdout.contains("RUNNING")
        })
    else {
      throw CommandFailure(description: daemon?.finish(timeout: 1).description ?? "")
    }
  }

  /// It takes its rules along.
  func stop() {
    daemon?.signal(SIGTERM)
    _ = daemon?.finish(timeout: 10)
  }

  func leave() {
    stop()
    bus.signal(SIGTERM)
    _ = bus.finish(timeout: 5)
    files.delete()
  }

  var address: String { "DBUS_SYSTEM_BUS_ADDRESS=unix:path=\(files.path)/bus" }

  private var environment: [String] {
    [address, "PYTHONPATH=\(Self.root ?? "")/usr/lib/python3/dist-packages", "PYTHONDONTWRITEBYTECODE=1"]
  }

  private func client(_ words: [String]) -> [String] {
    ["env"] + environment + ["/usr/bin/python3", "\(Self.root ?? "")/usr/bin/firewall-cmd"] + words
  }

  /// What firewall-cmd says.
  @discardableResult
  func command(_ words: String...) throws -> String { try command(words: words) }

  @discardableResult
  func command(words: [String]) throws -> String { try must(space.command(client(words))).trimmed }

  // MARK: Zones

  /// A request by dbus-send, which starts at once: firewall-cmd takes a third of a second of a processor.
  private func request(_ words: String...) -> [String] {
    [
      "env", address, "dbus-send", "--system", "--print-reply", "--dest=org.fedoraproject.FirewallD1",
      "/org/fedoraproject/FirewallD1", words[0],
    ] + words.dropFirst().map { "string:" + $0 }
  }

  func add(_ interface: String, to zone: String) throws {
    try must(space.command(request("org.fedoraproject.FirewallD1.zone.addInterface", zone, interface)))
  }

  func move(_ interface: String, to zone: String) throws {
    try must(
      space.command(request("org.fedoraproject.FirewallD1.zone.changeZoneOfInterface", zone, interface)))
  }

  /// The chains of a zone that was used once stay.
  func use(_ zones: String...) throws {
    for zone in zones {
      try add("none0", to: zone)
      try must(
        space.command(request("org.fedoraproject.FirewallD1.zone.removeInterface", zone, "none0")))
    }
  }

  /// Interfaces by zone. The reply is a dictionary of zones, in each the key `interfaces` with an array; dbus-send indents by
  /// three for each of these.
  var activeZones: [String: [String]] {
    get throws {
      var zones: [String: [String]] = [:]
      var zone = ""
      let reply = try must(space.command(request("org.fedoraproject.FirewallD1.zone.getActiveZones")))
      for line in reply.lines where line.contains("string \"") {
        let depth = line.prefix { $0 == " " }.count
        let text = String(line.split(separator: "\"")[1])
        switch depth {
        case 9: zone = text
        case 15: #expect(text == "interfaces")
        default: zones[zone, default: []].append(text)
        }
      }
      return zones.mapValues { $0.sorted() }
    }
  }
}
