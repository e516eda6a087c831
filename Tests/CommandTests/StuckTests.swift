import Testing
import Witness

/// Rollback itself is made to fail: from some call on every call fails, which is where a run is on its way back.
@Suite(
  "a way back that fails", .enabled(if: Gate.ready && Gate.strace, "needs root, /dev/net/tun and strace"))
struct StuckTests {
  /// A command that cannot undo itself.
  struct Course {
    let campaign: Campaign
    let command: [String]
    /// Makes the host what the command finds.
    var prepare: () throws -> Void = {}
    /// What the way back leads to; nil for what the command finds.
    var goal: Dump?
    var error = "ENOMEM"

    /// Fails each send from the `point`-th on: for good, and then but for the last look, or for half of that.
    func run(from point: Int) throws {
      // Who may not look at tables looks at links all the same, in vain.
      let look = error == "EPERM" ? 2 : 1
      var sends = 0
      for spared in 0...look {
        try prepare()
        let before = try goal ?? campaign.host.space.dump()
        let outcome = try stuck(spared == 0 ? "\(point)+" : "\(point)..\(point + sends - spared - 1)")
        if spared == 0 {
          sends = try campaign.host.files.read("trace").lines.count { $0.contains("(INJECTED)") }
        }
        let now = try campaign.host.space.dump()
        let (listed, objects) = (NamedObjects.listed(outcome), NamedObjects.differing(before, now))
        let isSeen = spared == look
        #expect(
          isSeen ? listed == objects : listed.isSuperset(of: objects),
          "\(listed.symmetricDifference(objects)): \(outcome)\n\(before.difference(to: now))")
        #expect(outcome.stderr.contains("cannot be looked at") != isSeen, "\(outcome)")
        expect(try campaign.vnet("recover"), exits: 0)
        expectEqual(before, try campaign.host.space.dump())
        #expect(try !campaign.host.has("journal"))
        #expect(try !campaign.vnet("status").stdout.contains("recover"))
      }
    }

    private func stuck(_ when: String) throws -> Outcome {
      var injection = Injection(call: "sendto", effect: .error(error), when: when)
      injection.follows = false
      let outcome = try campaign.host.vnet(command, injection).outcome
      expect(outcome, exits: 3)
      #expect(outcome.stderr.contains("vnet-apply recover"), "\(outcome)")
      let changed = outcome.stderr.lines.filter { $0.hasPrefix("  ~ ") }
      #expect(changed.allSatisfy { $0.contains(" → ") }, "both values: \(changed)")
      #expect(try campaign.host.has("journal"))
      let status = try campaign.vnet("status")
      #expect(status.stdout.contains("'quick'") && status.stdout.contains("recover"), "\(status)")
      return outcome
    }
  }

  /// The sends of a command by which it changes the kernel, before its decision.
  private func batches(_ campaign: Campaign, _ command: [String], exits code: Int32 = 0) throws -> [Int] {
    let calls = try campaign.host.calls("sendto,rename", command, follows: false, exits: code)
    return calls.prefix { !$0.line.contains("journal.committed") }
      .filter { $0.line.contains(/RTM_(NEW|DEL)[A-Z]+, nlmsg_flags=NLM_F_REQUEST\|NLM_F_ACK/) }
      .map(\.ordinal)
  }

  private func run(_ course: Course, from points: [Int], usually usual: Int) throws {
    let chosen = Campaign.some(of: points, usually: usual)
    for point in chosen { try course.run(from: point) }
    print(
      "  \(course.command[0]), \(course.error): stuck at \(chosen.count) of \(points.count) points"
    )
  }

  @Test(
    "an apply that can neither go on nor back exits 3 and lists exactly what differs; `recover` finishes",
    arguments: ["ENOMEM", "EPERM"])
  func apply(_ error: String) throws {
    try Campaign.with { campaign in
      let command = ["apply", campaign.file]
      let points = try batches(campaign, command)
      expect(try campaign.vnet("remove", campaign.file), exits: 0)
      try run(Course(campaign: campaign, command: command, error: error), from: points, usually: 2)
    }
  }

  @Test("a way back that breaks off in its middle leaves what it lists, and has restored everything else")
  func middle() throws {
    try Campaign.with { campaign in
      let forward = try batches(campaign, ["apply", campaign.file]).count
      expect(try campaign.vnet("remove", campaign.file), exits: 0)
      // Nobody is there: all that was done is undone.
      let command = ["apply", "--probe", "tcp:192.0.2.77:9", "--probe-timeout", "100ms", campaign.file]
      let points = try batches(campaign, command, exits: 1).dropFirst(forward)
      #expect(points.count > 2)
      let course = Course(campaign: campaign, command: command, error: "EBUSY")
      try run(course, from: Array(points), usually: 2)
    }
  }

  @Test("so does a remove: what it lists is not as it was, and all of it comes back")
  func remove() throws {
    try Campaign.with { campaign in
      expect(try campaign.vnet("apply", campaign.file), exits: 0)
      let command = ["remove", campaign.file]
      let points = try batches(campaign, command)
      let course = Course(
        campaign: campaign, command: command,
        prepare: { expect(try campaign.vnet("apply", campaign.file), exits: 0) })
      try run(course, from: points, usually: 1)
    }
  }

  @Test("a recover that gets stuck is followed by another, which finishes")
  func recovering() throws {
    try Campaign.with { campaign in
      let calls = try campaign.host.calls("sendto", ["apply", campaign.file], follows: false)
      let late = try #require(
        calls.last { $0.line.contains("RTM_NEWADDR, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK") })
      func kill() throws {
        _ = try campaign.host.vnet(["apply", campaign.file], Injection(at: late, .signal("SIGKILL")))
      }
      expect(try campaign.vnet("remove", campaign.file), exits: 0)
      try kill()
      let points = try batches(campaign, ["recover"])
      expectEqual(campaign.before, try campaign.host.space.dump())
      let course = Course(campaign: campaign, command: ["recover"], prepare: kill, goal: campaign.before)
      // First of all it looks.
      try run(course, from: [1] + points, usually: 2)
    }
  }
}

