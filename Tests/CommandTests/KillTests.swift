import Testing
import Witness

/// SIGKILL at the entry of system calls, then `recover`.
@Suite("killed half-way", .enabled(if: Gate.ready && Gate.strace, "needs root, /dev/net/tun and strace"))
struct KillTests {
  struct Kill: CustomTestStringConvertible {
    let call: String
    var furnished = false
    var nexthops = false
    var testDescription: String {
      call + (furnished ? ", furnished uplink" : "") + (nexthops ? ", nexthop objects" : "")
    }
  }

  static let kills = [
    Kill(call: "sendmsg"), Kill(call: "sendto"), Kill(call: "sendto", furnished: true),
    Kill(call: "sendto", nexthops: true), Kill(call: "recvmsg"), Kill(call: "recvmsg", nexthops: true),
    Kill(call: "recvfrom"), Kill(call: "ioctl"), Kill(call: "write"), Kill(call: "pwrite64"),
    Kill(call: "rename"), Kill(call: "renameat2"), Kill(call: "fsync"), Kill(call: "fdatasync"),
    Kill(call: "fallocate"), Kill(call: "unlink"), Kill(call: "close"),
    Kill(call: "bpf"),
  ]

  @Test("an apply, recovered: old or new, never between", arguments: kills)
  func apply(_ kill: Kill) throws {
    try Campaign.with(furnished: kill.furnished, nexthops: kill.nexthops) { campaign in
      let started = Clock.seconds
      let points = try campaign.points(kill.call, ["apply", campaign.file])
      expect(try campaign.vnet("remove", campaign.file), exits: 0)
      var old = 0, new = 0
      for point in points {
        let injection = Injection(at: point, .signal("SIGKILL"))
        _ = try campaign.host.vnet(["apply", campaign.file], injection)
        expect(try campaign.vnet("recover"), exits: 0)
        if try campaign.host.linkNames.contains("office") {
          new += 1
          expectEqual(campaign.after, try campaign.host.comparableDump(), "\(injection), expected new")
          expect(try campaign.vnet("plan", campaign.file), exits: 0)
        } else {
          old += 1
          expectEqual(campaign.before, try campaign.host.space.dump(), "\(injection), expected old")
        }
        expect(try campaign.vnet("remove", campaign.file), exits: 0)
        expectEqual(campaign.before, try campaign.host.space.dump(), "\(injection), removed")
      }
      let seconds = (Clock.seconds - started).rounded(to: 1)
      print(
        "  SIGKILL at \(kill.testDescription): \(points.count) points, \(old) old, \(new) new, \(seconds) s")
    }
  }

  /// A NIC goes, one comes, one moves, and settings change.
  static let edited = Quickstart.text
    .replacing("      eth1: {network: backstage}\n", with: "")
    .replacing(", isolated: true", with: ", mtu: 1400")
    .replacing(
      "          eth1: {network: backstage, mac: ", with: "          eth1: {network: office, mac: "
    )
    .replacing("  edge:\n", with: "  late: {nics: {eth0: {network: backstage}}}\n  edge:\n")
    .replacing("\"203.0.113.64/28\", ", with: "")

  @Test(
    "a change of much at once, recovered: old or new, never between",
    arguments: ["sendto", "sendmsg", "recvmsg", "ioctl", "write", "rename", "unlink"])
  func change(_ call: String) throws {
    try Campaign.with { campaign in
      let started = Clock.seconds
      let edited = try campaign.host.files.write("edited.conf", Self.edited)
      expect(try campaign.vnet("apply", campaign.file), exits: 0)
      let points = try campaign.points(call, ["apply", edited], usually: 3)
      let after = try campaign.host.comparableDump()
      var old = 0, new = 0
      for point in points {
        expect(try campaign.vnet("apply", campaign.file), exits: 0)
        let injection = Injection(at: point, .signal("SIGKILL"))
        _ = try campaign.host.vnet(["apply", edited], injection)
        expect(try campaign.vnet("recover"), exits: 0)
        let now = try campaign.host.comparableDump()
        let isNew = try campaign.host.linkNames.contains("late-eth0")
        if isNew { new += 1 } else { old += 1 }
        expectEqual(isNew ? after : campaign.after, now, "\(injection), expected \(isNew ? "new" : "old")")
        expect(try campaign.vnet("plan", isNew ? edited : campaign.file), exits: 0)
      }
      expect(try campaign.vnet("remove", campaign.file), exits: 0)
      expectEqual(campaign.before, try campaign.host.space.dump(), "removed")
      let seconds = (Clock.seconds - started).rounded(to: 1)
      print("  change, SIGKILL at \(call): \(points.count) points, \(old) old, \(new) new, \(seconds) s")
    }
  }

