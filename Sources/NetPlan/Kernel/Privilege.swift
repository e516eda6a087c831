internal import Glibc

/// What a process may do, by the effective set of capabilities(7).
package enum Capability: Int, Sendable {
  case netAdmin = 12
  case sysAdmin = 21

  package var name: String { self == .netAdmin ? "CAP_NET_ADMIN" : "CAP_SYS_ADMIN" }

  package var isEffective: Bool {
    let status = ProcFile.read("/proc/self/status") ?? ""
    for line in status.split(separator: "\n") where line.hasPrefix("CapEff:") {
      let digits = line.dropFirst(7).drop { $0 == "\t" || $0 == " " }
      return (UInt64(digits, radix: 16) ?? 0) >> UInt64(rawValue) & 1 == 1
    }
    return geteuid() == 0
  }
}
