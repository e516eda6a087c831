import Testing
import Witness

/// An apply that leads from one file to another, disturbed at points of its way.
struct EditCampaign: CustomTestStringConvertible {
  /// nil for nothing.
  let old: String?
  let new: String
  let testDescription: String

  init(_ testDescription: String, from old: String?, to new: String) {
    (self.testDescription, self.old, self.new) = (testDescription, old, new)
  }

  /// A request that fails leaves the host as it was, or as desired: a deletion behind the commit is tried again. `follows`: those
  /// of child processes, too.
  func failing(on host: Host, usually usual: Int, follows: Bool = false) throws {
    try disturbed(by: .error("ENOMEM"), on: host, usually: usual, follows) {
      _, injection, outcome, before, after in
      #expect(outcome.code == 0 || outcome.code == 1, "\(injection): \(outcome)")
      let now = try host.comparableDump()
      expectEqual(outcome.code == 0 ? after : before, now, "\(injection): \(outcome)")
      return now
    }
  }

  /// Killed and recovered, the host is as before or as after, never between.
  func killed(on host: Host, usually usual: Int, follows: Bool = false) throws {
    try disturbed(by: .signal("SIGKILL"), on: host, usually: usual, follows) {
      file, injection, _, before, after in
      expect(try host.vnet("recover"), exits: 0)
      let now = try host.comparableDump()
      guard now != before else { return now }
      expectEqual(after, now, "\(injection), neither old nor new")
      expect(try host.vnet("plan", file), exits: 0)
      return now
    }
  }

  /// `body` returns how the host is then.
  private func disturbed(
    by effect: Injection.Effect, on host: Host, usually usual: Int, _ follows: Bool,
    _ body: (_ file: String, Injection, Outcome, _ before: Dump, _ after: Dump) throws -> Dump
  ) throws {
    let file = try host.files.write("v.conf", new)
    let former = try old.map { try host.files.write("former.conf", $0) }
    func back() throws {
      if let former {
        expect(try host.vnet("apply", former), exits: 0)
      } else {
        _ = try host.vnet("remove", file)
      }
    }
    try back()
    let before = try host.comparableDump()
    let calls = try host.calls("sendto,sendmsg", ["apply", file], follows: follows)
    let after = try host.comparableDump()
    var now = after
    for point in Campaign.some(of: calls, usually: usual) {
      if now != before {
        try back()
        expectEqual(before, try host.comparableDump(), "on the way back")
      }
      var injection = Injection(at: point, effect)
      injection.follows = follows
      let outcome = try host.vnet(["apply", file], injection).outcome
      now = try body(file, injection, outcome, before, after)
    }
  }
}
