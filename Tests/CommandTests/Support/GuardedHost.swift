import Glibc
import Witness

extension Host {
  /// Where this namespace's journal is.
  var stateFolder: String { "/run/vnet-apply/\(space.cookie ?? "")" }

  /// The processes that see to a change that is not confirmed.
  var guards: [pid_t] {
    space.processes.filter { pid in
      let words = ((try? run(["cat", "/proc/\(pid)/cmdline"]).stdout) ?? "").split(separator: "\0")
      return words.contains("guard")
    }
  }

  func hasNoGuards(within seconds: Double = 5) -> Bool {
    Clock.wait(seconds * Clock.patience) { guards.isEmpty }
  }

  /// Whether the host comes to be that by itself.
  func becomes(_ dump: Dump, within seconds: Double) throws -> Bool {
    try Clock.wait(seconds * Clock.patience) {
      try run(["test", "-e", stateFolder + "/journal.waiting"]).code != 0
        && run(["test", "-e", stateFolder + "/journal"]).code != 0
        && space.dump().difference(to: dump).isEmpty
    }
  }
}
