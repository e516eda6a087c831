import Testing
import Witness

/// A pair of configurations as a pull request has them.
private let old = """
  name: lab
  networks:
    office: {uplink: eth1}
    lab: {address: 10.7.0.1/24}
  vms:
    web: {owner: nobody, nics: {eth0: {network: office}}}
    db: {nics: {eth0: {network: lab}}}
    edge: {nics: {eth0: {mode: tap, address: 203.0.113.7}}}

  """

private let new = """
  name: lab
  networks:
    office: {uplink: eth1}
    lab: {address: 10.7.0.1/24}
  vms:
    web: {owner: nobody, nics: {eth0: {network: office, limit: {in: 10mbit}}}}
    db: {count: 3, nics: {eth0: {network: lab}}}
    edge: {nics: {eth0: {mode: tap, address: 203.0.113.8}}}

  """

@Suite("plan --from, the difference of two configurations")
struct FromTests {
  private func plan(_ arguments: [String]) throws -> Outcome {
    try run([Tools.vnetApply, "plan"] + arguments)
  }

  /// Both files in a folder.
  private func withFiles(_ body: (_ old: String, _ new: String, TemporaryFolder) throws -> Void) throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    try body(files.write("old.conf", old), files.write("lab.conf", new), files)
  }

  @Test("a difference exits 2, --exit-zero makes it 0, none exits 0")
  func codes() throws {
    try withFiles { old, new, _ in
      expect(try plan(["--from", old, new]), exits: 2)
      expect(try plan(["--from", old, "--exit-zero", new]), exits: 0)
      let same = try plan(["--from", new, new])
      expect(same, exits: 0)
      #expect(same.stdout == "No changes.\n")
    }
  }

  @Test("text, JSON and Markdown tell the same changes, the same on every run")
  func forms() throws {
    try withFiles { old, new, _ in
      let text = try plan(["--full", "--from", old, new]).stdout
      #expect(text.lines.contains("+ qdisc tbf dev web-eth0  rate 10mbit"), "\(text)")
      #expect(text.lines.contains("- route 203.0.113.7/32 dev edge-eth0"), "\(text)")
      #expect(!text.contains("office"), "\(text)")
      let json = try JSON(parsing: plan(["--json", "--from", old, new]).stdout)
      #expect(
        json["changes"].elements.count
          == text.lines.filter { $0.hasPrefix("+ ") || $0.hasPrefix("~ ") || $0.hasPrefix("- ") }.count,
        "\(text)")
      let markdown = try plan(["--markdown", "--from", old, new]).stdout
      #expect(
        markdown.contains("```diff\n") && markdown.contains("+ + qdisc tbf dev web-eth0"), "\(markdown)")
      #expect(try plan(["--full", "--from", old, new]).stdout == text)
    }
  }

  @Test("neither privilege nor netlink is needed", .enabled(if: Gate.strace, "needs strace"))
  func offline() throws {
    try withFiles { old, new, files in
      let trace = files.path + "/trace"
      let outcome = try run([
        "strace", "-f", "-qq", "-o", trace, "-e", "trace=socket,setns", Tools.vnetApply, "plan", "--from",
        old, new,
      ])
      expect(outcome, exits: 2)
      let calls = try files.read("trace")
      #expect(!calls.contains("AF_NETLINK") && !calls.contains("setns("), "\(calls)")
    }
  }

  @Test("--only leaves the rest of the difference out, and knows NICs of either file")
  func only() throws {
    try withFiles { old, new, _ in
      let text = try plan(["--from", old, "--only", "edge", new]).stdout
      #expect(text.contains("edge-eth0") && !text.contains("db-") && !text.contains("web"), "\(text)")
      expect(try plan(["--from", new, "--only", "db-3", old]), exits: 2)
      expect(try plan(["--from", old, "--only", "nobody", new]), exits: 64)
    }
  }

  @Test(
    "what asks for a host is refused with a sentence", arguments: [["--out", "x.plan"], ["--netns", "h"]])
  func refused(words: [String]) throws {
    try withFiles { old, new, _ in
      let outcome = try plan(["--from", old] + words + [new])
      expect(outcome, exits: 64)
      #expect(outcome.stderr.lines.first.map { $0.hasPrefix("Error: --") && $0.contains("--from") } ?? false)
    }
  }

  @Test("the old file has the new one's name unless it says its own, and another one's objects stay")
  func names() throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    let old = try files.write(
      "base-of-branch.conf", "vms: {a: {nics: {eth0: {mode: tap, address: 203.0.113.7}}}}\n")
    let new = try files.write("lab.conf", "vms: {b: {nics: {eth0: {mode: tap, address: 203.0.113.8}}}}\n")
    let one = try plan(["--from", old, new])
    #expect(one.stderr == "" && one.stdout.contains("- tap a-eth0"), "\(one)")
    let named = try files.write(
      "other.conf", "name: other\n" + "vms: {a: {nics: {eth0: {mode: tap, address: 203.0.113.7}}}}\n")
    let two = try plan(["--from", named, new])
    #expect(two.stderr.contains("two configurations") && !two.stdout.contains("a-eth0\n"), "\(two)")
  }

  @Test("what is wrong in either file is told with its place, and exits 65")
  func broken() throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    let good = try files.write("good.conf", "name: lab\nvms: {}\n")
    let bad = try files.write("bad.conf", "name: lab\nvms: {a: {nic: {}}}\n")
    for (from, to) in [(good, bad), (bad, good)] {
      let outcome = try plan(["--from", from, to])
      expect(outcome, exits: 65)
      #expect(outcome.stderr.contains("bad.conf:2:11"), "\(outcome)")
    }
  }

  @Test(
    "with --against it is what a live plan says once the old file is applied to the recorded host",
    .enabled(if: Gate.services, Comment(rawValue: Gate.servicesComment)))
  func against() throws {
    try Host.with { host in
      let first = try host.files.write("old.conf", old)
      let second = try host.files.write("lab.conf", new)
      let before = try host.files.write("before.json", host.vnet("snapshot").stdout)
      let foreseen = try run([
        Tools.vnetApply, "plan", "--full", "--from", first, "--against", before, second,
      ])
      expect(try host.vnet("apply", first), exits: 0)
      let live = try host.vnet("plan", "--full", second)
      expect(live, exits: 2)
      #expect(foreseen.stdout == live.stdout)
      #expect(foreseen.code == 2)
    }
  }
}
