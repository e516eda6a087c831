import Testing
import Witness

@Suite(
  "attach, for each way to a NIC and each VM software",
  .enabled(if: Gate.vde, Comment(rawValue: Gate.vdeComment)))
struct AttachPairsTests {
  /// A VM for each way, by its name.
  private static let text = """
    name: pairs
    networks:
      lab: {nat: true, address: 10.7.0.1/24, dhcp: false, dns: false, ra: false}
      yard: {}
    vms:
      port: {nics: {eth0: {network: lab}}}
      bridge: {nics: {eth0: {network: yard, mtu: 1400, queues: 2}}}
      tap: {nics: {eth0: {mode: tap, address: 10.9.0.1}}}
      nat: {nics: {eth0: {mode: shared, via: nat, address: 10.9.0.2}}}
      user: {nics: {eth0: {mode: shared, forward: ["[::1]:8080 -> 80", "127.0.0.1:5000-5010 -> 6000-6010"]}}}
      vde: {nics: {eth0: {mode: tap, via: vde, network: yard}}}
      macvtap: {nics: {eth0: {mode: bridged, via: macvtap, hardware: eth2}}}
      named: {vmm: libvirt, nics: {eth0: {network: yard, via: vmm, device: pairs0}}}

    """

  private static let ways = ["port", "bridge", "tap", "nat", "user", "vde", "macvtap", "named"]

  /// Those that a software cannot have, and a word of why not.
  private static func refusal(_ way: String, _ vmm: String) -> String? {
    switch (way, vmm) {
    case ("user", "firecracker"), ("user", "cloud-hypervisor"), ("user", "crosvm"):
      "has no network of its own"
    case ("vde", "qemu"): nil
    case ("vde", _): "has no VDE"
    case ("macvtap", "firecracker"): "cannot have a macvtap"
    case ("named", "firecracker"), ("named", "cloud-hypervisor"), ("named", "crosvm"):
      "puts no TAP on a bridge"
    case ("bridge", "firecracker"): "one queue"
    default: nil
    }
  }

  private func with(_ body: (Host, String) throws -> Void) throws {
    try Host.with(secondUplink: true) { host in
      var host = host
      host.space.opensTun = true
      // `[::1]` is for the stack that libvirt has; QEMU's own says so beforehand.
      let file = try host.files.write(
        "pairs.conf", Self.text.replacing("user: {nics", with: "user: {vmm: libvirt, nics"))
      expect(try host.vnet("apply", file), exits: 0)
      try body(host, file)
    }
  }

  @Test("it is the words of that software, or a sentence why there are none", arguments: AttachTests.vmms)
  func pairs(vmm: String) throws {
    try with { host, file in
      for way in Self.ways {
        let outcome = try host.vnet("attach", way, "--vmm", vmm, "-c", file)
        if let words = Self.refusal(way, vmm) {
          expect(outcome, exits: 65)
          #expect(outcome.stderr.contains(words) && outcome.stdout.isEmpty, "\(outcome)")
        } else {
          expect(outcome, exits: 0)
          #expect(!outcome.stdout.isEmpty, "\(outcome)")
        }
      }
    }
  }

  @Test("Firecracker's are objects of its API with fields of `NetworkInterface` alone")
  func firecracker() throws {
    // src/firecracker/swagger/firecracker.yaml
    let known = ["guest_mac", "host_dev_name", "iface_id", "rx_rate_limiter", "tx_rate_limiter", "mtu"]
    try with { host, file in
      for way in Self.ways where Self.refusal(way, "firecracker") == nil {
        let outcome = try host.vnet("attach", way, "--vmm", "firecracker", "-c", file)
        for interface in try JSON(parsing: outcome.stdout)["network-interfaces"].elements {
          #expect(Set(interface.members.keys).isSubset(of: known), "\(outcome)")
          #expect(Set(interface.members.keys).isSuperset(of: ["iface_id", "host_dev_name"]), "\(outcome)")
        }
      }
    }
  }

  @Test(
    "libvirt's stand in a domain that is valid by libvirt's own schema",
    .enabled(
      if: Tools.libvirtSchemas != nil && Tools.has("xmllint"),
      "needs xmllint, and libvirt's schemas as scripts/setup unpacks them"))
  func libvirt() throws {
    try with { host, file in
      for way in Self.ways where Self.refusal(way, "libvirt") == nil {
        let outcome = try host.vnet("attach", way, "--vmm", "libvirt", "-c", file)
        let domain = try host.files.write(
          "\(way).xml",
          """
          <domain type='kvm'>
            <name>\(way)</name><memory>131072</memory>
            <os><type arch='x86_64'>hvm</type></os>
            <devices>\(outcome.stdout)</devices>
          </domain>
          """)
        let schema = try #require(Tools.libvirtSchemas) + "/domain.rng"
        let valid = try run(["xmllint", "--noout", "--relaxng", schema, domain])
        #expect(valid.code == 0, "\(outcome)\n\(valid)")
      }
    }
  }
}
