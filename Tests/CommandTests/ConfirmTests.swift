import Glibc
import Testing
import Witness

/// Changes that are undone unless somebody confirms them.
@Suite("commit-confirm", .enabled(if: Gate.ready && Gate.strace, "needs root, /dev/net/tun and strace"))
struct ConfirmTests {
  private func with(_ body: (Host, String, Dump) throws -> Void) throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      try body(host, file, try host.space.dump())
      #expect(host.hasNoGuards())
    }
  }

  @Test("confirmed, the host is what an apply makes of it, and nothing of the wait is left")
  func confirmed() throws {
    try with { host, file, before in
      expect(try host.vnet("apply", file), exits: 0)
      let after = try host.comparableDump()
      expect(try host.vnet("remove", file), exits: 0)
      let apply = try host.vnet("apply", "--confirm-within", "60s", file)
      expect(apply, exits: 0)
      #expect(apply.seconds < 20 && apply.stdout.contains("to be undone in 60 s"), "\(apply)")
      #expect(apply.stdout.contains("\n  vnet-apply confirm\n"), "\(apply)")
      expectEqual(after, try host.comparableDump(), "while it waits")
      #expect(host.guards.count == 2)
      let confirm = try host.vnet("confirm")
      expect(confirm, exits: 0)
      #expect(confirm.stdout == "Confirmed: 'quick' stays as it was applied.\n")
      expectEqual(after, try host.comparableDump())
      expect(try host.vnet("plan", file), exits: 0)
      #expect(host.hasNoGuards())
      let left = try run(["ls", host.stateFolder]).stdout
      #expect(!left.contains("journal") && !left.contains("guard") && !left.contains("pending"), "\(left)")
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("whatever fails of a confirm, what it exits with says whether the change stays")
  func failing() throws {
    try with { host, file, before in
      let apply = ["apply", "--confirm-within", "60s", file]
      expect(try host.vnet(apply), exits: 0)
      let calls = try host.calls("sendto,recvmsg,openat,rename,execve", ["confirm"], follows: false)
      expect(try host.vnet("remove", file), exits: 0)
      let errors = ["openat": "EMFILE", "rename": "EIO", "execve": "ENOMEM"]
      // From where it looks at the journal; what it loads before is no part of it.
      let first = calls.firstIndex { $0.line.contains("journal") } ?? 0
      for call in Campaign.some(of: Array(calls[first...]), usually: 6) {
        expect(try host.vnet(apply), exits: 0)
        var injection = Injection(at: call, .error(errors[call.name] ?? "ENOBUFS"))
        injection.follows = false
        let confirm = try host.vnet(["confirm"], injection).outcome
        let comment = Comment(rawValue: "\(call.line): \(confirm)")
        #expect([0, 1].contains(confirm.code), comment)
        if confirm.code == 0 {
          #expect(host.hasNoGuards(), comment)
          expect(try host.vnet("plan", file), exits: 0)
          expect(try host.vnet("remove", file), exits: 0)
        } else {
          #expect(try host.vnet("status").stdout.contains("waits to be confirmed"), comment)
          expect(try host.vnet("rollback"), exits: 0)
        }
        expectEqual(before, try host.space.dump(), "\(comment)")
      }
    }
  }

  @Test("the very command that it prints confirms it, from another namespace and with another state folder")
  func printed() throws {
    try with { host, file, _ in
      let state = host.files.path + "/state"
      let apply = try run([
        Tools.vnetApply, "apply", "--netns", host.space.name, "--state-dir", state, "--confirm-within", "60s",
        file,
      ])
      expect(apply, exits: 0)
      let line = try #require(apply.stdout.lines.first { $0.hasPrefix("  vnet-apply confirm") })
      expect(try run([Tools.vnetApply] + line.words.dropFirst()), exits: 0)
      expect(
        try run([
          Tools.vnetApply, "remove", "--netns", host.space.name, "--state-dir", state, "--name", "quick",
        ]), exits: 0)
    }
  }

  @Test("what nobody confirms is undone by itself when the time is over, and `status` says so")
  func late() throws {
    try with { host, file, before in
      expect(try host.vnet("apply", "--confirm-within", "6s", file), exits: 0)
      let waiting = try host.vnet("status").stdout
      #expect(waiting.contains(/waits to be confirmed, for another [1-6] s:/), "\(waiting)")
      #expect(try host.becomes(before, within: 20))
      expectEqual(before, try host.space.dump())
      expect(try host.vnet("confirm"), exits: 1)
      let status = try host.vnet("status")
      #expect(
        status.stdout.contains("The last change of 'quick' was not confirmed, and is undone."), "\(status)")
      #expect(try host.vnet("history").stderr.contains("no configuration that was applied here is kept"))
    }
  }

  @Test(
    "while a change waits everything that would change the host exits 75 and says how long, and what to do")
  func busy() throws {
    try with { host, file, before in
      expect(try host.vnet("apply", "--confirm-within", "60s", file), exits: 0)
      for command in [["apply", file], ["remove", file], ["recover"], ["rollback", "1"], ["boot"]] {
        let outcome = try host.vnet(command)
        if command == ["boot"] { continue }
        expect(outcome, exits: 75)
        #expect(outcome.stderr.contains("waits to be confirmed"), "\(outcome)")
      }
      expect(try host.vnet("plan", file), exits: 0)
      let rollback = try host.vnet("rollback")
      expect(rollback, exits: 0)
      expectEqual(before, try host.space.dump(), "\(rollback)")
      expect(try host.vnet("confirm"), exits: 1)
    }
  }

  @Test("a removal can wait too: what nothing brings back goes with the confirmation, and not before")
  func removal() throws {
    try with { host, file, before in
      expect(try host.vnet("apply", file), exits: 0)
      let index = try host.link("desktop-eth0")["ifindex"].int
      let applied = try host.comparableDump()
      expect(try host.vnet("remove", "--confirm-within", "60s", file), exits: 0)
      #expect(try host.link("desktop-eth0")["ifindex"].int == index)
      expect(try host.vnet("rollback"), exits: 0)
      expectEqual(applied, try host.comparableDump())
      #expect(try host.link("desktop-eth0")["ifindex"].int == index)
      expect(try host.vnet("remove", "--confirm-within", "60s", file), exits: 0)
      expect(try host.vnet("confirm"), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("--wait stays: exit 0 when somebody confirms, 1 when the time is over, 75 when it is told to stop")
  func waits() throws {
    try with { host, file, before in
      let first = try host.space.start([Tools.vnetApply, "apply", "--confirm-within", "60s", "--wait", file])
      // Who asks before it waits would have the lock that it needs.
      let waiting = host.stateFolder + "/journal.waiting"
      #expect(try Clock.wait(20) { try run(["test", "-e", waiting]).code == 0 })
      expect(try host.vnet("confirm", "--lock-timeout", "10s"), exits: 0)
      expect(first.finish(), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      let second = try host.vnet("apply", "--confirm-within", "2s", "--wait", file)
      expect(second, exits: 1)
      #expect(second.stderr.contains("the change was undone"), "\(second)")
      expectEqual(before, try host.space.dump())
      let third = try host.space.start([Tools.vnetApply, "apply", "--confirm-within", "60s", "--wait", file])
      #expect(try Clock.wait(20) { try run(["test", "-e", waiting]).code == 0 })
      third.signal(SIGINT)
      expect(third.finish(), exits: 75)
      expect(try host.vnet("rollback"), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a change that follows another at once has guards of its own")
  func inQuickSuccession() throws {
    try with { host, file, before in
      for _ in 0..<8 {
        expect(try host.vnet("apply", "--confirm-within", "60s", file), exits: 0)
        #expect(host.guards.count >= 2)
        expect(try host.vnet("rollback"), exits: 0)
      }
      expectEqual(before, try host.space.dump())
    }
  }

  @Test(
    "of the two that watch, one that is killed is replaced, and the change is undone in time all the same")
  func killedGuard() throws {
    try with { host, file, before in
      expect(try host.vnet("apply", "--confirm-within", "15s", file), exits: 0)
      for role in 0...1 {
        let pids = host.guards
        let path = "\(host.stateFolder)/guard.\(role)"
        let victim = try #require(pid_t(try must(["cat", path]).trimmed))
        #expect(pids.count == 2 && pids.contains(victim))
        kill(victim, SIGKILL)
        #expect(Clock.wait(5) { host.guards.count == 2 && !host.guards.contains(victim) })
      }
      #expect(try host.becomes(before, within: 40))
      expectEqual(before, try host.space.dump())
    }
  }

  @Test(
    "guards outlive the program's file: where an upgrade has put another in its place they replace each other, and undo"
  )
  func replacedProgram() throws {
    try with { host, file, before in
      let program = try host.files.write("vnet-apply", "")
      try must(["install", "-m", "755", Tools.vnetApply, program])
      let apply = try host.space.run([program, "apply", "--confirm-within", "10s", file])
      expect(apply, exits: 0)
      let other = try host.files.write("other", "#!/bin/sh\nexit 0\n")
      try must(["sh", "-c", "chmod 755 \(other) && mv \(other) \(program)"])
      let victim = try #require(pid_t(try must(["cat", "\(host.stateFolder)/guard.0"]).trimmed))
      kill(victim, SIGKILL)
      #expect(Clock.wait(5) { host.guards.count == 2 && !host.guards.contains(victim) })
      #expect(try host.becomes(before, within: 40))
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("where both are killed at once the next run that changes anything undoes it")
  func killedGuards() throws {
    try with { host, file, before in
      expect(try host.vnet("apply", "--confirm-within", "6s", file), exits: 0)
      let applied = try host.space.dump()
      for _ in 0..<20 where !host.guards.isEmpty { for pid in host.guards { kill(pid, SIGKILL) } }
      Clock.sleep(6.5)
      expectEqual(applied, try host.space.dump())
      let recover = try host.vnet("recover")
      expect(recover, exits: 0)
      #expect(recover.stderr.contains("a change of 'quick' that was not confirmed was undone"), "\(recover)")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test(
    "the caller killed half-way, with its whole process group, leaves nothing half: the guards undo it at once",
    arguments: [0.3, 0.6, 0.9])
  func killedCaller(at fraction: Double) throws {
    try with { host, file, before in
      let calls = try host.calls("sendto", ["apply", file])
      expect(try host.vnet("remove", file), exits: 0)
      let point = calls[Int(Double(calls.count) * fraction)]
      // Guards are no children to be followed: strace would wait for them.
      var injection = Injection(at: point, .signal("SIGKILL"))
      injection.follows = false
      let (outcome, reached) = try host.vnet(["apply", "--confirm-within", "60s", file], injection)
      #expect(reached, "\(outcome)")
      #expect(try host.becomes(before, within: 20))
      expectEqual(before, try host.space.dump(), "\(outcome)")
    }
  }

  @Test("a hang-up of the terminal and the death of the shell end neither the guards nor the wait")
  func hangUp() throws {
    try with { host, file, before in
      let shell = try host.space.start([
        "setsid", "sh", "-c", "\"$0\" apply --confirm-within 10s \"$1\"; echo done; sleep 60",
        Tools.vnetApply,
        file,
      ])
      var line = shell.line(timeout: 30)
      while let text = line, text != "done" { line = shell.line(timeout: 30) }
      #expect(line == "done")
      for pid in host.guards { kill(pid, SIGHUP) }
      kill(-shell.pid, SIGHUP)
      kill(-shell.pid, SIGKILL)
      #expect(host.guards.count == 2)
      #expect(try host.becomes(before, within: 20))
      expectEqual(before, try host.space.dump())
      _ = shell.finish(timeout: 1)
    }
  }

  @Test("a change that cuts the way to the host comes back by itself: a connection stalls, and goes on")
  func cutOff() throws {
    try Host.with { host in
      let before = try host.space.dump()
      // What an SSH session is: a connection to the host's own address, from the LAN.
      let talk = try Talk(from: host.lan, to: host.space, "192.0.2.10", 2222, name: "host")
      defer { talk.leave() }
      #expect(talk.hears("host"))
      let file = try host.files.write("cut.conf", "networks: {office: {uplink: eth1, host: none}}\n")
      let apply = try host.vnet(
        "apply", "--allow", "ssh-session", "--allow", "default-route", "--confirm-within", "6s", file)
      expect(apply, exits: 0)
      #expect(!talk.hears("host"), "it is not cut: \(apply)")
      #expect(try host.becomes(before, within: 20))
      #expect(Clock.wait(60) { talk.hears("host") }, "it does not go on")
      expectEqual(before, try host.space.dump())
      #expect(host.hasNoGuards())
    }
  }

  @Test("a guard that cannot be started is an error before anything is changed")
  func noGuard() throws {
    try with { host, file, before in
      // A folder in the place of its file.
      try must(["mkdir", "-p", host.stateFolder + "/guard.log/x"])
      let outcome = try host.vnet("apply", "--confirm-within", "60s", file)
      expect(outcome, exits: 1)
      #expect(outcome.stderr.contains("guard"), "\(outcome)")
      expectEqual(before, try host.space.dump())
      try must(["rm", "-r", host.stateFolder + "/guard.log"])
    }
  }
}

/// Words of the command line that are wrong.
@Suite("commit-confirm, wrong usage")
struct ConfirmUsageTests {
  @Test(
    "each is refused with exit 64 and what to write",
    arguments: [
      ["--confirm-within", "soon"], ["--confirm-within", "0s"], ["--confirm-within", "48h"], ["--wait"],
      ["--probe", "pong:x"], ["--probe", "tcp:host"], ["--probe", "tcp:2001:db8::1:22"],
      ["--probe", "ping:"],
      ["--probe", "gateway", "--probe-timeout", "0s"],
    ])
  func usage(_ options: [String]) throws {
    let outcome = try run([Tools.vnetApply, "apply"] + options + ["/nonexistent.conf"])
    expect(outcome, exits: 64)
    #expect(outcome.stderr.contains("write") || outcome.stderr.contains("--confirm-within 60s"), "\(outcome)")
  }
}
