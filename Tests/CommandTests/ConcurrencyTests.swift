import Glibc
import Testing
import Witness

@Suite(
  "two at once, and interruptions",
  .enabled(if: Gate.ready && Gate.strace, "needs root, /dev/net/tun and strace"))
struct ConcurrencyTests {
  /// The process that strace follows: before it, strace has short-lived children of its own,
  /// by which it learns what this kernel's ptrace can do.
  private func traced(by strace: pid_t) -> pid_t? {
    func read(_ path: String) -> String { (try? run(["cat", path]).stdout) ?? "" }
    return read("/proc/\(strace)/task/\(strace)/children").words.compactMap { pid_t($0) }
      .first { read("/proc/\($0)/comm").words == ["vnet-apply"] }
  }

  /// The first run has the lock, and is held at its first request.
  private func waitForLock(in host: Host) throws {
    let path = "/run/vnet-apply/\(try #require(host.space.cookie)).lock"
    #expect(try Clock.wait(10 * Clock.patience) { try run(["test", "-s", path]).code == 0 })
  }

  @Test("nobody else can take the lock, and hold up the way back of a change")
  func othersLock() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let path = "/run/vnet-apply/\(try #require(host.space.cookie)).lock"
      // As former versions left it.
      _ = try must(["install", "-D", "-m", "644", "/dev/null", path])
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try must(["stat", "-c", "%a", path]) == "600\n")
      let other = try run(["setpriv", "--reuid=65534", "--clear-groups", "flock", "--nonblock", path, "true"])
      #expect(other.code != 0 && other.stderr.contains("Permission denied"), "\(other)")
    }
  }

  @Test("of two applies one does the work, the other exits 75 with the holder's pid")
  func twoApplies() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let slow = Injection(call: "sendmsg,sendto", effect: .delay(3), when: "1")
      let first = try host.start(["apply", file], slow)
      try waitForLock(in: host)
      let holder = traced(by: first.pid)
      let second = try host.vnet("apply", "--lock-timeout", "0s", file)
      let plan = try host.vnet("plan", file)
      let outcome = first.finish()
      expect(second, exits: 75)
      #expect(holder.map { second.stderr.contains("\($0)") } == true, "holder \(holder ?? 0): \(second)")
      #expect(plan.code == 2 || plan.code == 0, "a plan takes no lock: \(plan)")
      expect(outcome, exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("with a lock timeout the second waits, and then has nothing to do")
  func waits() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let slow = Injection(call: "sendmsg,sendto", effect: .delay(1.5), when: "1")
      let first = try host.start(["apply", file], slow)
      try waitForLock(in: host)
      let second = try host.vnet("apply", "--lock-timeout", "30s", file)
      expect(first.finish(), exits: 0)
      expect(second, exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("the lock is per namespace: an apply next door is not held up")
  func otherNamespace() throws {
    try Host.with { host in
      try Host.with { neighbour in
        let file = try host.files.write("quick.conf", Quickstart.text)
        let first = try host.start(
          ["apply", file], Injection(call: "sendmsg,sendto", effect: .delay(3), when: "1"))
        try waitForLock(in: host)
        let other = try neighbour.vnet("apply", "--lock-timeout", "0s", file)
        expect(first.finish(), exits: 0)
        expect(other, exits: 0)
      }
    }
  }

  @Test("what a former boot left in another --state-dir, which it did not empty, is not looked at")
  func formerBoot() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let (state, cookie) = (host.files.path + "/state", try #require(host.space.cookie))
      // The number of a boot, and what the folder was called by former versions.
      for folder in ["\(cookie)-00000000", cookie] {
        for name in ["journal.waiting", "ledger.json"] {
          _ = try must(["install", "-D", "/dev/null", "\(state)/\(folder)/\(name)"])
        }
      }
      expect(try host.vnet("apply", "--state-dir", state, file), exits: 0)
      let boot = try must(["cat", "/proc/sys/kernel/random/boot_id"]).prefix(8)
      #expect(try run(["test", "-e", "\(state)/\(cookie)-\(boot)/ledger.json"]).code == 0)
      expect(try host.vnet("remove", "--state-dir", state, file), exits: 0)
    }
  }

  @Test("another --state-dir does not open a second door past the lock")
  func stateFolder() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let first = try host.start(
        ["apply", file], Injection(call: "sendmsg,sendto", effect: .delay(3), when: "1"))
      try waitForLock(in: host)
      let second = try host.vnet(
        "apply", "--lock-timeout", "0s", "--state-dir", host.files.path + "/state", file)
      expect(first.finish(), exits: 0)
      expect(second, exits: 75)
    }
  }

  @Test(
    "a foreign hand on an object of the plan mid-way: undone with exit 1, or desired with exit 0",
    arguments: [0.4, 0.55, 0.7])
  func foreignHand(at fraction: Double) throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let before = try host.space.dump()
      let calls = try host.calls("sendmsg,sendto,ioctl", ["apply", file])
      expect(try host.vnet("remove", file), exits: 0)
      let point = calls[Int(Double(calls.count) * fraction)]
      let child = try host.start(["apply", file], Injection(at: point, .delay(1.5)))
      let seen = try Clock.wait(5) { try host.linkNames.contains("backstage") }
      if seen { try host.space.ip("link set backstage mtu 1280") }
      let outcome = child.finish()
      #expect(outcome.code == 0 || outcome.code == 1, "\(outcome)")
      if outcome.code == 0 {
        // What came after the verification is drift, and the next plan names it and nothing else.
        let plan = try host.plan(file)
        #expect(plan.changes.allSatisfy { $0.id == "link/backstage" }, "\(plan.changes)")
      } else {
        expectEqual(before, try host.space.dump(), "\(outcome)")
      }
    }
  }

  /// Holds the run before the given one of its batches, while somebody else is at work.
  private func held(
    before batch: Int, _ meddle: String, expecting words: [String], mending: String? = nil,
    once isDue: (Host) throws -> Bool = { host in
      try run(["test", "-e", "/run/vnet-apply/\(host.space.cookie ?? "")/journal"]).code == 0
    }
  ) throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      let sends = try host.calls("sendto", ["apply", file]).count
      let before = try host.space.dump()
      try host.files.write(
        "quick.conf",
        Quickstart.text.replacing(
          "backstage: {}",
          with: "backstage: {address: 10.1.0.1/24, mtu: 1400, dhcp: false, dns: false, ra: false}"))
      let point = TracedCall(name: "sendto", ordinal: sends + batch)
      let child = try host.start(["apply", file], Injection(at: point, .delay(1.5)))
      #expect(try Clock.wait(10) { try isDue(host) })
      try host.space.ip(meddle)
      let outcome = child.finish()
      expect(outcome, exits: 1)
      for word in words { #expect(outcome.stderr.contains(word), "\(outcome)") }
      // What somebody else made stays, unless the run had overwritten it before it heard.
      if let mending { try host.space.ip(mending) }
      expectEqual(before, try host.space.dump(), "\(outcome)")
    }
  }

  @Test("a value that the run would overwrite unseen is heard of: undone with exit 1, and named")
  func heardValue() throws {
    // Of three batches (the IPv6 mode, the address, the MTU) the first is not out yet.
    try held(
      before: 1, "link set backstage mtu 1280",
      expecting: ["watch link/backstage: somebody else set mtu to 1280", "1500 and 1400"],
      mending: "link set backstage mtu 1500")
  }

  @Test("an address of the plan that somebody removes is heard of: undone with exit 1, and named")
  func heardRemoval() throws {
    try held(
      before: 3, "address del 10.1.0.1/24 dev backstage",
      expecting: ["watch address/backstage/10.1.0.1/24: somebody else removed it"],
      once: { host in
        try host.space.json("ip -j addr show dev backstage").elements
          .contains { $0["addr_info"].elements.contains { $0["local"].text == "10.1.0.1" } }
      })
  }

  @Test("a signal mid-way gives old or new", arguments: [SIGINT, SIGTERM, SIGHUP], [0.35, 0.6, 0.85])
  func signalled(_ signal: Int32, at fraction: Double) throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let before = try host.space.dump()
      let calls = try host.calls("sendmsg,sendto,ioctl", ["apply", file])
      let after = try host.comparableDump()
      expect(try host.vnet("remove", file), exits: 0)
      let point = calls[Int(Double(calls.count) * fraction)]
      let child = try host.start(["apply", file], Injection(at: point, .delay(0.8)))
      var target: pid_t?
      #expect(
        Clock.wait(5) {
          target = traced(by: child.pid); return target != nil
        })
      Clock.sleep(0.5)
      if let target { kill(target, signal) }
      let outcome = child.finish()
      _ = try host.vnet("recover")
      if try host.linkNames.contains("office") {
        expectEqual(after, try host.comparableDump(), "\(outcome)")
      } else {
        expectEqual(before, try host.space.dump(), "\(outcome)")
        #expect(outcome.code != 0, "\(outcome)")
      }
    }
  }
}

