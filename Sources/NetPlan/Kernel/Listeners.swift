internal import Glibc
internal import Netlink

extension LinuxHost {
  /// Adds to the facts of later observations on which ports processes wait (sock_diag(7)).
  package mutating func lookUpListeners() throws(HostError) {
    var found: [(Listener, inode: UInt32)] = []
    do throws(NetlinkError) {
      var socket = try DiagnosticSocket()
      for family in AddressFamily.allCases {
        for (transport, states) in [
          (InetSocket.Transport.tcp, Set([InetSocket.State.listen])), (.udp, [.close]),
        ] {
          for other in try socket.list(family: family.rawValue, transport, in: states) {
            let address = IPAddress(other.local)
            let listener = Listener(
              isUDP: transport == .udp, address: address, port: other.localPort,
              isIPv6Only: other.isIPv6Only ?? false)
            found.append((listener, other.inode))
          }
        }
      }
    } catch {
      throw HostError(error)
    }
    let holders = try socketHolders(of: Set(found.map(\.inode)))
    listeners = found.map { listener, inode in
      var listener = listener
      listener.process = holders[inode]
      return listener
    }.sorted()
  }

  /// Adds to the facts of later observations who is logged in from elsewhere, and which file systems are. The sockets tell,
  /// not the environment, which sudo and tmux lose.
  package mutating func lookUpLifelines() throws(HostError) {
    var found: [UInt32: RemoteSession] = [:]
    do throws(NetlinkError) {
      var socket = try DiagnosticSocket()
      for family in AddressFamily.allCases {
        for other in try socket.list(family: family.rawValue, .tcp, in: [.established]) {
          let (local, remote) = (IPAddress(other.local).plain, IPAddress(other.remote).plain)
          if !remote.isLoopback { found[other.inode] = RemoteSession(local: local, remote: remote) }
        }
      }
    } catch {
      throw HostError(error)
    }
    // `sshd-session` since OpenSSH 9.8; dropbear is the other one that is common.
    let servers = try socketHolders(of: Set(found.keys)).filter { _, holder in
      holder.name.hasPrefix("sshd") || holder.name == "dropbear"
    }
    do throws(NetlinkError) {
      var facts = try readFacts()
      facts.sessions = Set(servers.keys.compactMap { found[$0] }).sorted()
      facts.remoteMounts = (ProcFile.read("/proc/self/mountinfo") ?? "").split(separator: "\n")
        .compactMap(RemoteMount.init(mountinfo:))
      self.facts = facts
    } catch {
      throw HostError(error)
    }
  }
}

extension IPAddress {
  /// What an IPv6 socket calls `::ffff:192.0.2.1` is an IPv4 address.
  fileprivate var plain: IPAddress {
    family == .ipv6 && value >> 32 == 0xffff ? IPAddress(family: .ipv4, value: value & 0xffff_ffff) : self
  }
}
