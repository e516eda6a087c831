import Testing
import Witness

/// A host on which the start, the change and the end of a NIC's program fail or are cut short, at one call after the other.
struct ProgramCampaign {
  let host: Host
  /// Its name in /proc.
  let program: String
  /// Calls that change files, folders and processes, and what else the program needs.
  let effects: String
  let file: String
  let changed: String
  let before: Dump
  /// Whether it serves as the first of the files says, or as the second.
  let serves: (Host) throws -> [Bool]

  static let effects =
    "rename,mkdir,unlink,unlinkat,rmdir,chown,clone,clone3,wait4,pidfd_open,pidfd_send_signal"

  init(
    _ host: Host, _ program: String, _ first: String, _ second: String, effects: String = Self.effects,
    serves: @escaping (Host) throws -> [Bool]
  ) throws {
    self.host = host
    self.program = program
    self.effects = effects
    self.serves = serves
    file = try host.files.write("p.conf", first)
    changed = try host.files.write("changed.conf", second)
    before = try host.space.dump()
  }

  private var processes: [Int32] { host.processes(of: program) }

  /// Neither a process nor a file of it, and the host as it was.
  func expectNothing(_ comment: String) throws {
    #expect(Clock.wait(3) { processes == [] }, "\(comment)")
    let left = try run(["find", "/run/vnet-apply/\(host.space.cookie ?? "")/services"])
    #expect(left.stdout == "", "\(comment): \(left)")
    #expect(try host.listening == [], "\(comment)")
    expectEqual(before, try host.space.dump(), "\(comment)")
  }

  /// One process serves as the first file says, or (with `both`) the second, and nothing is left to do.
  func expectOne(both: Bool = false, _ comment: String) throws {
    #expect(processes.count == 1, "\(comment): \(processes)")
    let seen = try serves(host)
    let index = try #require(seen.firstIndex(of: true), "\(comment): it serves as neither says")
    #expect(both || index == 0, "\(comment)")
    expect(try host.vnet("plan", index == 0 ? file : changed), exits: 0)
  }

  private func calls(_ arguments: String...) throws -> [TracedCall] {
    let all = try host.calls(effects, arguments, follows: false)
    #expect(all.count > 6)
    return Campaign.some(of: all, usually: 6)
  }

  private func inject(
    _ effect: Injection.Effect, at call: TracedCall, _ arguments: String...
  ) throws -> (outcome: Outcome, comment: String) {
    var injection = Injection(at: call, effect)
    // The program that is started is not to be waited for.
    injection.follows = false
    let outcome = try host.vnet(arguments, injection).outcome
    return (outcome, "\(injection): \(outcome)")
  }

  /// Whichever call of a first apply fails.
  func failures() throws {
    let calls = try calls("apply", file)
    expect(try host.vnet("remove", file), exits: 0)
    for call in calls {
      let (outcome, comment) = try inject(.error("ENOSPC"), at: call, "apply", file)
      #expect(outcome.code == 0 || outcome.code == 1, "\(comment)")
      if outcome.code == 0 {
        try expectOne(comment)
        expect(try host.vnet("remove", file), exits: 0)
      }
      try expectNothing(comment)
    }
  }

  func killed() throws {
    let calls = try calls("apply", file)
    expect(try host.vnet("remove", file), exits: 0)
    for call in calls {
      let comment = try inject(.signal("KILL"), at: call, "apply", file).comment
      expect(try host.vnet("recover"), exits: 0)
      if !processes.isEmpty {
        try expectOne(comment)
        expect(try host.vnet("remove", file), exits: 0)
      }
      try expectNothing(comment)
    }
  }

  func killedChange() throws {
    expect(try host.vnet("apply", file), exits: 0)
    for call in try calls("apply", changed) {
      expect(try host.vnet("apply", file), exits: 0)
      let comment = try inject(.signal("KILL"), at: call, "apply", changed).comment
      expect(try host.vnet("recover"), exits: 0)
      try expectOne(both: true, comment)
    }
    expect(try host.vnet("remove", file), exits: 0)
    try expectNothing("a change")
  }

  func killedRemoval() throws {
    expect(try host.vnet("apply", file), exits: 0)
    for call in try calls("remove", file) {
      expect(try host.vnet("apply", file), exits: 0)
      let comment = try inject(.signal("KILL"), at: call, "remove", file).comment
      expect(try host.vnet("recover"), exits: 0)
      if processes.isEmpty { try expectNothing(comment) } else { try expectOne(comment) }
    }
  }
}
