import Glibc

extension Host {
  /// Processes of a program in the host's namespace, by its name in /proc.
  func processes(of program: String) -> [Int32] {
    space.processes.filter { pid in
      (try? must(["cat", "/proc/\(pid)/comm"]).hasPrefix(program)) ?? false
    }
  }

  /// Where the program of a NIC has its files: `passt-web:eth0`.
  func programFolder(_ name: String) -> String {
    "/run/vnet-apply/\(space.cookie ?? "")/services/p/\(name)/guest"
  }

  /// Lines of the process's status in /proc: `Uid`, `Gid`, `Groups` …
  func status(_ pid: Int32, _ key: String) throws -> [String] {
    try must(["cat", "/proc/\(pid)/status"]).lines.first { $0.hasPrefix(key + ":") }?
      .replacing("\t", with: " ").words.dropFirst().map { $0 } ?? []
  }
}
