internal import Glibc

/// Programs where a system has them; the caller's own PATH is nobody's business here.
enum Executable {
  static func find(_ name: String) -> String? {
    ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin"]
      .map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }

  /// What starts a program under systemd in a scope of its own, so that it does not end with the caller's session or unit.
  /// Only root may ask for one.
  static func scope(_ description: String) -> [String] {
    guard geteuid() == 0, access("/run/systemd/system", F_OK) == 0, let program = find("systemd-run") else {
      return []
    }
    return [
      program, "--scope", "--quiet", "--collect", "--description=vnet-apply: \(description)",
      "--slice=system.slice", "--",
    ]
  }
}
