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

  /// A call that fails leaves the host as it was, or as desired: a deletion behind the commit is tried again. Killed at one and
  /// recovered, the host is as before or as after, never between. Where some of the calls are tried, they take turns.
  /// `killsChildren`: also at that call of a child process.
  func disturbed(on host: Host, usually usual: Int, killsChildren: Bool = false) throws {
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
    let calls = try host.calls("sendto,sendmsg", ["apply", file], follows: false)
    let after = try host.comparableDump()
    var now = after
    for (number, point) in Campaign.some(of: calls, usually: usual).enumerated() {
      for kills in Campaign.bound == nil ? [number % 2 == 1] : [false, true] {
        if now != before {
          try back()
          expectEqual(before, try host.comparableDump(), "on the way back")
        }
        var injection = Injection(at: point, kills ? .signal("SIGKILL") : .error("ENOMEM"))
        injection.follows = kills && killsChildren
        let outcome = try host.vnet(["apply", file], injection).outcome
        if kills {
          expect(try host.vnet("recover"), exits: 0)
          now = try host.comparableDump()
          guard now != before else { continue }
          expectEqual(after, now, "\(injection), neither old nor new")
          expect(try host.vnet("plan", file), exits: 0)
        } else {
          #expect(outcome.code == 0 || outcome.code == 1, "\(injection): \(outcome)")
          now = try host.comparableDump()
          expectEqual(outcome.code == 0 ? after : before, now, "\(injection): \(outcome)")
        }
      }
    }
  }
}