  @Test(
    "a remove, recovered: all there or all gone",
    arguments: ["sendto", "sendmsg", "recvmsg", "ioctl", "write", "rename", "bpf"])
  func remove(_ call: String) throws {
    try Campaign.with { campaign in
      let started = Clock.seconds
      expect(try campaign.vnet("apply", campaign.file), exits: 0)
      let points = try campaign.points(call, ["remove", campaign.file], usually: 3)
      var old = 0, new = 0
      for point in points {
        expect(try campaign.vnet("apply", campaign.file), exits: 0)
        let injection = Injection(at: point, .signal("SIGKILL"))
        _ = try campaign.host.vnet(["remove", campaign.file], injection)
        expect(try campaign.vnet("recover"), exits: 0)
        if try campaign.host.linkNames.contains("office") {
          old += 1
          expectEqual(campaign.after, try campaign.host.comparableDump(), "\(injection), expected old")
        } else {
          new += 1
          expectEqual(campaign.before, try campaign.host.space.dump(), "\(injection), expected new")
        }
        expect(try campaign.vnet("remove", campaign.file), exits: 0)
        expectEqual(campaign.before, try campaign.host.space.dump(), "\(injection), removed")
      }
      let seconds = (Clock.seconds - started).rounded(to: 1)
      print("  remove, SIGKILL at \(call): \(points.count) points, \(old) old, \(new) new, \(seconds) s")
    }
  }

  @Test(
    "recover, killed, is an interrupted run like any other",
    arguments: ["sendto", "sendmsg", "recvmsg", "write"])
  func recovering(_ call: String) throws {
    try Campaign.with { campaign in
      let calls = try campaign.host.calls("sendmsg,sendto", ["apply", campaign.file])
      expect(try campaign.vnet("remove", campaign.file), exits: 0)
      let middle = Injection(at: calls[calls.count * 3 / 4], .signal("SIGKILL"))
      var point = 1, reached = true
      while reached && point <= (Campaign.bound ?? 3) {
        _ = try campaign.host.vnet(["apply", campaign.file], middle)
        let again = Injection(call: call, effect: .signal("SIGKILL"), when: "\(point)")
        reached = try campaign.host.vnet(["recover"], again).reached
        expect(try campaign.vnet("recover"), exits: 0)
        if try campaign.host.linkNames.contains("office") {
          expectEqual(campaign.after, try campaign.host.comparableDump(), "recover killed at \(again)")
        } else {
          expectEqual(campaign.before, try campaign.host.space.dump(), "recover killed at \(again)")
        }
        expect(try campaign.vnet("remove", campaign.file), exits: 0)
        point += 1
      }
    }
  }

  @Test("the next apply finishes what a killed one left, without a recover between")
  func nextRun() throws {
    try Campaign.with { campaign in
      let calls = try campaign.host.calls("sendmsg,sendto", ["apply", campaign.file])
      expect(try campaign.vnet("remove", campaign.file), exits: 0)
      for point in Campaign.some(of: calls.suffix(12), usually: 3) {
        let injection = Injection(at: point, .signal("SIGKILL"))
        _ = try campaign.host.vnet(["apply", campaign.file], injection)
        expect(try campaign.vnet("apply", campaign.file), exits: 0)
        expectEqual(campaign.after, try campaign.host.comparableDump(), "\(injection)")
        expect(try campaign.vnet("remove", campaign.file), exits: 0)
        expectEqual(campaign.before, try campaign.host.space.dump(), "\(injection)")
      }
    }
  }

  @Test("`recover` with nothing to recover exits 0 and changes nothing")
  func nothingToRecover() throws {
    try Campaign.with { campaign in
      expect(try campaign.vnet("recover"), exits: 0)
      expectEqual(campaign.before, try campaign.host.space.dump())
    }
  }
}
