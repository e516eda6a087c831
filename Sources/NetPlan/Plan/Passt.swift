/// What passt(1) is told about a NIC: words of its command line, pure text.
///
/// Every value is a number, an address or a path that stands behind `=` in a word of its own; no shell reads them.
package struct Passt {
  var user: UInt32
  var group: UInt32
  var socket: String
  /// Where the guest finds the host's loopback; nil for nowhere.
  var hostLoopback: IPAddress?
  var forwards: [HostForward]
  /// Long options that the installed one knows.
  var options: Set<String>

  package static let runAs = "--runas="
  private static let socketOption = "--socket="

  /// It has an address for the host's loopback that is not the guest's router, and takes no packet of the guest's that is
  /// sent to a loopback address itself (since December 2023, `tap4_handler`, tap.c).
  static func keepsLoopbackApart(_ options: some Sequence<String>) -> Bool {
    options.contains("map-host-loopback")
  }

  /// Left to itself it takes the guest's router for the host's loopback.
  var words: [String] {
    var words = ["\(Passt.runAs)\(user):\(group)", Passt.socketOption + socket]
    switch hostLoopback {
    case nil: words.append("--no-map-gw")
    case let address? where Passt.keepsLoopbackApart(options):
      // The first keeps the router of the other family from being one as well.
      words += ["--no-map-gw", "--map-host-loopback=\(address)"]
    case let address?: words += ["--gateway=\(address)", "--ipv4-only"]
    }
    return words + forwards.map(\.passt)
  }

  /// A word that somebody besides passt has to understand.
  package enum Word {
    case account(user: UInt32, group: UInt32)
    case socket(String)
    case forward(HostForward)

    package init?(_ text: String) {
      if text.hasPrefix(Passt.socketOption) {
        self = .socket(String(text.dropFirst(Passt.socketOption.count)))
      } else if text.hasPrefix(Passt.runAs) {
        let ids = text.dropFirst(Passt.runAs.count).split(separator: ":").map { UInt32($0) }
        guard ids.count == 2, let user = ids[0], let group = ids[1] else { return nil }
        self = .account(user: user, group: group)
      } else if let forward = HostForward(passt: text) {
        self = .forward(forward)
      } else {
        return nil
      }
    }

    package var account: (user: UInt32, group: UInt32)? {
      if case .account(let user, let group) = self { (user, group) } else { nil }
    }

    package var socket: String? { if case .socket(let path) = self { path } else { nil } }
    package var forward: HostForward? { if case .forward(let forward) = self { forward } else { nil } }
  }
}

extension Service {
  private var passtWords: [Passt.Word] {
    id.program == .passt ? configuration.compactMap(Passt.Word.init) : []
  }

  /// Where the VM software finds it.
  package var socket: String? { passtWords.lazy.compactMap(\.socket).first }

  /// Ports of the host at which it listens.
  package var forwards: [HostForward] { passtWords.compactMap(\.forward) }
}
