import Testing
import Witness

/// Who may have qemu-bridge-helper put a TAP on a bridge; the helper of Debian's QEMU is the witness.
@Suite("qemu-bridge-helper's list", .enabled(if: Gate.bridgeHelper, Gate.bridgeHelperComment))
struct BridgeAccessTests {
  /// `anti-spoof: false`, so that a kernel that cannot tell the bridge of a port will do.
  static func text(_ vms: String = "web: {owner: {user: 1500, group: 1500}, \(nic("lab"))}") -> String {
    """
    name: acl
    networks: {lab: {}, yard: {}}
    vms: {\(vms)}

    """
  }

  static func nic(_ network: String) -> String {
    "nics: {eth0: {network: \(network), mode: bridged, via: vmm, anti-spoof: false}}"
  }

  private static let administrators = "# mine\nallow virbr0\n\ndeny   br9"

  @Test(
    "an apply is all there is to do, and remove leaves the folder byte for byte as it was",
    arguments: [nil, "", administrators, administrators + "\n", "deny all\r\n"])
  func roundTrip(list: String?) throws {
    try HelperHost.with(list: list) { own in
      let file = try own.host.files.write("acl.conf", Self.text())
      let (before, dump) = (try own.folder, try own.host.space.dump())
      let outcome = try own.vnet("apply", file)
      expect(outcome, exits: 0)
      #expect(outcome.stdout.contains("+ qemu-bridge-helper for group 1500  allow lab\n"), "\(outcome)")
      expect(try own.vnet("plan", file), exits: 0)
      let name = own.name("acl", group: 1500)
      let text = try own.text("bridge.conf")
      #expect(text.hasPrefix("include /etc/qemu/\(name)\n") && text.hasSuffix(list ?? "\n"), "\(text)")
      try #expect(own.text(name).lines.filter { $0 != "" && !$0.hasPrefix("#") } == ["allow lab"])
      try #expect(own.run(["stat", "-c", "%a %u:%g", "/etc/qemu/\(name)"]).stdout == "640 0:1500\n")
      expect(try own.vnet("remove", file), exits: 0)
      try #expect(own.folder == before)
      expectEqual(dump, try own.host.space.dump())
    }
  }

  @Test("an empty folder, the list's mode and owner, and a link that leads to it stay")
  func others() throws {
    try HelperHost.with { own in
      let file = try own.host.files.write("acl.conf", Self.text())
      expect(try own.run(["mkdir", "-m", "750", "/etc/qemu"]), exits: 0)
      for prepare in [
        "true",
        "echo allow br1 >/etc/qemu/list; chmod 604 /etc/qemu/list; chown 7:8 /etc/qemu/list; ln -s list /etc/qemu/bridge.conf",
      ] {
        expect(try own.run(["sh", "-c", prepare]), exits: 0)
        let before = try own.folder
        expect(try own.vnet("apply", file), exits: 0)
        expect(try own.vnet("plan", file), exits: 0)
        if prepare != "true" {
          try #expect(own.run(["stat", "-c", "%a %u:%g", "/etc/qemu/list"]).stdout == "604 7:8\n")
          try #expect(own.text("list").hasPrefix("include "))
        }
        expect(try own.vnet("remove", file), exits: 0)
        try #expect(own.folder == before, "\(prepare)")
      }
    }
  }

  @Test("what an administrator writes into a list of ours meanwhile stays, without a line of ours")
  func written() throws {
    try HelperHost.with { own in
      let file = try own.host.files.write("acl.conf", Self.text())
      expect(try own.vnet("apply", file), exits: 0)
      expect(try own.run(["sh", "-c", "echo allow br7 >>/etc/qemu/bridge.conf"]), exits: 0)
      expect(try own.vnet("plan", file), exits: 0)
      expect(try own.vnet("remove", file), exits: 0)
      try #expect(own.text("bridge.conf") == "allow br7\n")
    }
  }

