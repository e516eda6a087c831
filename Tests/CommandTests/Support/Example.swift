import Glibc
import Testing
import Witness

/// A file of examples/.
struct Example: Sendable, CustomTestStringConvertible {
  let name: String

  static let all: [Example] =
    ((try? must(["ls", "\(Tools.repository)/examples"])) ?? "").words.map(Example.init)

  var testDescription: String { name }
  var path: String { "\(Tools.repository)/examples/\(name)" }
  private var text: String { (try? must(["sed", "s/#.*//", path])) ?? "" }

  var namesNetns: Bool { text.contains(/\bnetns:/) }
  /// The VM software does all by itself.
  var asksNothing: Bool {
    !text.contains("networks:") && !text.contains(/mode: (tap|bridged|dedicated)|via: (nat|passt)/)
  }

  var namesSwitches: Bool { text.contains("via: vde") }

  /// The VM software makes ports of which only the beginning of the name is known.
  var awaitsPatterns: Bool { text.contains("via: vmm}") }

  /// The guest has hardware that only the lab's machine has to give.
  var namesDevices: Bool { text.contains(/via: (vfio|sriov)/) }

  /// NICs that the VM software has by itself.
  var userModes: Int { text.matches(of: /mode: shared(?!, via)/).count }

  /// Ports that it makes later, and hardware that went to a namespace as it is.
  var others: Int { text.matches(of: /via: (vmm|netns)/).count }

  var namesVLANs: Bool { text.contains(/\b(vlan|trunk|native):/) }

  /// Names of what must be there before it: hardware, and bridges of somebody else.
  var hardware: Set<String> {
    Set(text.matches(of: /\b(?:uplink|proxy|out|hardware): *(\w+)/).map { String($0.1) })
  }
  var bridges: Set<String> { Set(text.matches(of: /\bexisting: *(\w+)/).map { String($0.1) }) }

  /// A host that has what the file is for.
  func withHost(_ body: (Host) throws -> Void) throws {
    // Names of network namespaces are the machine's: whoever else tries the file waits.
    let file = open(path, O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    if namesNetns { flock(file, LOCK_EX) }
    try Host.with { host in
      var host = host
      host.isEnteredByName = namesNetns
      host.space.opensTun = namesSwitches
      for name in hardware.subtracting(["eth1"]) {
        try host.space.ip("link add name \(name) type veth peer name \(name)-lan\nlink set \(name) up")
      }
      for name in bridges {
        // Like one in use, it has a MAC of its own, a port and a carrier; without, it takes MAC and offloads from
        // ours (`br_stp_recalculate_bridge_id`, `br_features_recompute`), and its link-local address comes late.
        try host.space.ip(
          """
          link add name \(name) address 52:54:00:5e:00:01 type bridge
          link add name vnet9 type veth peer name vnet9-vm
          link set vnet9-vm up
          link set vnet9 master \(name) up
          link set \(name) up
          """)
        try host.space.settle(name)
      }
      // As systemd sets it (50-default.conf of sysctl.d); the kernel's own lets nobody ping.
      try host.space.sysctl("net.ipv4.ping_group_range=0 2147483647")
      try body(host)
    }
  }
}
