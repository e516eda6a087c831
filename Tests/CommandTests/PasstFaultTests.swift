import Testing
import Witness

@Suite(
  "A passt whose start fails, or whose starter is killed",
  .enabled(if: Gate.passt && Gate.strace, Comment(rawValue: Gate.passtComment)))
struct PasstFaultTests {
  private func with(_ body: (ProgramCampaign) throws -> Void) throws {
    try Host.with { host in
      let texts = [8080, 8082].map { Passt.text("forward: [\"\($0) -> 80\"],") }
      try body(
        ProgramCampaign(host, "passt", texts[0], texts[1]) { host in
          let heard = try host.listening
          return [8080, 8082].map { heard == ["tcp *:\($0)"] }
        })
    }
  }

  @Test("a socket that it cannot make undoes the run, with the program's own words")
  func socket() throws {
    try with { campaign in
      try campaign.host.files.write("p.conf", Passt.text("socket: /proc/passt.socket,"))
      let outcome = try campaign.host.vnet("apply", campaign.file)
      expect(outcome, exits: 1)
      #expect(outcome.stderr.contains("start passt for NIC 'web/eth0' of 'p'"), "\(outcome)")
      #expect(outcome.stderr.contains("socket") && !outcome.stderr.contains("syslog"), "\(outcome)")
      try campaign.expectNothing("no socket")
    }
  }

  @Test("whichever call fails, the apply ends as it says: all of it, or nothing and no stray process")
  func failures() throws { try with { try $0.failures() } }

  @Test("killed at any call of a first apply, recovery leaves all of it or nothing")
  func killed() throws { try with { try $0.killed() } }

  @Test("killed at any call of a change, recovery leaves the old or the new, and it listens")
  func killedChange() throws { try with { try $0.killedChange() } }

  @Test("killed at any call of a removal, recovery leaves one that runs or none")
  func killedRemoval() throws { try with { try $0.killedRemoval() } }
}
