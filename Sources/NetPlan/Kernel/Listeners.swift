internal import Glibc
internal import Netlink

extension LinuxHost {
  /// Adds to the facts of later observations on which ports processes wait (sock_diag(7)).
  package mutating func lookUpListeners() throws(HostError) {
    var found: [(Listener, inode: UInt32)] = []
    for (transport, states) in [
      (InetSocket.Transport.tcp, Set([InetSocket.State.listen])), (.udp, [.close]),
    ] {
      for other in try sockets(transport, in: states) {
        let listener = Listener(
          isUDP: transport == .udp, address: IPAddress(other.local), port: other.localPort,
          isIPv6Only: other.isIPv6Only ?? false)
        found.append((listener, other.inode))
      }
    }
    let holders = try socketHolders(of: Set(found.map(\.inode)))
    listeners = found.map { listener, inode in
      var listener = listener
      listener.process = holders[inode]?.last
      return listener
    }.sorted()
  }
}
