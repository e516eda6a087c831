/// A program that serves a network or a NIC: what it is told, and whether it does.
///
/// All that it is told is here, so that a journal suffices to bring it back.
package struct Service: Described, Hashable {
  package var id: ServiceID
  /// Lines of its configuration, or words of its command line. It reads them once, when it starts.
  package var configuration: [String]
  /// Lines that say whose which address is; these and `names` it reads again when told to.
  package var hosts: [String]
  /// Lines of hosts(5).
  package var names: [String]
  package var state: Activity
  /// A VM is connected to it, and would lose its network with it; nil where it has no process.
  package var inUse: Bool?

  package init(
    id: ServiceID, configuration: [String], hosts: [String] = [], names: [String] = [],
    state: Activity = .running
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
    .always("subject", \.id.subject),
    .always("configuration", \.configuration),
    .always("hosts", \.hosts),
    .always("names", \.names),
    .always("state", \.state),
    .fact("in-use", \.inUse),
  ]

  /// Who is connected is no part of it.
  package static func == (a: Service, b: Service) -> Bool { fields.allSatisfy { $0.equal(a, b) } }

  package func hash(into hasher: inout Hasher) { hasher.combine(id) }

  package static var blank: Service {
    Service(id: ServiceID(program: .dnsmasq, name: "", subject: ""), configuration: [], hosts: [], names: [])
  }

  package enum Activity: String, Hashable, Sendable, JSONRepresentable {
    case running, stopped
    /// It runs, and may not have read again what changed.
    case stale
  }

  /// To become `self` it has to end and start anew.
  package func needsRestart(after before: Service) -> Bool {
    if state == .stopped { return false }
    // A process may be there and not serve.
    return before.state == .stopped ? before.inUse != nil : configuration != before.configuration
  }
}

package struct ServiceID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var program: Program
  /// Of the configuration.
  package var name: String
  /// Whom it serves: the name of a network, or `VM/NIC`.
  package var subject: String

  package init(program: Program, name: String, subject: String) {
    self.program = program
    self.name = name
    self.subject = subject
  }

  package enum Program: String, Hashable, Sendable, JSONRepresentable {
    /// DHCP, DNS and router advertisements.
    case dnsmasq
    /// The connections of one VM, made by an unprivileged process of the host.
    case passt
    /// A switch that VM software plugs into, and that holds the TAP for it.
    case vde

    /// It serves a NIC, and not a network.
    package var isOfNIC: Bool { self != .dnsmasq }
  }

  /// Its place in the configuration.
  package var path: String {
    guard program.isOfNIC, let slash = subject.firstIndex(of: "/") else { return "networks.\(subject)" }
    return "vms.\(subject[..<slash]).nics.\(subject[slash...].dropFirst())"
  }

  /// Its folder among those of its name: no name of a VM or a NIC has a colon.
  package var folderName: String { "\(program)-\(subject.replacing("/", with: ":"))" }

  package init?(name: String, folderName: String) {
    let parts = folderName.split(separator: "-", maxSplits: 1)
    guard parts.count == 2, let program = Program(rawValue: String(parts[0])) else { return nil }
    self.init(program: program, name: name, subject: String(parts[1].replacing(":", with: "/")))
  }

  package var description: String { "\(program)/\(name)/\(subject)" }

  package static func < (a: ServiceID, b: ServiceID) -> Bool {
    (a.name, a.subject, a.program.rawValue) < (b.name, b.subject, b.program.rawValue)
  }
}
