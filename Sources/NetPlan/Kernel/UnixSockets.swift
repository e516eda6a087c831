internal import Glibc

/// Sockets of the file system, as `/proc/net/unix` lists those of a network namespace.
enum UnixSockets {
  /// Whether somebody is connected to the socket at `path`: what `accept` returned has the name of what listens
  /// (`unix_stream_connect`, net/unix/af_unix.c).
  static func isConnected(_ path: String) -> Bool {
    // Num RefCount Protocol Flags Type St Inode Path; SS_CONNECTED is 03.
    contains { $0.state == "03" && $0.path == path }
  }

  /// Whether somebody is plugged into the switch whose sockets are in `folder`: for each port it binds one of its own there,
  /// beside the one at which it listens (`newport`, datasock.c of vde_switch). Those of who is plugged in may be in another
  /// network namespace, where nobody sees them here.
  static func hasPorts(in folder: String) -> Bool {
    // The switch has resolved all links (`vde_realpath`).
    guard let resolved = realpath(folder, nil) else { return false }
    defer { free(resolved) }
    let head = String(cString: resolved) + "/"
    return contains { $0.path.hasPrefix(head) && $0.path.dropFirst(head.utf8.count) != "ctl" }
  }

  private static func contains(_ isMeant: ((state: Substring, path: Substring)) -> Bool) -> Bool {
    (ProcFile.read("/proc/thread-self/net/unix") ?? "").split(separator: "\n").contains { line in
      let words = line.split(separator: " ", maxSplits: 7, omittingEmptySubsequences: true)
      return words.count == 8 && isMeant((words[5], words[7]))
    }
  }
}
