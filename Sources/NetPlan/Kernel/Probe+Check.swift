internal import Glibc

extension Probe {
  /// Asks until there is an answer, for `timeout` seconds; the error is the last thing that was heard, or that nothing was.
  package func check(timeout: Double) -> HostError? {
    let end = Deadline.now + UInt64(timeout * 1000)
    while true {
      let silence: String
      do throws(HostError) {
        guard let missing = try ask(until: min(end, Deadline.now + 1000)) else { return nil }
        silence = missing
      } catch {
        silence = error.message
      }
      if Deadline.now + 50 >= end {
        return HostError(
          operation: "probe \(self)", errno: 0, message: "\(silence), for \(Probe.text(seconds: timeout))",
          hint: "the host was given back its former network; --probe-timeout waits longer")
      }
      usleep(50_000)
    }
  }

  private static func text(seconds: Double) -> String {
    seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(Int(seconds * 1000)) ms"
  }

  /// Once; nil when there was an answer, and otherwise what is missing.
  private func ask(until end: UInt64) throws(HostError) -> String? {
    switch self {
    case .gateway: return try Gateways.ask(waiting: end > Deadline.now ? end - Deadline.now : 0)
    case .dns(let name):
      return try InternetName.addresses(of: name, port: 0).isEmpty ? "it has no address" : nil
    case .ping(let host):
      for address in try InternetName.addresses(of: host, port: 0) {
        if try Echo(to: address).isAnswered(until: end) { return nil }
      }
      return "no echo comes back"
    case .tcp(let host, let port):
      var reason = "no connection"
      for address in try InternetName.addresses(of: host, port: port) {
        guard let failure = InternetName.connect(to: address, until: end) else { return nil }
        reason = String(cString: strerror(failure))
      }
      return reason
    }
  }
}
