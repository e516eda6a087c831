import Testing
import Witness

/// What the VM software does when a VM starts and ends: a TAP by its own name, on the bridge.
struct SoftwarePort {
  let name: String
  let host: Host

  init(_ name: String, on bridge: String, of host: Host, mac: String = "fe:00:00:00:99:01") throws {
    (self.name, self.host) = (name, host)
    try host.space.ip(
      """
      tuntap add dev \(name) mode tap
      link set dev \(name) address \(mac) addrgenmode none
      link set dev \(name) master \(bridge)
      link set dev \(name) up
      """)
  }

  func leave() throws { try host.space.ip("link del dev \(name)") }
}

/// Rows of `status --json`, wherever they stand.
extension Host {
  func statusRow(_ file: String, nic: String) throws -> JSON {
    let rows = try JSON(parsing: vnet("status", "--json", "--exit-zero", file).stdout)["nics"].elements
    return rows.first { $0["nic"].text == nic } ?? .null
  }
}

@Suite(
  "bridged via vmm, at a port with a whole name",
  .enabled(if: Gate.ready && Gate.nft, "needs root, /dev/net/tun, iproute2, nft and the built vnet-apply"))
struct NamedPortTests {
  private static let one = Identity(mac: "02:00:00:00:17:51", ipv4: "10.7.0.51", ipv6: "2001:db8:7::51")
  private static let two = Identity(mac: "02:00:00:00:17:52", ipv4: "10.7.0.52", ipv6: "2001:db8:7::52")
  private static let gateway = Identity(mac: "02:00:00:00:17:01", ipv4: "10.7.0.1", ipv6: "2001:db8:7::1")

  private static func text(_ keys: String = "") -> String {
    """
    name: f
    networks: {net: {\(Inner.net), mac: "\(gateway.mac)"}}
    defaults: {vmm: libvirt}
    vms:
    \(Inner.vm("one", "net", Inner.place(51), "via: vmm, device: desk0" + keys))\
    \(Inner.vm("two", "net", Inner.place(52), "via: vmm, device: desk1"))
    """
  }

