import Glibc
import Testing
import Witness

/// What changes files, folders and processes.
private let effects = "rename,mkdir,unlink,rmdir,fchmod,clone,clone3,wait4,pidfd_open,pidfd_send_signal"

@Suite(
  "A service whose start fails, or whose starter is killed",
  .enabled(if: Gate.services && Gate.strace, Comment(rawValue: Gate.servicesComment)))
struct ServiceFaultTests {
  private struct Case {
    let host: Host
    let file: String
    let before: Dump

    init(_ host: Host) throws {
      self.host = host
      file = try host.files.write("served.conf", Served.text)
      before = try host.space.dump()
    }

    /// Neither a process nor a file of any service.
    func expectNothing(_ comment: String) throws {
      #expect(host.servers == [], "\(comment)")
      let left = try run(
        ["find", "/run/vnet-apply/\(host.space.cookie ?? "")/services", host.space.lasting, "-type", "f"])
      #expect(left.stdout == "", "\(comment): \(left)")
      expectEqual(before, try host.space.dump(), "\(comment)")
    }

    /// The host is as `text` says, and the one process knows what its files say.
    func expectWhole(_ texts: [String], _ comment: String) throws {
      let isPlanned = try texts.map { text in
        try host.vnet("plan", host.files.write("probe.conf", text)).code == 0
      }
      #expect(isPlanned.contains(true), "\(comment): the host is as neither file says")
      let pids = host.servers
      #expect(pids.count == 1, "\(comment): \(pids)")
      let isListed = try must(["cat", host.serviceFolder("lab") + "/names"]).contains(" late")
      let answer = { try host.space.run(["dig", "+short", "+time=1", "@10.77.3.1", "late", "A"]).stdout }
      #expect(try Clock.wait(3) { try (answer() != "") == isListed }, "\(comment): it has not read its files")
    }
  }

  @Test("a port that is taken undoes the run, with the program's own words")
  func busy() throws {
    try Host.with { host in
      let state = try Case(host)
      let other = try host.space.start([
        "dnsmasq", "-d", "--conf-file=/dev/null", "--no-resolv", "--user=root",
      ])
      defer { other.signal(SIGTERM) }
      #expect(try Clock.wait(5) { try host.space.run(["ss", "-Hlnu"]).stdout.contains(":53") })
      let outcome = try host.vnet("apply", state.file)
      expect(outcome, exits: 1)
      #expect(outcome.stderr.contains("start dnsmasq for network 'lab' of 'served'"), "\(outcome)")
      #expect(outcome.stderr.contains("failed to create listening socket for 10.77.3.1"), "\(outcome)")
      other.signal(SIGTERM)
      _ = other.finish(timeout: 5)
      try state.expectNothing("a taken port")
    }
  }

