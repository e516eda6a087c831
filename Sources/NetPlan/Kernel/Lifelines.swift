internal import Glibc
internal import Netlink

extension LinuxHost {
  /// Those of the logins from elsewhere that `matters` says. The sockets tell, not the environment, which sudo and tmux lose.
  ///
  /// Whose a socket is takes a look at every process, so it is asked of those that matter alone.
  package func sessions(where matters: (RemoteSession) -> Bool) throws(HostError) -> [RemoteSession] {
    var found: [UInt32: RemoteSession] = [:]
    for socket in try sockets(.tcp, in: [.established]) {
      let session = RemoteSession(
        local: IPAddress(socket.local).plain, remote: IPAddress(socket.remote).plain)
      if !session.remote.isLoopback, matters(session) { found[socket.inode] = session }
    }
    if found.isEmpty { return [] }
    // `sshd-session` since OpenSSH 9.8; dropbear is the other one that is common.
    let servers = try socketHolders(of: Set(found.keys)).filter { _, holders in
      holders.contains { $0.name.hasPrefix("sshd") || $0.name == "dropbear" }
    }
    return Set(servers.keys.compactMap { found[$0] }).sorted()
  }

  /// Mounted file systems whose servers are elsewhere.
  package var remoteMounts: [RemoteMount] {
    (ProcFile.read("/proc/self/mountinfo") ?? "").split(separator: "\n")
      .compactMap(RemoteMount.init(mountinfo:))
  }
}

/// Sockets of the thread's network namespace, of both families, by sock_diag(7); where the kernel has no such thing
/// (`CONFIG_INET_DIAG`), as proc_net(5) shows them.
func sockets(
  _ transport: InetSocket.Transport, in states: Set<InetSocket.State>
) throws(HostError) -> [InetSocket] {
  var found: [InetSocket] = []
  do throws(NetlinkError) {
    var socket = try DiagnosticSocket()
    for family in AddressFamily.allCases {
      found += try socket.list(family: family.rawValue, transport, in: states)
    }
    return found
  } catch {
    guard [ENOENT, EPROTONOSUPPORT].contains(error.errno) else { throw HostError(error) }
  }
  for file in ["\(transport)", "\(transport)6"] {
    guard let bytes = try Disk.read("/proc/thread-self/net/\(file)") else { continue }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst()
    found += lines.compactMap { InetSocket(line: $0, transport) }
      .filter { $0.state.map(states.contains) ?? false }
  }
  return found
}

extension IPAddress {
  /// What an IPv6 socket calls `::ffff:192.0.2.1` is an IPv4 address.
  fileprivate var plain: IPAddress {
    family == .ipv6 && value >> 32 == 0xffff ? IPAddress(family: .ipv4, value: value & 0xffff_ffff) : self
  }
}