  private func applied(_ text: String = text(), _ body: (Host, String) throws -> Void) throws {
    try Host.with { host in
      try host.space.run(["sysctl", "-q", "-w", "net.bridge.bridge-nf-call-ip6tables=0"])
      let file = try host.files.write("f.conf", text)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      try body(host, file)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("from its first frame on a port is checked, and nothing is left to do while ports come and go")
  func frames() throws {
    try applied { host, file in
      let peer = try SoftwarePort("desk1", on: "net", of: host)
      for _ in 0..<2 {
        let port = try SoftwarePort("desk0", on: "net", of: host)
        let sender = try Wire("desk0", in: host.space, own: Self.one, other: Self.gateway, to: Self.two)
        let hears = try Wire("desk1", in: host.space, own: Self.two, other: Self.gateway, to: Self.one)
        for frame in [
          "source-mac", "ipv4-other-source", "arp-reply-other-address", "dhcp-offer", "vlan", "bpdu",
        ] {
          try #expect(sends(frame, from: sender, heardBy: [hears], patience: 0.1) == [false], "\(frame)")
        }
        for frame in ["ipv4", "arp-request", "ipv6", "dhcp-discover"] {
          try #expect(sends(frame, from: sender, heardBy: [hears]) == [true], "\(frame)")
        }
        expect(try host.vnet("plan", file), exits: 0)
        sender.leave()
        hears.leave()
        try port.leave()
        expect(try host.vnet("plan", file), exits: 0)
      }
      let dropped = try host.statusRow(file, nic: "one/eth0")["dropped"].members.compactMapValues(\.int)
      #expect(dropped == ["mac": 2, "ip4": 4, "dhcp": 2, "tag": 2, "link": 2], "\(dropped)")
      try peer.leave()
    }
  }

  @Test("status knows the port by its name, and says `-` before it is there")
  func status() throws {
    try applied { host, file in
      try #expect(host.statusRow(file, nic: "one/eth0")["device"].isNull)
      try #expect(host.statusRow(file, nic: "one/eth0")["port"].text == "desk0")
      let port = try SoftwarePort("desk0", on: "net", of: host)
      try #expect(host.statusRow(file, nic: "one/eth0")["device"].text == "desk0")
      // Without the file, too.
      let rows = try JSON(parsing: host.vnet("status", "--json").stdout)["nics"].elements
      #expect(rows.map { $0["nic"].text } == ["one/eth0", "two/eth0"])
      try port.leave()
    }
  }

  @Test("attach is libvirt's interface of a bridge with that name, with the file and without")
  func attach() throws {
    try applied { host, file in
      let expected = """
        <interface type='bridge'>
          <mac address='\(Self.one.mac)'/>
          <source bridge='net'/>
          <target dev='desk0'/>
          <model type='virtio'/>
        </interface>

        """
      try #expect(host.vnet("attach", "one", "-c", file).stdout == expected)
      try #expect(host.vnet("attach", "one").stdout == expected)
      for vmm in ["firecracker", "cloud-hypervisor", "crosvm"] {
        let outcome = try host.vnet("attach", "one", "-c", file, "--vmm", vmm)
        expect(outcome, exits: 65)
        #expect(outcome.stderr.contains("puts no TAP on a bridge"), "\(outcome)")
      }
    }
  }

  @Test("rates both ways are the filters', as `nft` lists them")
  func limits() throws {
    try applied(Self.text(", limit: {in: 100mbit, out: 20mbit}")) { host, _ in
      let rules = try host.space.run(["nft", "list", "table", "bridge", "vnet-f"]).stdout
      #expect(
        rules.contains("rate over 12500 kbytes/second") || rules.contains("12500000 bytes/second"), "\(rules)"
      )
      #expect(rules.contains("\"desk0\" : \"rate-in-desk0-12500000\""), "\(rules)")
      #expect(rules.contains("\"desk0\" : \"rate-desk0-2500000\""), "\(rules)")
    }
  }

  @Test("one VM goes by itself, and the other stays as it was")
  func parts() throws {
    try applied { host, file in
      expect(try host.vnet("remove", file, "two"), exits: 0)
      let rules = try host.space.run(["nft", "list", "ruleset"]).stdout
      #expect(rules.contains("desk0") && !rules.contains("desk1"), "\(rules)")
      expect(try host.vnet("plan", file), exits: 2)
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("a NIC goes over from a TAP of ours to a port of the VM software's, and back")
  func change() throws {
    try Host.with { host in
      let before = try host.space.dump()
      let ours = Self.text().replacing("via: vmm, device: desk0", with: "device: desk0")
      let file = try host.files.write("f.conf", ours)
      expect(try host.vnet("apply", file), exits: 0)
      for text in [Self.text(), ours, Self.text()] {
        try host.files.write("f.conf", text)
        // Of one TAP that is there, one goes.
        expect(try host.vnet("apply", "--allow", "prune-many", file), exits: 0)
        expect(try host.vnet("plan", file), exits: 0)
        try #expect(host.linkNames.contains("desk0") == (text == ours))
      }
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a kernel that cannot tell the bridge of a port refuses a pattern, unless nothing is checked")
  func pattern() throws {
    try Host.with { host in
      let text = Self.text().replacing("device: desk0", with: "device: \"desk*\"")
      let file = try host.files.write("f.conf", text)
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: Gate.bridgePorts ? 0 : 69)
      #expect(
        Gate.bridgePorts || outcome.stderr.contains("cannot tell on which bridge a port is"), "\(outcome)")
      let free = try host.files.write(
        "f.conf", text.replacing("device: \"desk*\"", with: "device: \"desk*\", anti-spoof: false"))
      expect(try host.vnet("apply", free), exits: 0)
      let plan = try host.vnet("plan", free)
      expect(plan, exits: 0)
      #expect(plan.stdout.contains("! unchecked one/eth0: ") != Gate.bridgePorts, "\(plan)")
    }
  }
}
