// Words of the command line of a program that serves one NIC, which others than that program have to understand.

extension Service {
  /// Whom it runs as.
  package struct Account: Hashable, Sendable {
    package var user: UInt32
    package var group: UInt32

    package init(user: UInt32, group: UInt32) {
      self.user = user
      self.group = group
    }

    static let option = "runas"

    package var word: String { "--\(Account.option)=\(user):\(group)" }
  }

  package var account: Account? {
    let ids = value(of: Account.option)?.split(separator: ":").map { UInt32($0) } ?? []
    guard ids.count == 2, let user = ids[0], let group = ids[1] else { return nil }
    return Account(user: user, group: group)
  }

  /// Where the VM software finds it: the socket of a passt, the folder in which a switch has its sockets.
  package var socket: String? {
    switch id.program {
    case .dnsmasq: nil
    case .passt: value(of: "socket")
    case .vde: value(of: "sock")
    }
  }

  /// The TAP that it holds open for its VM.
  package var tap: LinkName? { id.program == .vde ? value(of: "tap").map(LinkName.init(kernel:)) : nil }

  private func value(of option: String) -> String? {
    guard id.program.isOfNIC else { return nil }
    let head = "--\(option)="
    return configuration.first { $0.hasPrefix(head) }.map { String($0.dropFirst(head.utf8.count)) }
  }
}

extension State {
  /// The switch that holds a TAP, by the TAP.
  package var switches: [LinkName: Service] {
    Dictionary(
      services.compactMap { service in service.tap.map { ($0, service) } }, uniquingKeysWith: { a, _ in a })
  }
}
