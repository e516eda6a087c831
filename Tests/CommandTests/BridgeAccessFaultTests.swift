import Testing
import Witness

@Suite(
  "qemu-bridge-helper's list, when something fails",
  .enabled(if: Gate.bridgeHelper && Gate.strace, Gate.bridgeHelperComment))
struct BridgeAccessFaultTests {
  /// Calls by which files change.
  private static let effects = "mkdir,openat,fchmod,fchown,write,rename,unlink,rmdir,flock"
  private static let list = "# mine\nallow virbr0"

  private func prepared(
    _ list: String?,
    _ body: (HelperHost, _ file: String, _ isAsBefore: (String) throws -> Void) throws -> Void
  ) throws {
    try HelperHost.with(list: list) { own in
      let file = try own.host.files.write("acl.conf", BridgeAccessTests.text())
      // Bridges as they come and go leave traces in no dump.
      expect(try own.vnet("apply", file), exits: 0)
      expect(try own.vnet("remove", file), exits: 0)
      let (before, folder) = (try own.host.space.dump(), try own.folder)
      try body(own, file) { what in
        expectEqual(before, try own.host.space.dump(), "\(what)")
        // One that a kill keeps from its first file stays.
        _ = list == nil ? try own.run(["rmdir", "/etc/qemu"]) : nil
        try #expect(own.folder == folder, "\(what)")
      }
    }
  }

  private func points(_ own: HelperHost, _ file: String) throws -> [TracedCall] {
    let calls = try own.host.calls(Self.effects, ["apply", file], follows: false)
    expect(try own.vnet("remove", file), exits: 0)
    return Campaign.some(of: calls, usually: 10)
  }

  @Test("whichever call fails, an apply leaves all of it or nothing", arguments: [nil, list])
  func failing(list: String?) throws {
    try prepared(list) { own, file, isAsBefore in
      for call in try points(own, file) {
        var injection = Injection(at: call, .error("ENOSPC"))
        injection.follows = false
        let outcome = try own.host.vnet(["apply", file], injection).outcome
        if outcome.code == 0 {
          expect(try own.vnet("plan", file), exits: 0)
          expect(try own.vnet("remove", file), exits: 0)
        }
        try isAsBefore("\(injection): \(outcome)")
      }
    }
  }

  @Test("killed at any call, recovery leaves all of an apply or nothing", arguments: [nil, list])
  func killed(list: String?) throws {
    try prepared(list) { own, file, isAsBefore in
      for call in try points(own, file) {
        var injection = Injection(at: call, .signal("KILL"))
        injection.follows = false
        _ = try own.host.vnet(["apply", file], injection)
        expect(try own.vnet("recover"), exits: 0)
        if try own.host.linkNames.contains("lab") {
          expect(try own.vnet("plan", file), exits: 0)
          expect(try own.vnet("remove", file), exits: 0)
        }
        try isAsBefore("\(injection)")
      }
    }
  }

  @Test("killed at any call of a remove, the next one ends it")
  func removing() throws {
    try prepared(Self.list) { own, file, isAsBefore in
      expect(try own.vnet("apply", file), exits: 0)
      let calls = try own.host.calls(Self.effects, ["remove", file], follows: false)
      for call in Campaign.some(of: calls, usually: 10) {
        expect(try own.vnet("apply", file), exits: 0)
        var injection = Injection(at: call, .signal("KILL"))
        injection.follows = false
        _ = try own.host.vnet(["remove", file], injection)
        expect(try own.vnet("remove", file), exits: 0)
        try isAsBefore("\(injection)")
      }
    }
  }
}
