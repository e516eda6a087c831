import Testing
import Witness

@Suite(
  "a broken configuration and a wrong command line",
  .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct DiagnosticsTests {
  /// Each mistake is marked by the word that is wrong; its place is found by looking for the word.
  static let broken = """
    name: broken
    networks:
      lab: {adress: 10.1.0.1/24}
      yard: {mtu: wide}
    vms:
      one:
        nics:
          eth0: {network: lab, vlan: 4095}
          eth1: {network: nowhere}
      two:
        nics:
          eth0: {network: yard, mac: "02:00:00:00:00"}

    """
  static let mistakes = ["adress", "wide", "4095", "nowhere", "\"02:00:00:00:00\""]

  /// `line:column`, both counted from 1.
  private func place(_ word: String) -> String {
    for (number, line) in Self.broken.lines.enumerated() {
      if let range = line.firstRange(of: word) {
        return "\(number + 1):\(line.distance(from: line.startIndex, to: range.lowerBound) + 1)"
      }
    }
    return "no such word"
  }

  @Test(
    "five mistakes are five diagnostics with line and column, exit 65", arguments: ["check", "plan", "apply"])
  func fiveMistakes(command: String) throws {
    try Host.with { host in
      let file = try host.files.write("broken.conf", Self.broken)
      let before = try host.space.dump()
      let outcome = try host.vnet(command, file)
      expect(outcome, exits: 65)
      for mistake in Self.mistakes {
        #expect(
          outcome.output.contains("broken.conf:\(place(mistake))"),
          "\(mistake) at \(place(mistake)): \(outcome)")
      }
      #expect(outcome.output.contains("address"), "the nearest known key is the hint")
      #expect(outcome.output.lines.filter { $0.contains("broken.conf:") }.count >= 5)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("check --format json, github and sarif name the same places")
  func formats() throws {
    try Host.with { host in
      let file = try host.files.write("broken.conf", Self.broken)
      for format in ["json", "github", "sarif"] {
        let outcome = try host.vnet("check", "--format", format, file)
        expect(outcome, exits: 65)
        for mistake in Self.mistakes {
          let line = place(mistake).split(separator: ":")[0]
          #expect(outcome.stdout.contains(line), "\(format): \(outcome)")
        }
        if format != "github" { _ = try JSON(parsing: outcome.stdout) }
      }
    }
  }

  @Test("check of a good file exits 0 without touching the kernel", .enabled(if: Gate.strace, "needs strace"))
  func goodFile() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let trace = host.files.path + "/trace"
      let outcome = try host.space.run(
        ["strace", "-f", "-qq", "-o", trace, "-e", "trace=socket", Tools.vnetApply, "check", file])
      expect(outcome, exits: 0)
      #expect(try !host.files.read("trace").contains("AF_NETLINK"))
    }
  }

  @Test(
    "wrong usage exits 64",
    arguments: [
      ["--frobnicate"], ["apply"], ["plan"], ["frobnicate", "x.conf", "--zzz"],
      ["check", "--format", "xml", "x.conf"],
      ["apply", "--lock-timeout", "soon", "x.conf"], ["attach"], ["remove"],
    ])
  func usage(arguments: [String]) throws {
    try Host.with { host in
      try host.files.write("x.conf", "vms: {}\n")
      let outcome = try host.space.run(
        ["sh", "-c", "cd \"$0\" && exec \"$@\"", host.files.path, Tools.vnetApply] + arguments)
      expect(outcome, exits: 64)
      #expect(!outcome.stderr.isEmpty)
    }
  }

  @Test("an owner or a device this host lacks is exit 69 for plan, and check of the same file passes")
  func lacking() throws {
    try Host.with { host in
      for (old, new) in [("owner: nobody", "owner: no-such-user-here"), ("uplink: eth1", "uplink: eth77")] {
        let file = try host.files.write("quick.conf", Quickstart.text.replacing(old, with: new))
        let before = try host.space.dump()
        expect(try host.vnet("check", file), exits: 0)
        expect(try host.vnet("apply", file), exits: 69)
        expectEqual(before, try host.space.dump())
      }
    }
  }

  @Test("a missing file is a plain failure and --version and --help are results")
  func plain() throws {
    let missing = try run([Tools.vnetApply, "check", "/nonexistent/x.conf"])
    #expect(missing.code != 0 && missing.stderr.contains("/nonexistent/x.conf"), "\(missing)")
    for option in ["--version", "--help"] {
      let outcome = try run([Tools.vnetApply, option])
      expect(outcome, exits: 0)
      #expect(!outcome.stdout.isEmpty && outcome.stderr.isEmpty, "\(outcome)")
    }
  }

  @Test("what this host has no hardware for passes check, and exits 69 with nothing changed")
  func hardwareLacking() throws {
    try Host.with { host in
      let file = try host.files.write(
        "vf.conf", "name: vf\nvms: {a: {nics: {eth0: {mode: dedicated, via: sriov, hardware: eth1}}}}\n")
      let before = try host.space.dump()
      expect(try host.vnet("check", file), exits: 0)
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 69)
      #expect(outcome.output.contains("virtual functions"), "\(outcome)")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("schema is JSON that knows the language's keys")
  func schema() throws {
    let outcome = try run([Tools.vnetApply, "schema"])
    expect(outcome, exits: 0)
    let schema = try JSON(parsing: outcome.stdout)
    #expect(
      schema["properties"].members.keys.contains("networks")
        && schema["properties"].members.keys.contains("vms"))
  }
}
