/// A question whose answer says that a host still has its network.
package enum Probe: Sendable, Hashable, TextRepresentable {
  /// Who is the way out of the host answers, by address resolution or by an echo.
  case gateway
  /// An echo comes back (RFC 792, RFC 4443).
  case ping(String)
  /// A connection comes to be.
  case tcp(host: String, port: UInt16)
  /// The host's resolver finds an address.
  case dns(String)

  /// `gateway`, `ping:HOST`, `tcp:HOST:PORT`, `tcp:[2001:db8::1]:22`, `dns:NAME`
  package init?(_ text: String) {
    if text == "gateway" {
      self = .gateway
      return
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, Probe.isName(parts[1].filter { $0 != "[" && $0 != "]" && $0 != "%" }) else {
      return nil
    }
    switch parts[0] {
    case "ping": self = .ping(Probe.bare(parts[1]))
    case "dns": self = .dns(parts[1])
    case "tcp":
      guard let colon = parts[1].lastIndex(of: ":"), colon != parts[1].startIndex,
        let port = UInt16(parts[1][parts[1].index(after: colon)...]), port > 0
      else { return nil }
      let host = String(parts[1][..<colon])
      // An address with colons of its own says by brackets where it ends (RFC 3986, section 3.2.2).
      guard !host.contains(":") || host.hasPrefix("[") && host.hasSuffix("]") else { return nil }
      self = .tcp(host: Probe.bare(host), port: port)
    default: return nil
    }
  }

  package var description: String {
    switch self {
    case .gateway: "gateway"
    case .ping(let host): "ping:\(host)"
    case .tcp(let host, let port): host.contains(":") ? "tcp:[\(host)]:\(port)" : "tcp:\(host):\(port)"
    case .dns(let name): "dns:\(name)"
    }
  }

  private static func bare(_ host: String) -> String {
    host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
  }

  private static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } && !text.hasPrefix("-")
  }
}
