/// A port of the host, or many in a row, at which a program listens for a guest.
package struct HostForward: Hashable, Sendable {
  package var isUDP: Bool
  /// nil = every address of the host.
  package var listen: IPAddress?
  package var ports: ClosedRange<UInt16>
  /// The guest's first port.
  package var to: UInt16

  /// Those of a NIC, each transport by itself.
  package static func of(_ nic: NIC) -> [HostForward] {
    nic.forwards.flatMap { forward in
      [false, true].filter { forward.transport.includes(udp: $0) }.map { udp in
        HostForward(isUDP: udp, listen: forward.listen, ports: forward.ports, to: forward.to.lowerBound)
      }
    }
  }

  /// `hostfwd` of qemu(1), which knows no ranges: `tcp:127.0.0.1:8080-:80`.
  var qemu: [String] {
    ports.enumerated().map { offset, port in
      HostForward(isUDP: isUDP, listen: listen, ports: port...port, to: to + UInt16(offset)).description
    }
  }

  /// A word of passt(1): `--tcp-ports=127.0.0.1/8080-8081:80-81`.
  var passt: String {
    func range(_ first: UInt16) -> String {
      ports.count == 1 ? "\(first)" : "\(first)-\(first + UInt16(ports.count - 1))"
    }
    let address = listen.map { "\($0)/" } ?? ""
    return "--\(transport)-ports=\(address)\(range(ports.lowerBound)):\(range(to))"
  }

  private var transport: String { isUDP ? "udp" : "tcp" }

  /// `portForward` of libvirt's domain format.
  var libvirt: [String] {
    let address = listen.map { " address='\($0)'" } ?? ""
    let end = ports.count == 1 ? "" : " end='\(ports.upperBound)'"
    let inner = to == ports.lowerBound ? "" : " to='\(to)'"
    return [
      "  <portForward proto='\(transport)'\(address)>",
      "    <range start='\(ports.lowerBound)'\(end)\(inner)/>", "  </portForward>",
    ]
  }
}

extension HostForward {
  init?(passt word: String) {
    let pattern = /--(tcp|udp)-ports=(?:([0-9A-Fa-f.:]+)\/)?(\d+)(?:-(\d+))?:(\d+)(?:-\d+)?/
    guard let match = word.wholeMatch(of: pattern), let first = UInt16(match.3), let to = UInt16(match.5),
      let last = match.4.map({ UInt16($0) }) ?? first, first <= last
    else { return nil }
    let listen = match.2.map { IPAddress($0) }
    if let listen, listen == nil { return nil }
    self.init(isUDP: match.1 == "udp", listen: listen ?? nil, ports: first...last, to: to)
  }
}

extension HostForward: TextRepresentable {
  /// `tcp:127.0.0.1:8080-:80`, `tcp::8000-8010-:80`
  package var description: String {
    let own = ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)"
    let address = listen.map { $0.family == .ipv6 ? "[\($0)]" : "\($0)" } ?? ""
    return "\(transport):\(address):\(own)-:\(to)"
  }

  package init?(_ text: String) {
    let pattern = /(tcp|udp):(?:\[(.+)\]|([0-9.]*)):(\d+)(?:-(\d+))?-:(\d+)/
    guard let match = text.wholeMatch(of: pattern), let first = UInt16(match.4), let to = UInt16(match.6),
      let last = match.5.map({ UInt16($0) }) ?? first, first <= last
    else { return nil }
    let address = match.2 ?? match.3.flatMap { $0.isEmpty ? nil : $0 }
    let listen = address.map { IPAddress($0) }
    if let listen, listen == nil { return nil }
    self.init(isUDP: match.1 == "udp", listen: listen ?? nil, ports: first...last, to: to)
  }
}
