package struct Forward: Hashable, Sendable {
  package enum Transport: String, Hashable, Sendable, CaseIterable {
    case tcp, udp
    case both = "tcp+udp"
  }
  package var transport: Transport
  /// nil = every address of the host.
  package var listen: IPAddress?
  package var ports: ClosedRange<UInt16>
  package var to: ClosedRange<UInt16>
  package var from: [IPPrefix]
  package var position: SourcePosition?
}

extension Forward {
  /// As it is written in one line; where it listens and whom it lets in are said.
  var words: String {
    func range(_ ports: ClosedRange<UInt16>) -> String {
      ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)"
    }
    let place = listen.map { $0.family == .ipv6 ? "[\($0)]:" : "\($0):" } ?? ""
    let sources = from.isEmpty ? "" : " from " + from.map { "\($0)" }.joined(separator: " ")
    return "\(transport.rawValue) \(place)\(range(ports)) -> \(range(to))\(sources)"
  }
}
