import Testing
import Witness

@Suite(
  "without privilege, and without a kernel",
  .enabled(if: Gate.ready && Tools.has("setpriv"), "needs root and setpriv"))
struct PrivilegeTests {
  /// `vnet-apply` as nobody, from a folder that everyone may read.
  private func unprivileged(_ host: Host, _ arguments: [String], trace: Bool = false) throws -> Outcome {
    let binary = host.files.path + "/vnet-apply"
    try must(["cp", Tools.vnetApply, binary])
    try must(["chmod", "755", binary])
    let scratch = host.files.path + "/scratch"
    try must(["install", "-d", "-m", "777", scratch])
    let strace = trace ? ["strace", "-f", "-qq", "-o", scratch + "/trace", "-e", "trace=socket"] : []
    return try host.space.run(
      ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] + strace + [binary] + arguments)
  }

  @Test("plan works, with the same changes as root's but for the filters, which it says that it cannot read")
  func plan() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let outcome = try unprivileged(host, ["plan", "--json", file])
      expect(outcome, exits: 2)
      guard outcome.code == 2 else { return }
      let plan = Plan(try JSON(parsing: outcome.stdout))
      let readable = try host.plan(file).changes.filter { !$0.id.hasPrefix("table/") }
      #expect(plan.changes == readable)
      #expect(plan.json["risks"].elements.contains { $0["name"].text == "unread" })
    }
  }

  @Test("plan after root's apply is empty")
  func planAfter() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      let outcome = try unprivileged(host, ["plan", file])
      expect(outcome, exits: 0)
      #expect(outcome.stdout.contains("No changes."), "\(outcome)")
    }
  }

  @Test("apply exits 77 and names CAP_NET_ADMIN, with nothing changed", arguments: ["apply", "remove"])
  func apply(command: String) throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      if command == "remove" { expect(try host.vnet("apply", file), exits: 0) }
      let before = try host.space.dump()
      let outcome = try unprivileged(host, [command, file])
      expect(outcome, exits: 77)
      #expect(outcome.stderr.contains("CAP_NET_ADMIN"), "\(outcome)")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("check needs nothing")
  func check() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try unprivileged(host, ["check", file]), exits: 0)
    }
  }

  @Test(
    "plan --against a snapshot is the live plan, as nobody, elsewhere and without netlink",
    .enabled(if: Gate.strace, "needs strace"))
  func against() throws {
    try Host.with { host in
      try Quickstart.furnish(host)
      let file = try host.files.write("quick.conf", Quickstart.text)
      let live = try host.vnet("plan", "--json", file)
      let snapshot = try host.vnet("snapshot")
      expect(snapshot, exits: 0)
      _ = try JSON(parsing: snapshot.stdout)
      let recorded = try host.files.write("snapshot.json", snapshot.stdout)
      try Host.with { elsewhere in
        try must(["cp", file, recorded, elsewhere.files.path])
        let outcome = try unprivileged(
          elsewhere,
          [
            "plan", "--json", "--against", elsewhere.files.path + "/snapshot.json",
            elsewhere.files.path + "/quick.conf",
          ],
          trace: true)
        expect(outcome, exits: 2)
        #expect(outcome.stdout == live.stdout, "\(outcome)\n\(live)")
        #expect(try !elsewhere.files.read("scratch/trace").contains("AF_NETLINK"))
      }
    }
  }
}
