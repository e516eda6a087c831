/// Sockets of the file system, as `/proc/net/unix` lists those of a network namespace.
enum UnixSockets {
  /// Whether somebody is connected to the socket at `path`: what `accept` returned has the name of what listens
  /// (`unix_stream_connect`, net/unix/af_unix.c).
  static func isConnected(_ path: String) -> Bool {
    // Num RefCount Protocol Flags Type St Inode Path; SS_CONNECTED is 03.
    (ProcFile.read("/proc/thread-self/net/unix") ?? "").split(separator: "\n").contains { line in
      let words = line.split(separator: " ", maxSplits: 7, omittingEmptySubsequences: true)
      return words.count == 8 && words[5] == "03" && words[7] == path
    }
  }
}
