import Glibc
import Testing
import Witness

@Suite(
  "VMs in network namespaces, when a call fails or the run is killed",
  .enabled(if: Gate.ready && Gate.nft && Gate.strace, Comment(rawValue: Gate.readyComment)))
struct NetnsFaultTests {
  /// By which namespaces come, are entered, changed and go.
  private static let calls = ["unshare", "setns", "mount", "sendto", "ioctl", "unlink"]

  private struct Case {
    let clones: Clones
    let file: String
    let before: Dump
    let namesBefore: [String]

    /// The N-th call of a name, in a run of the command that does all it can.
    func count(_ call: String, _ command: String) throws -> Int {
      let trace = clones.host.files.path + "/calls"
      let outcome = try clones.vnet(
        command, file, under: ["strace", "-qq", "-o", trace, "-e", "trace=\(call)"])
      expect(outcome, exits: 0)
      let count = try clones.host.files.read("calls").lines.count { $0.hasPrefix(call) }
      #expect(count > 0, "\(command) does not call \(call)")
      return count
    }

    func run(_ command: String, _ call: String, _ effect: String, at point: Int) throws -> Outcome {
      let trace = clones.host.files.path + "/trace"
      return try clones.vnet(
        command, file,
        under: [
          "strace", "-qq", "-o", trace, "-e", "trace=\(call)", "-e", "inject=\(call):\(effect):when=\(point)",
        ])
    }

    /// Whether nothing of it is there; else all of it has to be.
    func isBefore(_ comment: Comment) throws -> Bool {
      guard try clones.names == namesBefore else {
        expect(try clones.vnet("plan", file), exits: 0)
        return false
      }
      expectEqual(before, try clones.host.space.dump(), comment)
      return true
    }
  }

  private func with(_ body: (Case) throws -> Void) throws {
    try Clones.with { clones in
      let file = try clones.host.files.write("fc.conf", clones.text(2))
      let before = try clones.host.space.dump()
      try body(Case(clones: clones, file: file, before: before, namesBefore: clones.names))
    }
  }

  @Test("a call that fails leaves nothing, or all of it", arguments: calls)
  func failing(_ call: String) throws {
    try with { state in
      let count = try state.count(call, "apply")
      expect(try state.clones.vnet("remove", state.file), exits: 0)
      for point in points(count) {
        let outcome = try state.run("apply", call, "error=ENOMEM", at: point)
        let comment: Comment = "\(call) \(point) of \(count): \(outcome)"
        // A run that cannot come back from a namespace ends there and then.
        if outcome.code != 0, outcome.code != 1 {
          expect(try state.clones.vnet("remove", state.file), exits: 0)
        }
        let isBefore = try state.isBefore(comment)
        #expect(isBefore == (outcome.code != 0), comment)
        if !isBefore { expect(try state.clones.vnet("remove", state.file), exits: 0) }
      }
    }
  }

  @Test("killed and recovered: nothing, or all of it", arguments: calls)
  func killed(_ call: String) throws {
    try with { state in
      let count = try state.count(call, "apply")
      expect(try state.clones.vnet("remove", state.file), exits: 0)
      for point in points(count) {
        let outcome = try state.run("apply", call, "signal=SIGKILL", at: point)
        #expect(outcome.code != 0, "\(call) \(point): it was not killed")
        let recovered = try state.clones.vnet("recover")
        expect(recovered, exits: 0)
        let comment: Comment = "\(call) \(point) of \(count): \(outcome) \(recovered)"
        if try !state.isBefore(comment) { expect(try state.clones.vnet("remove", state.file), exits: 0) }
      }
    }
  }

  @Test(
    "a removal that is killed and recovered has taken all, or nothing",
    arguments: ["umount2", "unlink", "sendto"])
  func removal(_ call: String) throws {
    try with { state in
      expect(try state.clones.vnet("apply", state.file), exits: 0)
      let count = try state.count(call, "remove")
      for point in points(count) {
        expect(try state.clones.vnet("apply", state.file), exits: 0)
        let outcome = try state.run("remove", call, "signal=SIGKILL", at: point)
        let recovered = try state.clones.vnet("recover")
        expect(recovered, exits: 0)
        _ = try state.isBefore("\(call) \(point) of \(count): \(outcome) \(recovered)")
      }
      expect(try state.clones.vnet("remove", state.file), exits: 0)
    }
  }

  private func points(_ count: Int) -> [Int] {
    Campaign.some(of: (0..<count).map { $0 + 1 }, usually: 5)
  }
}
