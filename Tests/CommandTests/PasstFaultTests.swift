import Glibc
import Testing

/// What changes files, folders and processes.
private let effects = "rename,mkdir,unlink,rmdir,chown,clone,clone3,wait4,pidfd_open,pidfd_send_signal"

@Suite(
  "A passt whose start fails, or whose starter is killed",
  .enabled(if: Gate.passt && Gate.strace, Comment(rawValue: Gate.passtComment)))
struct PasstFaultTests {
  private struct Case {
    let host: Host
    let file: String
    let before: Dump

    init(_ host: Host) throws {
      self.host = host
      file = try host.files.write("p.conf", Passt.text())
      before = try host.space.dump()
    }

    /// Neither a process nor a file nor a port of it.
    func expectNothing(_ comment: String) throws {
      #expect(Clock.wait(3) { host.passts == [] }, "\(comment)")
      let left = try run(["find", "/run/vnet-apply/\(host.space.cookie ?? "")/services"])
      #expect(left.stdout == "", "\(comment): \(left)")
      #expect(try host.listening == [], "\(comment)")
      expectEqual(before, try host.space.dump(), "\(comment)")
    }

    /// The host is as one of the texts says, and one process listens as it does.
    func expectOne(of ports: [Int], _ comment: String) throws {
      #expect(host.passts.count == 1, "\(comment): \(host.passts)")
      let heard = try host.listening
      let port = try #require(ports.first { heard == ["tcp *:\($0)"] }, "\(comment): \(heard)")
      let probe = try host.files.write("probe.conf", Passt.text("forward: [\"\(port) -> 80\"],"))
      expect(try host.vnet("plan", probe), exits: 0)
    }
  }

  @Test("a socket that it cannot make undoes the run, with the program's own words")
  func socket() throws {
    try Host.with { host in
      let state = try Case(host)
      try host.files.write("p.conf", Passt.text("socket: /proc/passt.socket,"))
      let outcome = try host.vnet("apply", state.file)
      expect(outcome, exits: 1)
      #expect(outcome.stderr.contains("start passt for NIC 'web/eth0' of 'p'"), "\(outcome)")
      #expect(outcome.stderr.contains("socket") && !outcome.stderr.contains("syslog"), "\(outcome)")
      try state.expectNothing("no socket")
    }
  }

  @Test("whichever call fails, the apply ends as it says: all of it, or nothing and no stray process")
  func failures() throws {
    try Host.with { host in
      let state = try Case(host)
      let calls = try host.calls(effects, ["apply", state.file], follows: false)
      expect(try host.vnet("remove", state.file), exits: 0)
      #expect(calls.count > 10)
      for call in calls {
        var injection = Injection(at: call, .error("ENOSPC"))
        injection.follows = false
        let (outcome, _) = try host.vnet(["apply", state.file], injection)
        #expect(outcome.code == 0 || outcome.code == 1, "\(injection): \(outcome)")
        if outcome.code == 0 {
          try state.expectOne(of: [8080], "\(injection)")
          expect(try host.vnet("remove", state.file), exits: 0)
        }
        try state.expectNothing("\(injection): \(outcome)")
      }
    }
  }

  @Test("killed at any call of a first apply, recovery leaves all of it or nothing")
  func killed() throws {
    try Host.with { host in
      let state = try Case(host)
      let calls = try host.calls(effects, ["apply", state.file], follows: false)
      expect(try host.vnet("remove", state.file), exits: 0)
      for call in calls {
        var injection = Injection(at: call, .signal("KILL"))
        injection.follows = false
        _ = try host.vnet(["apply", state.file], injection)
        expect(try host.vnet("recover"), exits: 0)
        if !host.passts.isEmpty {
          try state.expectOne(of: [8080], "\(injection)")
          expect(try host.vnet("remove", state.file), exits: 0)
        }
        try state.expectNothing("\(injection)")
      }
    }
  }

  @Test("killed at any call of a change, recovery leaves the old or the new, and it listens")
  func killedChange() throws {
    try Host.with { host in
      let state = try Case(host)
      let changed = try host.files.write("changed.conf", Passt.text("forward: [\"8082 -> 80\"],"))
      expect(try host.vnet("apply", state.file), exits: 0)
      let calls = try host.calls(effects, ["apply", changed], follows: false)
      for call in calls {
        expect(try host.vnet("apply", state.file), exits: 0)
        var injection = Injection(at: call, .signal("KILL"))
        injection.follows = false
        _ = try host.vnet(["apply", changed], injection)
        expect(try host.vnet("recover"), exits: 0)
        try state.expectOne(of: [8080, 8082], "\(injection)")
      }
      expect(try host.vnet("remove", state.file), exits: 0)
      try state.expectNothing("a change")
    }
  }

  @Test("killed at any call of a removal, recovery leaves one that runs or none")
  func killedRemoval() throws {
    try Host.with { host in
      let state = try Case(host)
      expect(try host.vnet("apply", state.file), exits: 0)
      let calls = try host.calls(effects, ["remove", state.file], follows: false)
      for call in calls {
        expect(try host.vnet("apply", state.file), exits: 0)
        var injection = Injection(at: call, .signal("KILL"))
        injection.follows = false
        _ = try host.vnet(["remove", state.file], injection)
        expect(try host.vnet("recover"), exits: 0)
        if host.passts.isEmpty {
          try state.expectNothing("\(injection)")
        } else {
          try state.expectOne(of: [8080], "\(injection)")
        }
      }
    }
  }
}
