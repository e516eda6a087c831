import Glibc
import Testing
import Witness

/// Configurations that were applied, kept for going back and for the next boot.
@Suite(
  "history, rollback, boot", .enabled(if: Gate.ready && Gate.strace, "needs root, /dev/net/tun and strace"))
struct HistoryTests {
  private static func text(mtu: Int) -> String {
    "name: lab\nnetworks: {office: {address: 10.7.0.1/24, dhcp: false, dns: false, mtu: \(mtu)}}\n"
      + "vms: {a: {nics: {eth0: {network: office}}}}\n"
  }

  private func with(_ body: (Host) throws -> Void) throws {
    try Host.with { host in try body(host) }
  }

  private func apply(_ host: Host, mtu: Int, _ options: String...) throws {
    let file = try host.files.write("lab.conf", Self.text(mtu: mtu))
    expect(try host.vnet(["apply"] + options + [file]), exits: 0)
  }

  private func generations(_ host: Host) throws -> [JSON] {
    let outcome = try host.vnet("history", "--json")
    return outcome.code == 0 ? try JSON(parsing: outcome.stdout)["generations"].elements : []
  }

  @Test("each configuration that is applied is one more generation; the same one again is none")
  func listed() throws {
    try with { host in
      for mtu in [1500, 1400, 1400, 1300] { try apply(host, mtu: mtu) }
      let history = try host.vnet("history")
      #expect(
        history.stdout.lines.filter { !$0.isEmpty }.map { $0.prefix(3) } == ["1  ", "2  ", "3  "],
        "\(history)")
      #expect(history.stdout.contains("lab.conf  (applied)\n"), "\(history)")
      #expect(try generations(host).map { $0["files"][0]["text"].text } == [1500, 1400, 1300].map(Self.text))
    }
  }

  @Test("what is kept is on the disk before it has its name, and what was removed is gone from it")
  func durable() throws {
    try with { host in
      let file = try host.files.write("lab.conf", Self.text(mtu: 1500))
      func trace(_ arguments: String...) throws -> [String] {
        let path = host.files.path + "/durable"
        let words = ["strace", "-y", "-qq", "-o", path, "-e", "trace=fsync,rename,unlink"]
        expect(try host.vnet(behind: words, arguments), exits: 0)
        return try host.files.read("durable").split(separator: "\n").map(String.init)
      }
      func place(_ call: String, _ file: String, in calls: [String]) throws -> Int {
        try #require(calls.firstIndex { $0.hasPrefix(call + "(") && $0.contains(file) }, "\(call) \(calls)")
      }
      let applied = try trace("apply", file)
      let written = try place("fsync", "/reservations.json.new>", in: applied)
      let named = try place("rename", "/reservations.json\"", in: applied)
      #expect(written < named && applied[named...].contains { $0.hasPrefix("fsync(") }, "\(applied)")
      #expect(
        try place("fsync", "/generation.pending>", in: applied) < place("rename", "/1.json", in: applied))
      let removed = try trace("remove", file)
      let gone = try place("unlink", "/1.json", in: removed)
      #expect(removed[gone...].contains { $0.hasPrefix("fsync(") && !$0.contains(".pending") }, "\(removed)")
    }
  }

  @Test("a boot applies what a killed run has decided, not the one before")
  func decided() throws {
    try with { host in
      try apply(host, mtu: 1500)
      let file = try host.files.write("lab.conf", Self.text(mtu: 1400))
      let renames = try host.calls("rename", ["apply", file])
      let last = try #require(renames.last { $0.line.contains("/generation.pending\"") })
      _ = try host.files.write("lab.conf", Self.text(mtu: 1300))
      let killed = try host.vnet(["apply", file], Injection(at: last, .signal("SIGKILL")))
      #expect(killed.reached && killed.outcome.code != 0)
      let boot = try host.vnet("boot")
      expect(boot, exits: 0)
      #expect(boot.stdout.contains("lab, generation 3:\n"), "\(boot)")
      #expect(try generations(host).map { $0["files"][0]["text"].text } == [1500, 1400, 1300].map(Self.text))
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("rollback goes to the one before, or to any, as an apply of it would")
  func rollback() throws {
    try with { host in
      var dumps: [Int: Dump] = [:]
      for mtu in [1500, 1400, 1300] {
        try apply(host, mtu: mtu)
        dumps[mtu] = try host.comparableDump()
      }
      let rollback = try host.vnet("rollback")
      expect(rollback, exits: 0)
      #expect(rollback.stdout.contains("mtu 1300 → 1400"), "\(rollback)")
      expectEqual(try #require(dumps[1400]), try host.comparableDump())
      expect(try host.vnet("rollback", "1"), exits: 0)
      expectEqual(try #require(dumps[1500]), try host.comparableDump())
      #expect(try generations(host).count == 5)
      let unknown = try host.vnet("rollback", "9")
      expect(unknown, exits: 64)
      #expect(unknown.stderr.contains("it has 1, 2, 3, 4, 5"), "\(unknown)")
    }
  }

  @Test("with nothing before it rollback exits 1 and says so; with nothing at all too")
  func nothingBefore() throws {
    try with { host in
      expect(try host.vnet("rollback"), exits: 1)
      try apply(host, mtu: 1500)
      let rollback = try host.vnet("rollback")
      expect(rollback, exits: 1)
      #expect(rollback.stderr.contains("there is no configuration of 'lab' before"), "\(rollback)")
    }
  }

  @Test("of several names one is to be said")
  func names() throws {
    try with { host in
      try apply(host, mtu: 1500)
      let other = try host.files.write(
        "other.conf", "networks: {den: {}}\nvms: {b: {nics: {e0: {network: den}}}}\n")
      expect(try host.vnet("apply", other), exits: 0)
      let history = try host.vnet("history")
      expect(history, exits: 1)
      #expect(history.stderr.contains("several configurations were applied here: lab, other"), "\(history)")
      expect(try host.vnet("history", "--name", "other"), exits: 0)
    }
  }

  @Test("what was not decided, was a part, a saved plan or transient, is no generation")
  func unkept() throws {
    try with { host in
      try apply(host, mtu: 1500)
      let file = try host.files.write("lab.conf", Self.text(mtu: 1400))
      expect(
        try host.vnet(
          "apply", "--probe", "gateway", "--probe", "ping:192.0.2.200", "--probe-timeout", "1s", file),
        exits: 1)
      expect(try host.vnet("apply", "--confirm-within", "60s", file), exits: 0)
      #expect(try generations(host).count == 1)
      expect(try host.vnet("rollback"), exits: 0)
      expect(try host.vnet("apply", "--transient", file), exits: 0)
      let plan = host.files.path + "/plan.json"
      let again = try host.files.write("lab.conf", Self.text(mtu: 1300))
      expect(try host.vnet("plan", "--exit-zero", "--out", plan, again), exits: 0)
      expect(try host.vnet("apply", "--plan", plan), exits: 0)
      expect(try host.vnet("apply", "--only", "a", again), exits: 0)
      #expect(try generations(host).map { $0["files"][0]["text"].text } == [Self.text(mtu: 1500)])
    }
  }

  @Test("where the host needs no change there is nothing to wait for: the configuration is kept at once")
  func nothingToConfirm() throws {
    try with { host in
      try apply(host, mtu: 1500, "--transient")
      try apply(host, mtu: 1500, "--confirm-within", "60s")
      expect(try host.vnet("confirm"), exits: 1)
      #expect(try generations(host).count == 1)
    }
  }

  @Test("a change that is confirmed is a generation from then on")
  func confirmed() throws {
    try with { host in
      let file = try host.files.write("lab.conf", Self.text(mtu: 1400))
      expect(try host.vnet("apply", "--confirm-within", "60s", file), exits: 0)
      #expect(try generations(host).isEmpty)
      expect(try host.vnet("confirm"), exits: 0)
      #expect(try generations(host).count == 1)
    }
  }

  @Test("ten are kept")
  func limit() throws {
    try with { host in
      for mtu in 1400..<1412 { try apply(host, mtu: mtu) }
      #expect(try generations(host).map { $0["number"].int } == Array(3...12))
    }
  }

  @Test("a removal forgets them, and leaves no file")
  func removed() throws {
    try with { host in
      try apply(host, mtu: 1500)
      try apply(host, mtu: 1400)
      expect(try host.vnet("remove", "--name", "lab"), exits: 0)
      #expect(try generations(host).isEmpty)
      #expect(try run(["ls", host.space.lasting]).code != 0)
    }
  }

  @Test(
    "killed at any write to the files, the last generation is what the host is",
    arguments: ["rename", "fsync", "unlink", "write"])
  func killed(_ call: String) throws {
    try with { host in
      try apply(host, mtu: 1500)
      let file = try host.files.write("lab.conf", Self.text(mtu: 1400))
      let points = try host.calls(call, ["apply", file])
      for point in Campaign.some(of: points, usually: 4) {
        try apply(host, mtu: 1500)
        _ = try host.files.write("lab.conf", Self.text(mtu: 1400))
        let injection = Injection(at: point, .signal("SIGKILL"))
        _ = try host.vnet(["apply", file], injection)
        expect(try host.vnet("recover"), exits: 0)
        let mtu = try host.link("office")["mtu"].int
        #expect(
          try generations(host).last?["files"][0]["text"].text == Self.text(mtu: mtu ?? 0),
          "\(injection): the host has \(mtu ?? 0)")
      }
    }
  }

  @Test("boot applies what was confirmed last, of every name, in a namespace that has nothing")
  func boot() throws {
    try with { host in
      try apply(host, mtu: 1400)
      let other = try host.files.write(
        "other.conf", "networks: {den: {}}\nvms: {b: {nics: {e0: {network: den}}}}\n")
      expect(try host.vnet("apply", other), exits: 0)
      let file = try host.files.write("lab.conf", Self.text(mtu: 1300))
      expect(try host.vnet("apply", "--confirm-within", "60s", file), exits: 0)
      // Power is lost while the change waits: what the kernel and /run have goes, what is on the disk stays.
      for pid in host.guards { kill(pid, SIGKILL) }
      for link in ["a-eth0", "b-e0", "office", "den"] { try host.space.ip("link del \(link)") }
      try must(host.space.command(["nft", "flush", "ruleset"]))
      try must(["rm", "-rf", host.stateFolder])
      let boot = try host.vnet("boot")
      expect(boot, exits: 0)
      #expect(try host.link("office")["mtu"].int == 1400)
      #expect(try host.linkNames.isSuperset(of: ["a-eth0", "b-e0", "den"]))
      expect(try host.vnet("plan", try host.files.write("lab.conf", Self.text(mtu: 1400))), exits: 0)
      expect(try host.vnet("plan", other), exits: 0)
      #expect(try host.vnet("history", "--name", "lab").stdout.lines.count == 2)
      expect(try host.vnet("boot"), exits: 0)
    }
  }

  @Test("at boot one configuration that cannot be applied does not keep the others from their network")
  func halfBoot() throws {
    try with { host in
      try apply(host, mtu: 1400)
      let bad = try host.files.write("bad.conf", "networks: {wan: {uplink: eth1}}\n")
      expect(try host.vnet("apply", bad), exits: 0)
      expect(try host.vnet("remove", "--name", "bad", "--confirm-within", "60s"), exits: 0)
      expect(try host.vnet("rollback"), exits: 0)
      for link in ["a-eth0", "office", "wan", "eth1"] { try host.space.ip("link del \(link)") }
      try must(host.space.command(["nft", "flush", "ruleset"]))
      try must(["rm", "-rf", host.stateFolder])
      let boot = try host.vnet("boot")
      #expect(boot.code == 69 && boot.stderr.contains("error: 'bad' is not applied"), "\(boot)")
      #expect(try host.linkNames.contains("a-eth0"))
    }
  }

  @Test("without room for what the next boot applies nothing is changed; --transient does without")
  func noRoom() throws {
    try with { host in
      let before = try host.space.dump()
      // A file in the place of the folder.
      let folder = host.space.lasting
      try must(["sh", "-c", "mkdir -p \(folder) && : >\(folder)/lab"])
      let file = try host.files.write("lab.conf", Self.text(mtu: 1400))
      let apply = try host.vnet("apply", file)
      expect(apply, exits: 1)
      #expect(apply.stderr.contains("--transient"), "\(apply)")
      expectEqual(before, try host.space.dump())
      expect(try host.vnet("apply", "--transient", file), exits: 0)
      try must(["rm", "-f", folder + "/lab"])
      expect(try host.vnet("remove", "--name", "lab"), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }
}
