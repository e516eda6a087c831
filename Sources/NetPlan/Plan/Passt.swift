/// What passt(1) is told about a NIC: words of its command line, pure text.
///
/// Every value is a number, an address or a path that stands behind `=` in a word of its own; no shell reads them.
package struct Passt {
  var account: Service.Account
  var socket: String
  /// Where the guest finds the host's loopback; nil for nowhere.
  var hostLoopback: IPAddress?
  var forwards: [HostForward]
  /// Long options that the installed one knows.
  var options: Set<String>

  /// It has an address for the host's loopback that is not the guest's router, and takes no packet of the guest's that is
  /// sent to a loopback address itself (since December 2023, `tap4_handler`, tap.c).
  static func keepsLoopbackApart(_ options: some Sequence<String>) -> Bool {
    options.contains("map-host-loopback")
  }

  /// Left to itself it takes the guest's router for the host's loopback.
  var words: [String] {
    var words = [account.word, "--socket=\(socket)"]
    switch hostLoopback {
    case nil: words.append("--no-map-gw")
    case let address? where Passt.keepsLoopbackApart(options):
      // The first keeps the router of the other family from being one as well.
      words += ["--no-map-gw", "--map-host-loopback=\(address)"]
    case let address?: words += ["--gateway=\(address)", "--ipv4-only"]
    }
    return words + forwards.map(\.passt)
  }
}

extension Service {
  /// Ports of the host at which it listens.
  package var forwards: [HostForward] {
    id.program == .passt ? configuration.compactMap(HostForward.init(passt:)) : []
  }
}
