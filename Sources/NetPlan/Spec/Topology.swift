/// What the files ask for: every default applied, every count expanded, every name settled, every cross-check
/// that needs no host passed. The planner reads nothing else of a configuration.
///
/// Networks are sorted by name, VMs in the order of their names with numbers counted as numbers.
package struct Topology: Hashable, Sendable {
  /// Scope of ownership.
  package var name: String
  package var networks: [Network]
  package var vms: [VM]
  /// Risks accepted for the whole file.
  package var allow: [RiskAcceptance]
  package var coexist: Coexist
  /// For what is known on the host alone.
  let names: DerivedNames
}

/// `in-use`, or `in-use=OBJECT` where the acceptance holds for one object.
package struct RiskAcceptance: Hashable, Sendable {
  package var risk: String
  package var object: String?
  package var position: SourcePosition?

  package init(risk: String, object: String? = nil, position: SourcePosition? = nil) {
    self.risk = risk
    self.object = object
    self.position = position
  }
}

/// How a hardware NIC of the host is named: `uplink`, `proxy`, `nat.out`, `hardware`.
package enum HardwareReference: Hashable, Sendable {
  case name(LinkName)
  case mac(MACAddress)
  /// `0000:03:00.0`
  case pci(String)
  case defaultRoute
}

/// Opt-in remedies for the risks that a plan reports.
package struct Coexist: Hashable, Sendable {
  package var docker: Bool
  package var brNetfilterExempt: Bool
  package var firewalldZone: String?
  package var ufw: Bool
  package var networkManagerUnmanaged: Bool
  package var networkdUnmanaged: Bool
  package var written: [String: SourcePosition]
}
