import Glibc

/// The programs under test and the witnesses.
enum Tools {
  /// The binary under test: `VNET_APPLY_BIN`, else the one built beside the test executable.
  static let vnetApply = environment("VNET_APPLY_BIN") ?? beside("vnet-apply")
  static let standIn = beside("stand-in")

  private static func beside(_ name: String) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let path = String(decoding: buffer[..<max(0, length)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return path.prefix(path.lastIndex(of: "/").map { path.distance(from: path.startIndex, to: $0) } ?? 0)
      + "/" + name
  }

  /// The folder that the sources stand in.
  static let repository = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()

  /// A variable of the environment that the tests were started in.
  static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// The schemas that libvirt holds domains against, installed or as scripts/setup unpacks them.
  static let libvirtSchemas: String? = {
    let cache = environment("XDG_CACHE_HOME") ?? (environment("HOME") ?? "/root") + "/.cache"
    return ["", "\(cache)/vnet-apply/libvirt"].map { $0 + "/usr/share/libvirt/schemas" }.first {
      access($0 + "/domain.rng", R_OK) == 0
    }
  }()

  static func has(_ program: String) -> Bool {
    (try? run(["sh", "-c", "command -v \(program)"]).code == 0) ?? false
  }
}

/// What the machine must offer; every test says by name what it lacks.
enum Gate {
  static let root = geteuid() == 0
  static let strace = root && Tools.has("strace")
  static let nft = Tools.has("nft")
  static let iptables = Tools.has("iptables-nft")
  static let firewalld = ready && nft && Firewalld.isReady
  static let firewalldComment =
    "needs root, /dev/net/tun, iproute2, nft, dbus-daemon, the built vnet-apply, and firewalld as scripts/setup unpacks it"
  static let tun = root && access("/dev/net/tun", R_OK | W_OK) == 0
  static let ready = root && tun && Tools.has("bridge") && access(Tools.vnetApply, X_OK) == 0

  static let readyComment = "needs root, /dev/net/tun, iproute2 and the built vnet-apply"

  static let services = ready && Tools.has("dnsmasq") && Tools.has("dhclient") && Tools.has("dig")
  static let servicesComment = "needs also dnsmasq, dhclient and dig"

  /// Bridge VLAN filtering, which some kernels are built without.
  static let vlanFiltering: Bool = {
    guard root, let space = try? Namespace() else { return false }
    defer { space.delete() }
    return (try? space.ip("link add name gate type bridge vlan_filtering 1")) != nil
  }()

  /// VLAN interfaces (802.1Q), with which a LAN is a trunk.
  static let vlanLinks: Bool = {
    guard root, let space = try? Namespace() else { return false }
    defer { space.delete() }
    return (try? space.ip("link add link lo name gate type vlan id 10")) != nil
      || (try? space.ip(
        "link add gate0 type veth peer name gate1\nlink add link gate0 name gate type vlan id 10")) != nil
  }()

  /// Folders with a layer of their own, for one process and what it starts.
  static let mounts: Bool = {
    let script =
      "mkdir m; mount -t tmpfs none m && mkdir m/new m/work && mount -t overlay overlay -o lowerdir=/etc,upperdir=m/new,workdir=m/work /etc"
    guard root, let files = try? TemporaryFolder() else { return false }
    defer { files.delete() }
    return (try? run(["unshare", "-m", "sh", "-c", "cd \(files.path) && \(script)"]).code == 0) ?? false
  }()

  /// The hooks before a bridge by which its uplink loses nothing (tcx, Linux 6.6).
  static let detours = isLinux([6, 6])

  /// An interface that is up can have another name (`dev_change_name`, Linux 6.2).
  static let renamesLive = isLinux([6, 2])

  private static func isLinux(_ version: [Int]) -> Bool {
    let release = (try? must(["uname", "-r"])) ?? ""
    let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    return !numbers.lexicographicallyPrecedes(version)
  }

  /// IPv6 forwarding of one interface (`force_forwarding`, Linux 6.17).
  static let forceForwarding = access("/proc/sys/net/ipv6/conf/lo/force_forwarding", R_OK) == 0
}
