internal import Netlink

// The model's values in the codec's terms, and back.

extension IPAddress {
  init(_ address: InternetAddress) {
    self.init(family: address.isIPv6 ? .ipv6 : .ipv4, value: address.value)
  }

  var netlink: InternetAddress {
    family == .ipv4 ? InternetAddress(v4: UInt32(truncatingIfNeeded: value)) : InternetAddress(v6: value)
  }
}

extension MACAddress {
  /// nil where the link layer is no Ethernet.
  init?(_ address: LinkLayerAddress?) {
    guard let mac = address?.mac else { return nil }
    self.init(bits: mac)
  }

  var netlink: LinkLayerAddress { LinkLayerAddress(mac: bits) }
}

extension HostError {
  init(_ error: NetlinkError) {
    var message = NetlinkError.text(of: error.errno)
    if let name = NetlinkError.name(of: error.errno) { message += " (\(name))" }
    if let text = error.message, !text.isEmpty { message += ": \(text)" }
    self.init(
      operation: error.operation, errno: error.errno, message: message, hint: HostError.hint(error.errno))
  }

  /// For a system call that failed with `errno`.
  init(_ operation: String, errno: Int32) { self.init(NetlinkError(operation: operation, errno: errno)) }

  private static func hint(_ errno: Int32) -> String? {
    switch errno {
    case 1: "this needs CAP_NET_ADMIN in the network namespace (run it as root)"
    default: nil
    }
  }
}

extension StepOutcome {
  init(_ outcome: Outcome) {
    switch outcome {
    case .done: self = .done
    case .failed(let error), .notSent(let error): self = .failed(HostError(error))
    case .unknown(let error): self = .unknown(HostError(error))
    }
  }
}
