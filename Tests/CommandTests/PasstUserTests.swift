import Glibc
import Testing
import Witness

@Suite(
  "`via: passt` without any privilege", .enabled(if: Gate.passt, Comment(rawValue: Gate.passtComment)),
  .serialized)
struct PasstUserTests {
  private static let user: UInt32 = 1234

  /// The folder of a user who is logged in.
  private func loggedIn(_ body: (Host, String, String) throws -> Void) throws {
    let folder = "/run/user/\(Self.user)"
    try must(["install", "-d", "-m", "700", "-o", "\(Self.user)", "-g", "\(Self.user)", folder])
    defer { _ = try? must(["rm", "-r", folder]) }
    try Host.with { host in
      try body(host, try host.files.write("p.conf", Passt.text(vm: "")), folder + "/vnet-apply")
    }
  }

  @Test("a user plans, applies, looks, attaches and removes, and leaves nothing")
  func whole() throws {
    try loggedIn { host, file, folder in
      let before = try host.space.dump()
      let vnet = { (words: String...) in try host.vnet(as: Self.user, words) }
      expect(try vnet("plan", file), exits: 2)
      expect(try vnet("apply", file), exits: 0)
      expect(try vnet("plan", file), exits: 0)
      let pid = try #require(host.passts.first)
      #expect(try Set(host.status(pid, "Uid")) == ["\(Self.user)"])
      #expect(try host.listening == ["tcp *:8080"])
      let state = "\(folder)/\(host.space.cookie ?? "")"
      let attach = try vnet("attach", "web")
      #expect(
        attach.stdout.contains("addr.path=\(state)/services/p/passt-web:eth0/guest/socket "), "\(attach)")
      #expect(try vnet("attach", "-c", file, "web").stdout == attach.stdout)
      #expect(try vnet("status", file).stdout.contains("web/eth0  shared  -       up, free"))
      kill(pid, SIGKILL)
      #expect(Clock.wait(5) { host.passts.isEmpty })
      expect(try vnet("plan", file), exits: 2)
      expect(try vnet("apply", file), exits: 0)
      expect(try vnet("remove", "--name", "p"), exits: 0)
      #expect(host.passts == [])
      #expect(try run(["find", folder, "-type", "f", "-not", "-name", "*.lock"]).stdout == "")
      #expect(try run(["find", "/run/vnet-apply/\(host.space.cookie ?? "")", "-type", "f"]).stdout == "")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("killed while it applies, the next run of the same user finishes it")
  func interrupted() throws {
    try loggedIn { host, file, folder in
      expect(try host.vnet(as: Self.user, ["check", file]), exits: 0)
      let binary = host.files.path + "/vnet-apply"
      try must(["install", "-d", "-m", "777", host.files.path + "/scratch"])
      for call in ["clone", "rename", "unlink"] {
        for number in 1...3 {
          _ = try host.space.run([
            "setpriv", "--reuid=\(Self.user)", "--regid=\(Self.user)", "--clear-groups", "strace", "-qq",
            "-o",
            host.files.path + "/scratch/trace", "-e", "trace=\(call)", "-e",
            "inject=\(call):signal=KILL:when=\(number)", binary, "apply", file,
          ])
          expect(try host.vnet(as: Self.user, ["recover"]), exits: 0)
          let plan = try host.vnet(as: Self.user, ["plan", file])
          expect(plan, exits: host.passts.isEmpty ? 2 : 0)
          expect(try host.vnet(as: Self.user, ["apply", file]), exits: 0)
          expect(try host.vnet(as: Self.user, ["remove", file]), exits: 0)
          #expect(host.passts.isEmpty, "\(call) \(number)")
        }
      }
      #expect(try run(["find", folder, "-name", "journal*"]).stdout == "")
    }
  }

  @Test("a folder that the command line names does as well; without any the user is told")
  func folders() throws {
    try Host.with { host in
      let file = try host.files.write("p.conf", Passt.text(vm: ""))
      let none = try host.vnet(as: Self.user, ["apply", file])
      expect(none, exits: 69)
      #expect(
        none.stderr.contains("there is no /run/user/1234") && none.stderr.contains("--state-dir"), "\(none)")
      let folder = host.files.path + "/state"
      try must(["install", "-d", "-o", "\(Self.user)", folder])
      for (command, code) in [("apply", 0), ("plan", 0), ("remove", 0), ("plan", 2)] as [(String, Int32)] {
        expect(try host.vnet(as: Self.user, [command, "--state-dir", folder, file]), exits: code)
      }
      #expect(host.passts == [])
    }
  }

  @Test("what root has applied is seen and attached to by its owner, and root's to change")
  func roots() throws {
    try loggedIn { host, _, _ in
      let file = try host.files.write("p.conf", Passt.text(vm: "owner: \(Self.user),"))
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet(as: Self.user, ["plan", file]), exits: 0)
      let attach = try host.vnet(as: Self.user, ["attach", "-c", file, "web"])
      #expect(attach.stdout.contains("addr.path=\(host.passtFolder)/guest/socket "), "\(attach)")
      for command in ["apply", "remove"] {
        expect(try host.vnet(as: Self.user, [command, file]), exits: 77)
      }
      #expect(host.passts.count == 1)
      expect(try host.vnet("remove", file), exits: 0)
    }
  }

  @Test("another user's VM, and a file that needs more, are root's")
  func others() throws {
    try loggedIn { host, _, _ in
      let other = try host.files.write("p.conf", Passt.text(vm: "owner: games,"))
      let outcome = try host.vnet(as: Self.user, ["apply", other])
      expect(outcome, exits: 69)
      #expect(outcome.stderr.contains("uid 1234 cannot start passt as another user"), "\(outcome)")
      let more = try host.files.write("more.conf", Passt.text(vm: "") + "networks: {lab: {}}\n")
      expect(try host.vnet(as: Self.user, ["apply", more]), exits: 77)
    }
  }
}
