/// A program that serves a network: what it is told, and whether it does.
///
/// All that it is told is here, so that a journal suffices to bring it back.
package struct Service: Described, Hashable {
  package var id: ServiceID
  /// Lines of its configuration. It reads them once, when it starts.
  package var configuration: [String]
  /// Lines that say whose which address is; these and `names` it reads again when told to.
  package var hosts: [String]
  /// Lines of hosts(5).
  package var names: [String]
  package var state: Activity

  package init(
    id: ServiceID, configuration: [String], hosts: [String], names: [String], state: Activity = .running
  ) {
    self.id = id
    self.configuration = configuration
    self.hosts = hosts
    self.names = names
    self.state = state
  }

  package static let fields: [Field<Service>] = [
    .always("program", \.id.program),
    .always("name", \.id.name),
    .always("network", \.id.network),
    .always("configuration", \.configuration),
    .always("hosts", \.hosts),
    .always("names", \.names),
    .always("state", \.state),
  ]

  package static var blank: Service {
    Service(id: ServiceID(program: .dnsmasq, name: "", network: ""), configuration: [], hosts: [], names: [])
  }

  package enum Activity: String, Hashable, Sendable, JSONRepresentable {
    case running, stopped
    /// It runs, and may not have read again what changed.
    case stale
  }

  /// To become `self` it has to end and start anew.
  package func needsRestart(after before: Service) -> Bool {
    state != .stopped && before.state != .stopped && configuration != before.configuration
  }
}

package struct ServiceID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var program: Program
  /// Of the configuration.
  package var name: String
  package var network: String

  package init(program: Program, name: String, network: String) {
    self.program = program
    self.name = name
    self.network = network
  }

  package enum Program: String, Hashable, Sendable, JSONRepresentable {
    /// DHCP, DNS and router advertisements.
    case dnsmasq
  }

  package var description: String { "\(program)/\(name)/\(network)" }

  package static func < (a: ServiceID, b: ServiceID) -> Bool {
    (a.name, a.network, a.program.rawValue) < (b.name, b.network, b.program.rawValue)
  }
}
