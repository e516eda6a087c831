import Glibc
import Synchronization
import Witness

/// A network namespace of a test, by name; `delete` ends what was started inside.
struct Namespace {
  let name: String
  /// `NAME=VALUE` in the environment of what runs inside.
  var variables: [String] = []
  /// What runs inside sees a /dev/net/tun that everybody may open.
  var opensTun = false

  /// A shell's way there, in a mount namespace of its own.
  static let openTun =
    "mount -t tmpfs -o mode=755 net /dev/net && mknod -m 666 /dev/net/tun c 10 200"
  /// The tests are in it themselves: what it mounts is seen by all.
  var isOwn = false
  /// What a command is started by: as which process the mounts are seen.
  var entering: [String] = []

  private static let count = Atomic<Int>(0)

  /// Removes what a killed run of these tests left behind.
  private static let swept: Bool = {
    let names = (try? must(["ip", "netns", "list"])) ?? ""
    for line in names.split(separator: "\n") where line.hasPrefix("vt-") {
      let name = String(line.prefix { $0 != " " })
      let owner = name.split(separator: "-").dropFirst().first.flatMap { pid_t($0) } ?? 0
      if owner > 0 && kill(owner, 0) != 0 { Namespace(existing: name).delete() }
    }
    return true
  }()

  init(existing name: String) { self.name = name }

  /// `ip netns add`, with `lo` up.
  init() throws {
    _ = Self.swept
    name = "vt-\(getpid())-\(Self.count.add(1, ordering: .relaxed).newValue)"
    try must(["ip", "netns", "add", name])
    try ip("link set lo up")
  }

  func delete() {
    for pid in processes { kill(pid, SIGKILL) }
    let folder = cookie.map { "/run/vnet-apply/\($0)" }
    _ = try? CommandTests.run(["ip", "netns", "delete", name])
    // Its own `run` would be inside of it.
    if let folder { _ = try? CommandTests.run(["rm", "-rf", folder]) }
    _ = try? CommandTests.run(["rm", "-rf", lasting])
  }

  /// What outlives the namespace.
  var lasting: String { "/var/lib/vnet-apply/@\(name)" }

  /// The processes inside.
  var processes: [pid_t] {
    ((try? must(["ip", "netns", "pids", name])) ?? "").split(separator: "\n").compactMap { pid_t($0) }
  }

  /// SO_NETNS_COOKIE, the name of the namespace's state folder.
  var cookie: String? {
    (try? must(command([Tools.standIn, "cookie"]))).map { String($0.prefix { $0 != "\n" }) }
  }

  /// `arguments` as they run inside; `ip netns exec` replaces itself, so the process id is the command's.
  func command(_ arguments: [String]) -> [String] {
    entering + (isOwn ? [] : ["ip", "netns", "exec", name])
      + (opensTun ? ["sh", "-c", Self.openTun + " && exec \"$@\"", "sh"] : [])
      + (variables.isEmpty ? [] : ["env"] + variables) + arguments
  }

  @discardableResult
  func run(_ arguments: [String], input: String = "", timeout: Double = 120) throws -> Outcome {
    try CommandTests.run(command(arguments), input: input, timeout: timeout)
  }

  func start(_ arguments: [String]) throws -> Child { try Child(command(arguments)) }

  /// One or several lines of `ip` commands, words parted by spaces.
  func ip(_ lines: String) throws {
    try must(["ip", "-n", name, "-batch", "-"], input: lines + "\n")
  }

  /// `sysctl -w` of each `key=value`.
  func sysctl(_ settings: String...) throws {
    try must(command(["sysctl", "-q", "-w"] + settings))
  }

  /// A file below `/proc/sys/net`, as this namespace sees it.
  func setting(_ path: String) throws -> String {
    try must(command(["cat", "/proc/sys/net/\(path)"])).trimmed
  }

  /// Waits for what the kernel adds about a second after a link has a carrier: its IPv6 multicast route, and its
  /// link-local address where it makes one.
  func settle(_ link: String) throws {
    let multicast = try Clock.wait(5 * Clock.patience) {
      try !json("ip -j -6 route show table local ff00::/8 dev \(link)").elements.isEmpty
    }
    guard multicast else { throw CommandFailure(description: "\(link) has no IPv6 multicast route") }
    guard try json("ip -d -j link show dev \(link)")[0]["inet6_addr_gen_mode"].text != "none" else { return }
    _ = try Clock.wait(5 * Clock.patience) {
      try !json("ip -j addr show dev \(link) scope link -tentative")[0]["addr_info"].elements.isEmpty
        && json("ip -j addr show dev \(link) tentative").elements.allSatisfy {
          $0["addr_info"].elements.isEmpty
        }
    }
  }

  /// The answer of a command that prints JSON; an empty answer is an empty array.
  func json(_ arguments: String) throws -> JSON {
    let text = try must(command(arguments.words))
    return text.trimmed.isEmpty ? .array([]) : try JSON(parsing: text)
  }
}

extension String {
  var words: [String] { split { $0 == " " || $0 == "\n" }.map(String.init) }

  var trimmed: String {
    let kept = drop { $0.isWhitespace }
    return String(kept.reversed().drop { $0.isWhitespace }.reversed())
  }

  var lines: [String] { split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
}