  @Test("edited, opened to others, or left out of the list it is drift, and put back")
  func drift() throws {
    try HelperHost.with { own in
      let file = try own.host.files.write("acl.conf", Self.text())
      expect(try own.vnet("apply", file), exits: 0)
      let (whole, name) = (try own.folder, own.name("acl", group: 1500))
      for edit in [
        "echo allow all >>/etc/qemu/\(name)", "chmod 666 /etc/qemu/\(name)", "rm /etc/qemu/\(name)",
        "sed -i /^include/d /etc/qemu/bridge.conf",
      ] {
        expect(try own.run(["sh", "-c", edit]), exits: 0)
        let plan = try own.vnet("plan", file)
        expect(plan, exits: 2)
        #expect(plan.stdout.contains("~ qemu-bridge-helper for group 1500"), "\(edit): \(plan)")
        expect(try own.vnet("apply", file), exits: 0)
        try #expect(own.folder == whole, "\(edit)")
      }
    }
  }

  @Test("configurations, and network namespaces, have files of their own; the last one takes the list")
  func several() throws {
    // Before the mounts of its own are made: what is mounted later is not seen among them.
    var other = try Namespace()
    defer { other.delete() }
    try HelperHost.with { own in
      other.entering = own.host.space.entering
      let file = try own.host.files.write("acl.conf", Self.text())
      let second = try own.host.files.write(
        "b.conf", "name: b\nnetworks: {garden: {}}\nvms: {web: {\(Self.nic("garden"))}}\n")
      let before = try own.folder
      let all = [(own.host.space, file), (own.host.space, second), (other, file)]
      for (space, file) in all { expect(try space.run([Tools.vnetApply, "apply", file]), exits: 0) }
      for (space, file) in all { expect(try space.run([Tools.vnetApply, "plan", file]), exits: 0) }
      for (index, (space, file)) in all.enumerated() {
        expect(try space.run([Tools.vnetApply, "remove", file]), exits: 0)
        for (space, file) in all[(index + 1)...] {
          expect(try space.run([Tools.vnetApply, "plan", file]), exits: 0)
        }
      }
      try #expect(own.folder == before)
    }
  }

  @Test("a single VM comes and goes with what its group may do, and no other's")
  func parts() throws {
    try HelperHost.with { own in
      let text = Self.text(
        "web: {owner: {user: 1500, group: 1500}, \(Self.nic("lab"))}, db: {owner: {user: 1600, group: 1600}, \(Self.nic("yard"))}"
      )
      let file = try own.host.files.write("acl.conf", text)
      expect(try own.vnet("apply", file), exits: 0)
      let whole = try own.folder
      expect(try own.vnet("remove", file, "db"), exits: 0)
      try #expect(own.text(own.name("acl", group: 1600)).isEmpty)
      try #expect(own.text(own.name("acl", group: 1500)).contains("allow lab\n"))
      expect(try own.vnet("apply", file), exits: 0)
      try #expect(own.folder.lines.sorted() == whole.lines.sorted())
    }
  }

  @Test(
    "the helper lets the owner's group onto its bridge, and nobody else, and onto no other",
    .enabled(if: Tools.has(HelperHost.helper) && Tools.has("python3"), "needs qemu-bridge-helper and python3")
  )
  func helper() throws {
    try HelperHost.with { own in
      let file = try own.host.files.write("acl.conf", Self.text())
      try #expect(own.refusal(on: "lab", uid: 0, gid: 0) != nil)
      expect(try own.vnet("apply", file), exits: 0)
      try #expect(own.refusal(on: "lab", uid: 1500, gid: 1500) == nil)
      try #expect(own.refusal(on: "lab", uid: 0, gid: 0) == nil, "root reads every file")
      for (bridge, id) in [("lab", 1501), ("yard", 1500)] {
        try #expect(
          own.refusal(on: bridge, uid: id, gid: id) == "access denied by acl file\n", "\(bridge) \(id)")
      }
      expect(try own.vnet("plan", file), exits: 0)
      expect(try own.vnet("remove", file), exits: 0)
    }
  }

  @Test("who may not read the file plans without it, and says so")
  func unread() throws {
    try HelperHost.with { own in
      let file = try own.host.files.write("acl.conf", Self.text())
      expect(try own.vnet("apply", file), exits: 0)
      try must(["chmod", "-R", "a+rX", own.host.files.path])
      let plan = try own.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", Tools.vnetApply, "plan", file])
      expect(plan, exits: 0)
      #expect(plan.stdout.contains("! unread acl: files of qemu-bridge-helper"), "\(plan)")
    }
  }
}
