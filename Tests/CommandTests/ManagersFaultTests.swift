import Testing
import Witness

@Suite(
  "files among the configuration of others, when something fails",
  .enabled(
    if: Gate.ready && Gate.mounts && Gate.strace,
    "needs root, /dev/net/tun, iproute2, overlayfs, strace and the built vnet-apply"))
struct ManagersFaultTests {
  /// Calls by which files change, and by which a program is told.
  private static let effects = "mkdir,openat,fchmod,write,rename,unlink,clone,clone3,wait4"

  private func prepared(
    _ body: (ManagedHost, _ file: String, _ isAsBefore: (String) throws -> Void) throws -> Void
  ) throws {
    try ManagedHost.with(.networkd) { managed in
      let file = try managed.host.files.write(
        "m.conf",
        "name: m\ncoexist: {networkd: unmanaged}\nnetworks: {office: {uplink: eth1}}\nvms: {one: {nics: {eth0: {network: office}}}}\n"
      )
      // Bridges and TAPs as they come and go leave traces in no dump.
      expect(try managed.vnet("apply", file), exits: 0)
      expect(try managed.vnet("remove", file), exits: 0)
      let (before, folders) = (try managed.host.space.dump(), try managed.folders)
      try body(managed, file) { what in
        expectEqual(before, try managed.host.space.dump(), "\(what)")
        try #expect(managed.folders == folders, "\(what)")
        // What the program heard last is what there is.
        try #expect(managed.told.last.map { $0.file.isEmpty } ?? true, "\(what)")
      }
    }
  }

  /// Those of a run that come between the first change of such a file and the end.
  private func points(_ managed: ManagedHost, _ file: String) throws -> [TracedCall] {
    let calls = try managed.calls(Self.effects, ["apply", file])
    expect(try managed.vnet("remove", file), exits: 0)
    // What ends is few, and says whether the program was told.
    let (ends, others) = (calls.filter { $0.name == "wait4" }, calls.filter { $0.name != "wait4" })
    return ends + Campaign.some(of: others, usually: 6)
  }

  @Test("whichever call fails, the apply ends as it says, and the program knows what there is")
  func failing() throws {
    try prepared { managed, file, isAsBefore in
      for call in try points(managed, file) {
        var injection = Injection(at: call, .error("ENOSPC"))
        injection.follows = false
        try managed.forget()
        let outcome = try managed.vnet(["apply", file], injection)
        if outcome.code == 0 {
          expect(try managed.vnet("plan", file), exits: 0)
          try #expect(managed.told.last?.named == ["office", "one-eth0", "eth1"], "\(injection)")
          expect(try managed.vnet("remove", file), exits: 0)
        }
        try isAsBefore("\(injection): \(outcome)")
      }
    }
  }

  @Test("killed at any call, recovery leaves all of an apply or nothing, and the program knows which")
  func killed() throws {
    try prepared { managed, file, isAsBefore in
      for call in try points(managed, file) {
        var injection = Injection(at: call, .signal("KILL"))
        injection.follows = false
        try managed.forget()
        _ = try managed.vnet(["apply", file], injection)
        expect(try managed.vnet("recover"), exits: 0)
        if try managed.host.linkNames.contains("office") {
          expect(try managed.vnet("plan", file), exits: 0)
          try #expect(managed.told.last?.named == ["office", "one-eth0", "eth1"], "\(injection)")
          expect(try managed.vnet("remove", file), exits: 0)
        }
        try isAsBefore("\(injection)")
      }
    }
  }
}
