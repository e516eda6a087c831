import Glibc
import Testing

/// Failures injected at the system calls that matter: at every `sendmsg`, `sendto`, `ioctl` and `recvmsg` of an
/// apply, and at 15 points of each other call, spread evenly over the run. `VNET_FAULT_POINTS` sets another bound
/// for all calls; `all` is none.
@Suite("a failure half-way", .enabled(if: Gate.ready && Gate.strace, "needs root, /dev/net/tun and strace"))
struct FaultTests {
  struct Fault: CustomTestStringConvertible {
    let call: String
    let error: String
    var testDescription: String { "\(call) \(error)" }
  }

  static let faults = [
    Fault(call: "sendmsg", error: "ENOMEM"), Fault(call: "sendto", error: "ENOMEM"),
    Fault(call: "ioctl", error: "EBUSY"), Fault(call: "ioctl", error: "ENOMEM"),
    Fault(call: "recvmsg", error: "ENOBUFS"), Fault(call: "recvmsg", error: "ENOMEM"),
    Fault(call: "recvfrom", error: "ENOBUFS"), Fault(call: "socket", error: "EMFILE"),
    Fault(call: "write", error: "ENOSPC"), Fault(call: "pwrite64", error: "ENOSPC"),
    Fault(call: "openat", error: "EMFILE"), Fault(call: "rename", error: "EIO"),
    Fault(call: "renameat", error: "EIO"), Fault(call: "renameat2", error: "EIO"),
    Fault(call: "fsync", error: "EIO"), Fault(call: "fdatasync", error: "EIO"),
    Fault(call: "fallocate", error: "ENOSPC"), Fault(call: "mkdir", error: "ENOSPC"),
    Fault(call: "ftruncate", error: "EIO"), Fault(call: "flock", error: "EIO"),
  ]

  private static func most(_ call: String) -> Int {
    if let bound = getenv("VNET_FAULT_POINTS") { return Int(String(cString: bound)) ?? .max }
    return ["sendmsg", "sendto", "ioctl", "recvmsg"].contains(call) ? .max : 15
  }

  /// The calls of one kind that a command makes, thinned where the kind has a bound.
  private func points(_ call: String, _ host: Host, _ arguments: [String]) throws -> [TracedCall] {
    let all = try host.calls(call, arguments)
    let most = Self.most(call)
    return all.count <= most ? all : (0..<most).map { all[$0 * (all.count - 1) / max(1, most - 1)] }
  }

  /// A host with foreign objects, its dump, and its dump with the quickstart applied; it was removed again.
  /// `furnished`, the uplink carries every sort of address and route.
  private func prepared(
    furnished: Bool = false, _ body: (Host, String, Dump, Dump) throws -> Void
  ) throws {
    try Host.with { host in
      if furnished { try Quickstart.furnish(host) }
      let foreign = try Foreign(on: host)
      defer { foreign.holder.leave() }
      let file = try host.files.write("quick.conf", Quickstart.text)
      let before = try host.space.dump()
      let apply = try host.vnet("apply", file)
      expect(apply, exits: 0)
      guard apply.code == 0 else { return }
      let after = try host.comparableDump()
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
      try body(host, file, before, after)
    }
  }

  @Test(
    "an apply with a failing call exits 1 with an equal host, or 0 with the desired state", arguments: faults)
  func failing(_ fault: Fault) throws {
    try prepared(furnished: ["sendmsg", "sendto"].contains(fault.call)) { host, file, before, after in
      let started = Clock.seconds
      let points = try points(fault.call, host, ["apply", file])
      expect(try host.vnet("remove", file), exits: 0)
      var undone = 0, done = 0
      for point in points {
        let injection = Injection(at: point, .error(fault.error))
        let (outcome, reached) = try host.vnet(["apply", file], injection)
        // The dynamic loader fails before the program's first instruction.
        let loader = outcome.code == 127 && outcome.stderr.contains("loading shared libraries")
        #expect(outcome.code == 0 || outcome.code == 1 || loader, "\(injection): \(outcome)")
        if outcome.code == 0 {
          done += 1
          expectEqual(after, try host.comparableDump(), "\(injection)")
          expect(try host.vnet("plan", file), exits: 0)
          expect(try host.vnet("remove", file), exits: 0)
        } else {
          undone += 1
          expectEqual(before, try host.space.dump(), "\(injection): exit \(outcome.code)\n\(outcome.stderr)")
          _ = try host.vnet("remove", file)
        }
        #expect(reached || outcome.code == 0, "\(injection) was not reached: \(outcome)")
      }
      expectEqual(before, try host.space.dump(), "at the end")
      let seconds = (Clock.seconds - started).rounded(to: 1)
      print(
        "  \(fault.testDescription): \(points.count) points, \(undone) undone, \(done) done, \(seconds) s")
    }
  }

