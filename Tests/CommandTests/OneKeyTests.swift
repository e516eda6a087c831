import Testing

@Suite("one key changed", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct OneKeyTests {
  /// One edit of the quickstart and what its plan may hold.
  struct Edit: CustomTestStringConvertible {
    let name: String
    let old: String
    let new: String
    /// Every change's identifier holds one of these words.
    let concerns: [String]
    /// Actions that must not occur.
    var never: Set<String> = ["replace"]
    /// `ID` → action that must occur.
    var expected: [String: String] = [:]
    /// Links that keep their index.
    var keeps: [String: String] = [:]
    var testDescription: String { name }
  }

  static let edits = [
    Edit(
      name: "MTU of a NIC", old: "eth1: {network: backstage}", new: "eth1: {network: backstage, mtu: 1400}",
      concerns: ["build-eth1"], never: ["create", "delete", "replace"],
      expected: ["link/build-eth1": "change"], keeps: ["build-eth1": "build-eth1"]),
    Edit(
      name: "MTU of a network", old: "backstage: {}", new: "backstage: {mtu: 1400}",
      concerns: ["backstage", "desktop-eth1", "build-eth1"], never: ["create", "delete", "replace"],
      expected: ["link/backstage": "change", "link/desktop-eth1": "change", "link/build-eth1": "change"],
      keeps: ["backstage": "backstage", "build-eth1": "build-eth1"]),
    Edit(
      name: "isolated off", old: ", isolated: true", new: "", concerns: ["build-eth0"],
      never: ["create", "delete", "replace"], expected: ["link/build-eth0": "change"],
      keeps: ["build-eth0": "build-eth0"]),
    Edit(
      name: "another network", old: "eth1: {network: backstage}", new: "eth1: {network: office}",
      concerns: ["build-eth1"], never: ["create", "delete", "replace"],
      expected: ["link/build-eth1": "change"], keeps: ["build-eth1": "build-eth1"]),
    Edit(
      name: "the owner of a free TAP", old: "  build:\n", new: "  build:\n    owner: nobody\n",
      concerns: ["build-eth0", "build-eth1"], never: ["create", "delete", "replace"],
      expected: ["link/build-eth0": "change", "link/build-eth1": "change"],
      keeps: ["build-eth0": "build-eth0", "build-eth1": "build-eth1"]),
    Edit(
      name: "a VM renamed with `was`", old: "  build:\n", new: "  forge:\n    was: build\n",
      concerns: ["build-eth", "forge-eth"], never: ["create", "delete", "replace"],
      keeps: ["build-eth0": "forge-eth0", "build-eth1": "forge-eth1"]),
    Edit(
      name: "a NIC renamed with `was`", old: "eth1: {network: backstage}",
      new: "inner: {network: backstage, was: eth1}", concerns: ["build-eth1", "build-inner"],
      never: ["create", "delete", "replace"], keeps: ["build-eth1": "build-inner"]),
    Edit(
      name: "a device of its own name", old: "eth1: {network: backstage}",
      new: "eth1: {network: backstage, device: tap-build}", concerns: ["build-eth1", "tap-build"],
      never: ["create", "delete", "replace"], keeps: ["build-eth1": "tap-build"]),
    Edit(
      name: "multicast snooping on", old: "backstage: {}", new: "backstage: {multicast-snooping: true}",
      concerns: ["link/backstage"], never: ["create", "delete", "replace"],
      expected: ["link/backstage": "change"], keeps: ["backstage": "backstage"]),
    Edit(
      name: "a prefix less behind the guest", old: "\"203.0.113.64/28\", ", new: "",
      concerns: ["203.0.113.64/28"], never: ["create", "change", "replace"], keeps: ["edge-eth0": "edge-eth0"]
    ),
    Edit(
      name: "the host's side of a routed TAP", old: "        mode: tap\n",
      new: "        mode: tap\n        host-address: [\"169.254.7.1\", \"fe80::1\"]\n",
      concerns: ["edge-eth0", "169.254."], never: [], keeps: ["edge-eth0": "edge-eth0"]),
    Edit(
      name: "a VM more", old: "  edge:\n", new: "  extra: {nics: {eth0: {network: backstage}}}\n  edge:\n",
      concerns: ["extra-eth0"], never: ["change", "delete", "replace"],
      expected: ["link/extra-eth0": "create"]),
    Edit(
      name: "a NIC less", old: "      eth1: {network: backstage}\n", new: "", concerns: ["build-eth1"],
      never: ["create", "change", "replace"], expected: ["link/build-eth1": "delete"]),
  ]

  @Test("plans exactly the objects concerned, in place where the kernel can, and applies", arguments: edits)
  func edited(_ edit: Edit) throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let first = try host.vnet("apply", file)
      expect(first, exits: 0)
      guard first.code == 0 else { return }
      var indexes: [String: JSON] = [:]
      for name in edit.keeps.keys { indexes[name] = try host.link(name)["ifindex"] }
      let text = Quickstart.text.replacing(edit.old, with: edit.new)
      #expect(text != Quickstart.text)
      try host.files.write("quick.conf", text)
      let plan = try host.plan(file)
      #expect(!plan.changes.isEmpty)
      for change in plan.changes {
        let whole = change.id + plan.change(change.id)["before"].line + plan.change(change.id)["after"].line
        #expect(edit.concerns.contains { whole.contains($0) }, "\(change) is not concerned")
        #expect(!edit.never.contains(change.action), "\(change)")
      }
      for (id, action) in edit.expected {
        #expect(plan.change(id)["action"].text == action, "\(id): \(plan.changes)")
      }
      expect(try host.vnet("apply", file), exits: 0)
      for (old, new) in edit.keeps {
        #expect(try host.link(new)["ifindex"] == indexes[old], "\(old) → \(new)")
      }
      expect(try host.vnet("plan", file), exits: 0)
      // The way back is a plan like any other.
      try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("a renamed VM keeps the MACs its guest was given, and gets altname and alias of the new name")
  func renameKeepsMAC() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      let before = try host.guestMAC("build/eth0", file)
      try host.files.write(
        "quick.conf", Quickstart.text.replacing("  build:\n", with: "  forge:\n    was: build\n"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(before != nil)
      #expect(try host.guestMAC("forge/eth0", file) == before)
      let link = try host.link("forge-eth0")
      #expect(link["altnames"].elements == [.string("quick.forge.eth0")], "\(link["altnames"].line)")
      #expect(link["ifalias"].text?.contains("build") == false, "\(link["ifalias"].line)")
    }
  }

  @Test("a moved NIC is a port of the new bridge alone, and its guest's traffic goes there")
  func moved() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      let station = try Station("build-eth1", in: host.space, "--address 192.0.2.60/24")
      defer { station.leave() }
      #expect(try station.lost(to: "192.0.2.1", count: 1) == 1)
      try host.files.write(
        "quick.conf", Quickstart.text.replacing("eth1: {network: backstage}", with: "eth1: {network: office}")
      )
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.link("build-eth1")["master"].text == "office")
      #expect(try station.lost(to: "192.0.2.1") == 0)
    }
  }

  @Test("drift made by hand is seen by plan and mended by apply")
  func drift() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      let after = try host.comparableDump()
      let breaks = [
        "link set build-eth0 nomaster", "link set desktop-eth1 down", "link set backstage mtu 1280",
        "link property del dev build-eth1 altname quick.build.eth1", "addr del 169.254.0.1 dev edge-eth0",
        "route del 203.0.113.64/28 dev edge-eth0", "link set build-eth0 type bridge_slave isolated off",
        "link del desktop-eth1",
      ]
      for line in breaks {
        try host.space.ip(line.hasPrefix("addr del 169") ? try host.hostAddressRemoval() : line)
        expect(try host.vnet("plan", file), exits: 2)
        expect(try host.vnet("apply", file), exits: 0)
        expectEqual(after, try host.comparableDump(), "after `ip \(line)`")
      }
    }
  }
}

extension Host {
  /// The exact `addr del` of the routed TAP's IPv4 address, whatever its prefix length.
  func hostAddressRemoval() throws -> String {
    let address = try addresses(Quickstart.routed).first { $0.hasPrefix("169.254.") } ?? "169.254.0.1/32"
    return "addr del \(address) dev \(Quickstart.routed)"
  }

  /// The MAC in the QEMU arguments of a NIC.
  func guestMAC(_ nic: String, _ file: String) throws -> String? {
    let outcome = try vnet(["attach", nic, "--vmm", "qemu", "-c", file])
    return outcome.stdout.split { "=, \n'\"".contains($0) }.map(String.init).first {
      $0.split(separator: ":").count == 6 && $0.utf8.count == 17
    }
  }
}