  @Test("a program that runs as another account than it would now is known, and ends")
  func account() throws {
    try Host.with { host in
      let state = try Case(host)
      let accounts = host.files.path + "/passwd"
      let outcome = try host.space.run([
        "unshare", "--mount", "--propagation", "private", "sh", "-ec",
        "grep -v '^dnsmasq:' /etc/passwd >\(accounts); mount --bind \(accounts) /etc/passwd; exec \(Tools.vnetApply) apply \(state.file)",
      ])
      expect(outcome, exits: 0)
      let pids = host.servers
      #expect(pids.count == 1)
      for pid in pids { #expect(try must(["ps", "-o", "user=", "-p", "\(pid)"]).trimmed == "nobody") }
      expect(try host.vnet("plan", state.file), exits: 0)
      expect(try host.vnet("remove", state.file), exits: 0)
      try state.expectNothing("another account")
    }
  }

  @Test("a program that cannot be executed undoes the run")
  func execution() throws {
    try Host.with { host in
      let state = try Case(host)
      let program = try must(["sh", "-c", "readlink -f $(command -v dnsmasq)"]).trimmed
      let outcome = try host.space.run(
        ["strace", "-f", "-qq", "-o", host.files.path + "/trace", "-P", program, "-e", "trace=execve", "-e"]
          + ["inject=execve:error=EACCES", Tools.vnetApply, "apply", state.file])
      expect(outcome, exits: 1)
      #expect(outcome.stderr.contains("Permission denied"), "\(outcome)")
      try state.expectNothing("execve")
    }
  }

  @Test(
    "a file that cannot be written undoes the run",
    arguments: ["conf", "hosts", "names", "reservations.json"])
  func unwritable(_ name: String) throws {
    try Host.with { host in
      let state = try Case(host)
      let folder = name.hasSuffix(".json") ? host.space.lasting : try host.serviceFolder("lab")
      let outcome = try host.space.run(
        ["strace", "-qq", "-o", host.files.path + "/trace", "-P", "\(folder)/\(name).new", "-e"]
          + ["trace=openat", "-e", "inject=openat:error=ENOSPC", Tools.vnetApply, "apply", state.file])
      expect(outcome, exits: 1)
      #expect(outcome.stderr.contains("\(name).new"), "\(outcome)")
      try state.expectNothing(name)
    }
  }

  @Test("a folder that the program cannot get through undoes the run")
  func closed() throws {
    try Host.with { host in
      let state = try Case(host)
      let folder = host.files.path + "/closed"
      try must(["mkdir", "-m", "700", folder])
      let outcome = try host.vnet("apply", "--state-dir", folder, state.file)
      expect(outcome, exits: 1)
      #expect(outcome.stderr.contains("cannot get through \(folder)"), "\(outcome)")
      #expect(outcome.stderr.contains("hint: chmod o+x"), "\(outcome)")
      try state.expectNothing("a closed folder")
    }
  }

  @Test("whichever call fails, the apply ends as it says: all of it, or nothing and no stray process")
  func failures() throws {
    try Host.with { host in
      let state = try Case(host)
      let calls = try host.calls(effects, ["apply", state.file], follows: false)
      expect(try host.vnet("remove", state.file), exits: 0)
      #expect(calls.count > 20)
      for call in Campaign.some(of: calls, usually: 5) {
        var injection = Injection(at: call, .error("ENOSPC"))
        injection.follows = false
        let (outcome, _) = try host.vnet(["apply", state.file], injection)
        let comment = "\(injection): \(outcome)"
        #expect(outcome.code == 0 || outcome.code == 1, "\(comment)")
        if outcome.code == 0 { expect(try host.vnet("remove", state.file), exits: 0) }
        try state.expectNothing(comment)
      }
    }
  }

  @Test("killed at any call of a first apply, recovery leaves all of it or nothing")
  func killed() throws {
    try Host.with { host in
      let state = try Case(host)
      let calls = try host.calls(effects, ["apply", state.file], follows: false)
      expect(try host.vnet("remove", state.file), exits: 0)
      for call in Campaign.some(of: calls, usually: 5) {
        var injection = Injection(at: call, .signal("KILL"))
        injection.follows = false
        _ = try host.vnet(["apply", state.file], injection)
        expect(try host.vnet("recover"), exits: 0)
        if try host.linkNames.contains("lab") {
          try state.expectWhole([Served.text], "\(injection)")
          expect(try host.vnet("remove", state.file), exits: 0)
        }
        try state.expectNothing("\(injection)")
      }
    }
  }

  @Test(
    "killed at any call of a change, recovery leaves the old or the new, and a process that has read it",
    arguments: [
      "more names": Served.text, "another configuration": Served.text.replacing("10m", with: "20m"),
    ])
  func killedChange(_ what: String, _ base: String) throws {
    try Host.with { host in
      let state = try Case(host)
      let changed = base + "  late: {nics: {eth0: {network: lab}}}\n"
      expect(try host.vnet("apply", state.file), exits: 0)
      let file = try host.files.write("changed.conf", changed)
      let calls = try host.calls(effects, ["apply", file], follows: false)
      for call in Campaign.some(of: calls, usually: 5) {
        expect(try host.vnet("apply", state.file), exits: 0)
        var injection = Injection(at: call, .signal("KILL"))
        injection.follows = false
        _ = try host.vnet(["apply", file], injection)
        expect(try host.vnet("recover"), exits: 0)
        try state.expectWhole([Served.text, changed], "\(what), \(injection)")
      }
      expect(try host.vnet("remove", state.file), exits: 0)
      try state.expectNothing(what)
    }
  }

  @Test("killed at any call of a removal, recovery leaves a service that runs or none")
  func killedRemoval() throws {
    try Host.with { host in
      let state = try Case(host)
      expect(try host.vnet("apply", state.file), exits: 0)
      let calls = try host.calls(effects, ["remove", state.file], follows: false)
      for call in Campaign.some(of: calls, usually: 5) {
        expect(try host.vnet("apply", state.file), exits: 0)
        var injection = Injection(at: call, .signal("KILL"))
        injection.follows = false
        _ = try host.vnet(["remove", state.file], injection)
        expect(try host.vnet("recover"), exits: 0)
        if try host.linkNames.contains("lab") {
          try state.expectWhole([Served.text], "\(injection)")
        } else {
          try state.expectNothing("\(injection)")
        }
      }
    }
  }
}