extension StuckTests {
  @Test(
    "what the kernel refuses on the way back is listed; while that lasts nothing else begins, and then `recover` finishes"
  )
  func refused() throws {
    try Campaign.with { campaign in
      let host = campaign.host
      let child = try host.space.start([
        Tools.vnetApply, "apply", "--probe", "tcp:192.0.2.77:9", "--probe-timeout", "4s", campaign.file,
      ])
      #expect(try Clock.wait(10) { try host.linkNames.contains("office") && host.addresses("eth1").isEmpty })
      // Applied, and on trial. No IPv6 address can be put back there.
      try host.space.sysctl("net.ipv6.conf.eth1.disable_ipv6=1")
      let outcome = child.finish()
      expect(outcome, exits: 3)
      let now = try host.space.dump()
      let objects = NamedObjects.differing(campaign.before, now).filter {
        !$0.hasSuffix(".disable_ipv6")
      }
      #expect(NamedObjects.listed(outcome) == objects, "\(outcome)\n\(campaign.before.difference(to: now))")
      #expect(
        objects.contains("address 2001:db8::10/64 dev eth1")
          && !objects.contains("address 192.0.2.10/24 dev eth1"))
      for command in ["apply", "remove"] { expect(try campaign.vnet(command, campaign.file), exits: 3) }
      #expect(try campaign.vnet("status").stdout.contains("recover"))
      try host.space.sysctl("net.ipv6.conf.eth1.disable_ipv6=0")
      expect(try campaign.vnet("recover"), exits: 0)
      try host.space.settle("eth1")
      expectEqual(campaign.before, try host.space.dump())
    }
  }

  @Test("a TAP that was to be made anew, and can be made in no way, is what is listed, with all that it was")
  func tap() throws {
    try Campaign.with { campaign in
      let host = campaign.host
      let text = Quickstart.text.replacing(
        "mac: \"02:00:00:00:10:02\"", with: "mac: \"02:00:00:00:10:02\", queues: 2")
      #expect(text != Quickstart.text)
      let edited = try host.files.write("edited.conf", text)
      expect(try campaign.vnet("apply", campaign.file), exits: 0)
      let first = try #require(
        try host.calls("ioctl", ["apply", edited]).first { $0.line.contains("TUNSETIFF") })
      expect(try campaign.vnet("remove", campaign.file), exits: 0)
      expect(try campaign.vnet("apply", campaign.file), exits: 0)
      let before = try host.comparableDump()
      let outcome = try host.vnet(
        ["apply", edited], Injection(call: "ioctl", effect: .error("EBUSY"), when: "\(first.ordinal)+")
      ).outcome
      expect(outcome, exits: 3)
      let now = try host.comparableDump()
      #expect(
        NamedObjects.listed(outcome) == NamedObjects.differing(before, now),
        "\(outcome)\n\(before.difference(to: now))")
      #expect(
        outcome.stderr.contains("  + tap desktop-eth1  master backstage, mtu 1500, owner"), "\(outcome)")
      expect(try campaign.vnet("recover"), exits: 0)
      expectEqual(before, try host.comparableDump())
      expect(try campaign.vnet("plan", campaign.file), exits: 0)
    }
  }
}

extension Host {
  fileprivate func has(_ file: String) throws -> Bool {
    try run(["test", "-e", "\(stateFolder)/\(file)"]).code == 0
  }
}
