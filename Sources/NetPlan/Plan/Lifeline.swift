/// A login from elsewhere: an established connection of an SSH server.
package struct RemoteSession: Sendable, Hashable, Comparable, TextRepresentable {
  package var local: IPAddress
  package var remote: IPAddress

  package init(local: IPAddress, remote: IPAddress) { (self.local, self.remote) = (local, remote) }

  /// `192.0.2.10 198.51.100.7`
  package init?(_ text: String) {
    let words = text.split(separator: " ")
    guard words.count == 2, let local = IPAddress(words[0]), let remote = IPAddress(words[1]) else {
      return nil
    }
    self.init(local: local, remote: remote)
  }

  package var description: String { "\(local) \(remote)" }

  package static func < (a: RemoteSession, b: RemoteSession) -> Bool {
    (a.remote, a.local) < (b.remote, b.local)
  }
}

/// A mounted file system whose server is elsewhere.
package struct RemoteMount: Sendable, Hashable, TextRepresentable {
  package var server: IPAddress
  /// `nfs4`, `cifs`, `ceph`
  package var kind: String
  package var place: String

  /// `192.0.2.5 nfs4 /srv`
  package init?(_ text: String) {
    let words = text.split(separator: " ", maxSplits: 2).map(String.init)
    guard words.count == 3, let server = IPAddress(words[0]) else { return nil }
    (self.server, kind, place) = (server, words[1], words[2])
  }

  package var description: String { "\(server) \(kind) \(place)" }

  /// Of a line of proc_pid_mountinfo(5); nil for one that names no server. NFS and CIFS resolve the name and keep the
  /// address as an option (`addr=`); Ceph's source begins with a monitor's.
  package init?(mountinfo line: some StringProtocol) {
    let words = line.split(separator: " ")
    guard let dash = words.firstIndex(of: "-"), words.count > dash + 3, words.count > 4 else { return nil }
    let (kind, source, options) = (words[dash + 1], words[dash + 2], words[dash + 3])
    let option = options.split(separator: ",").first { $0.hasPrefix("addr=") }?.dropFirst("addr=".count)
    let monitor = kind == "ceph" ? String(source.prefix { $0 != "," }) : nil
    guard let server = option.flatMap({ IPAddress($0) }) ?? monitor.flatMap(RemoteMount.address(of:)) else {
      return nil
    }
    (self.server, self.kind, place) = (server, String(kind), String(words[4]))
  }

  /// `192.0.2.5:6789`, `[2001:db8::5]:6789:/`
  private static func address(of monitor: String) -> IPAddress? {
    if monitor.hasPrefix("[") { return IPAddress(monitor.dropFirst().prefix { $0 != "]" }) }
    return IPAddress(monitor.prefix { $0 != ":" })
  }
}