  @Test(
    "a remove with a failing call exits 1 and a second one finishes",
    arguments: ["sendmsg", "sendto", "recvmsg", "ioctl"])
  func failingRemove(_ call: String) throws {
    try prepared { host, file, before, after in
      expect(try host.vnet("apply", file), exits: 0)
      for point in try points(call, host, ["remove", file]) {
        expect(try host.vnet("apply", file), exits: 0)
        let injection = Injection(at: point, .error("ENOMEM"))
        let (outcome, _) = try host.vnet(["remove", file], injection)
        #expect(outcome.code == 0 || outcome.code == 1, "\(injection): \(outcome)")
        if outcome.code == 1 {
          expectEqual(after, try host.comparableDump(), "\(injection): \(outcome.stderr)")
        }
        expect(try host.vnet("remove", file), exits: 0)
        expectEqual(before, try host.space.dump(), "\(injection)")
      }
    }
  }

  @Test(
    "killed at any call, and recovered: old or new, never between",
    arguments: [
      "sendmsg", "sendto", "recvmsg", "recvfrom", "ioctl", "write", "pwrite64", "rename", "renameat2",
      "fsync", "fdatasync", "fallocate",
    ])
  func killed(_ call: String) throws {
    try prepared(furnished: ["sendmsg", "sendto"].contains(call)) { host, file, before, after in
      let started = Clock.seconds
      let points = try points(call, host, ["apply", file])
      expect(try host.vnet("remove", file), exits: 0)
      var old = 0, new = 0
      for point in points {
        let injection = Injection(at: point, .signal("SIGKILL"))
        _ = try host.vnet(["apply", file], injection)
        expect(try host.vnet("recover"), exits: 0)
        if try host.linkNames.contains("office") {
          new += 1
          expectEqual(after, try host.comparableDump(), "\(injection), expected new")
          expect(try host.vnet("plan", file), exits: 0)
        } else {
          old += 1
          expectEqual(before, try host.space.dump(), "\(injection), expected old")
        }
        expect(try host.vnet("remove", file), exits: 0)
        expectEqual(before, try host.space.dump(), "\(injection), removed")
      }
      let seconds = (Clock.seconds - started).rounded(to: 1)
      print("  SIGKILL at \(call): \(points.count) points, \(old) old, \(new) new, \(seconds) s")
    }
  }

  @Test("killed while recovering is an interrupted run like any other")
  func killedRecovering() throws {
    try prepared { host, file, before, after in
      let calls = try host.calls("sendmsg,sendto", ["apply", file])
      expect(try host.vnet("remove", file), exits: 0)
      let middle = Injection(at: calls[calls.count * 3 / 4], .signal("SIGKILL"))
      var point = 1, reached = true
      while reached && point <= min(40, Self.most("sendmsg")) {
        _ = try host.vnet(["apply", file], middle)
        let again = Injection(call: "sendmsg,sendto", effect: .signal("SIGKILL"), when: "\(point)")
        reached = try host.vnet(["recover"], again).reached
        expect(try host.vnet("recover"), exits: 0)
        if try host.linkNames.contains("office") {
          expectEqual(after, try host.comparableDump(), "recover killed at \(point)")
        } else {
          expectEqual(before, try host.space.dump(), "recover killed at \(point)")
        }
        expect(try host.vnet("remove", file), exits: 0)
        point += 1
      }
    }
  }

  @Test("the next apply finishes what a killed one left, without a recover between")
  func nextRunRecovers() throws {
    try prepared { host, file, before, after in
      let calls = try host.calls("sendmsg,sendto", ["apply", file])
      expect(try host.vnet("remove", file), exits: 0)
      for point in calls.suffix(12) {
        let injection = Injection(at: point, .signal("SIGKILL"))
        _ = try host.vnet(["apply", file], injection)
        expect(try host.vnet("apply", file), exits: 0)
        expectEqual(after, try host.comparableDump(), "\(injection)")
        expect(try host.vnet("remove", file), exits: 0)
        expectEqual(before, try host.space.dump(), "\(injection)")
      }
    }
  }

  @Test("`recover` with nothing to recover exits 0 and changes nothing")
  func nothingToRecover() throws {
    try prepared { host, _, before, _ in
      expect(try host.vnet("recover"), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }
}
