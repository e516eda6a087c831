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