@Suite("failing output", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct OutputTests {
  @Test(
    "an apply whose output cannot be written does the work",
    arguments: [">&-", ">/dev/full", "2>/dev/full", ">&- 2>&-", "| true", "<&-"])
  func failingOutput(redirection: String) throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      _ = try host.space.run(["sh", "-c", "\"$0\" apply \"$1\" \(redirection)", Tools.vnetApply, file])
      #expect(try host.linkNames.isSuperset(of: Quickstart.taps))
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("results go to stdout, and without a terminal there is no colour")
  func streams() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let plan = try host.vnet("plan", file)
      #expect(plan.stdout.contains("Plan: ") && !plan.output.contains("\u{1B}["), "\(plan)")
      #expect(!plan.stderr.contains("Plan: "))
    }
  }

  @Test(
    "--timing says on stderr where the time went and how often the kernel was asked, and changes nothing else"
  )
  func timing() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let plan = try host.vnet("plan", file)
      let timed = try host.vnet("plan", "--timing", file)
      expect(timed, exits: 2)
      #expect(timed.stdout == plan.stdout)
      let apply = try host.vnet("apply", "--timing", file)
      expect(apply, exits: 0)
      // The name may be of several words; behind it are milliseconds, and four counts.
      let rows = Dictionary(
        uniqueKeysWithValues: apply.stderr.lines.dropFirst().compactMap { line -> (String, [Double])? in
          let words = line.split(separator: " ")
          guard words.count > 6 else { return nil }
          return (words.dropLast(6).joined(separator: " "), words.suffix(6).compactMap { Double($0) })
        })
      for part in ["parse", "observe", "plan", "journal", "execute: create", "verify", "in all"] {
        #expect(rows[part]?.count == 6, "\(part): \(apply)")
      }
      let parts = rows.filter { $0.key != "in all" }.values
      for column in 2..<6 { #expect(parts.map { $0[column] }.reduce(0, +) == rows["in all"]?[column]) }
      // TAPs by ioctl, and nft beside them.
      #expect(rows["execute: create"].map { $0[4] > 0 && $0[5] > 0 } == true, "\(apply)")
    }
  }

  @Test("two plans of one host are the same text, without indexes or times")
  func deterministicPlan() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let first = try host.vnet("plan", file).stdout
      #expect(!first.isEmpty)
      #expect(try host.vnet("plan", file).stdout == first)
      #expect(try host.vnet("plan", "--json", file).stdout == host.vnet("plan", "--json", file).stdout)
      #expect(try host.vnet("plan", "--markdown", file).stdout.contains("desktop-eth0"))
      expect(try host.vnet("plan", "--exit-zero", file), exits: 0)
    }
  }
}
