package struct VM: Hashable, Sendable {
  package var name: String
  package var was: String?
  package var position: SourcePosition?
  package var vmm: VMM
  package var owner: Owner?
  package var netns: Sourced<String>?
  /// Where this VM came from a `count`: the stanza's name, for folding alike lines.
  package var stanza: String?
  /// Its number within the stanza, 1 … N.
  package var number: Int?
  package var allow: [RiskAcceptance]
  /// Keys of the VM itself that the file writes out for it or as a default, with their places.
  package var written: [String: SourcePosition]
  /// Sorted by name, numbers counted as numbers.
  package var nics: [NIC]
}

package enum VMM: String, Hashable, Sendable, CaseIterable {
  case qemu, firecracker
  case cloudHypervisor = "cloud-hypervisor"
  case crosvm, libvirt
}

/// Who may open a TAP. Names are looked up on the host, at plan time.
package struct Owner: Hashable, Sendable {
  package var user: Sourced<Account>?
  package var group: Sourced<Account>?

  package enum Account: Hashable, Sendable {
    case name(String)
    case id(UInt32)
  }
}
