import Testing
import Witness

@Suite(
  "beside programs that manage interfaces, where they run and where not",
  .enabled(
    if: Gate.ready && Gate.mounts,
    "needs root, /dev/net/tun, iproute2, overlayfs and the built vnet-apply"))
struct ManagersPlaceTests {
  typealias Program = ManagedHost.Program

  @Test(
    "in a namespace in which no such program runs the key does nothing, and says so",
    arguments: Program.allCases)
  func elsewhere(_ program: Program) throws {
    try ManagedHost.with(program, running: false) { managed in
      let file = try managed.host.files.write("m.conf", ManagedHost.text(program))
      let folders = try managed.folders
      let outcome = try managed.vnet("apply", file)
      expect(outcome, exits: 0)
      #expect(outcome.stdout.contains("! managed-links \(program.rawValue): "), "\(outcome)")
      expect(try managed.vnet("plan", file), exits: 0)
      try #expect(managed.folders == folders && managed.told.isEmpty)
      expect(try managed.vnet("remove", file), exits: 0)
    }
  }

  @Test(
    "in the machine's own namespace the file is there for a program that is started later",
    arguments: Program.allCases)
  func later(_ program: Program) throws {
    try ManagedHost.with(program, running: false) { managed in
      let file = try managed.host.files.write("m.conf", ManagedHost.text(program))
      let folders = try managed.folders
      let outcome = try managed.vnetAsFirst("apply", file)
      expect(outcome, exits: 0)
      #expect(!outcome.stdout.contains("managed-links"), "\(outcome)")
      expect(try managed.vnetAsFirst("plan", file), exits: 0)
      try #expect(managed.file?.contains("web-eth0") == true && managed.told.isEmpty)
      expect(try managed.vnetAsFirst("remove", file), exits: 0)
      try #expect(managed.folders == folders)
    }
  }

  @Test("who would take interfaces is a notice with the key that helps")
  func notice() throws {
    try ManagedHost.with(.networkd) { managed in
      try managed.write("/etc/systemd/network/80-all.network", "[Match]\nType=ether\n[Network]\nDHCP=yes\n")
      let file = try managed.host.files.write("m.conf", ManagedHost.text(nil))
      let outcome = try managed.vnet("plan", file)
      #expect(
        outcome.stdout.contains(
          "! managed-links /etc/systemd/network/80-all.network: systemd-networkd would manage 'eth1', 'web-eth0', by /etc/systemd/network/80-all.network (notice)\n"
        ), "\(outcome)")
      #expect(outcome.stdout.contains("    coexist: {networkd: unmanaged}\n"), "\(outcome)")
      try managed.host.files.write("m.conf", ManagedHost.text(.networkd))
      try #expect(!managed.vnet("plan", file).stdout.contains("managed-links"))
    }
    try ManagedHost.with(.networkManager) { managed in
      let file = try managed.host.files.write("m.conf", ManagedHost.text(nil))
      let outcome = try managed.vnet("plan", file)
      #expect(
        outcome.stdout.contains("NetworkManager would manage 'lab', 'office', 'web-eth0' (notice)"),
        "\(outcome)")
      try managed.write(
        "/usr/lib/NetworkManager/conf.d/10.conf", "[keyfile]\nunmanaged-devices=*,except:type:wifi\n")
      try #expect(!managed.vnet("plan", file).stdout.contains("managed-links"))
    }
  }
}
