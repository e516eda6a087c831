/// A socket of the host that waits for connections or datagrams.
package struct Listener: Sendable, Hashable, Comparable, TextRepresentable {
  package var isUDP: Bool
  /// The unspecified address of its family for every one.
  package var address: IPAddress
  package var port: UInt16
  /// An IPv6 socket that hears nothing of IPv4 (IPV6_V6ONLY).
  package var isIPv6Only: Bool
  package var process: Holder?

  package init(
    isUDP: Bool, address: IPAddress, port: UInt16, isIPv6Only: Bool = false, process: Holder? = nil
  ) {
    self.isUDP = isUDP
    self.address = address
    self.port = port
    self.isIPv6Only = isIPv6Only
    self.process = process
  }

  /// Whether what is sent to `port` of `address` comes to it; nil for any address of the host.
  package func hears(udp: Bool, _ address: IPAddress?, _ port: UInt16) -> Bool {
    guard udp == isUDP, port == self.port else { return false }
    guard let address else { return true }
    if address == self.address { return true }
    guard self.address == .unspecified(self.address.family) else { return false }
    return address.family == self.address.family || self.address.family == .ipv6 && !isIPv6Only
  }

  /// `tcp 0.0.0.0 22 812 sshd`
  package init?(_ text: String) {
    let words = text.split(separator: " ", maxSplits: 4)
    guard words.count >= 3,
      let transport = ["tcp": false, "tcp6": false, "udp": true, "udp6": true][String(words[0])],
      let address = IPAddress(words[1]), let port = UInt16(words[2])
    else { return nil }
    self.init(isUDP: transport, address: address, port: port, isIPv6Only: words[0].hasSuffix("6"))
    if words.count == 5, let pid = Int32(words[3]) { process = Holder(pid: pid, name: String(words[4])) }
  }

  package var description: String {
    "\(isUDP ? "udp" : "tcp")\(isIPv6Only ? "6" : "") \(address) \(port)"
      + (process.map { " \($0.pid) \($0.name)" } ?? "")
  }

  package static func < (a: Listener, b: Listener) -> Bool { a.description < b.description }
}
