import Testing
import Witness

@Suite(
  "A switch whose start fails, or whose starter is killed",
  .enabled(if: Gate.vde && Gate.strace, Comment(rawValue: Gate.vdeComment)))
struct VDEFaultTests {
  /// A change of owner: the TAP is made anew under a switch that has to let go of it first.
  private func with(_ body: (ProgramCampaign) throws -> Void) throws {
    try Host.withOpenTun { host in
      let users = ["games", "man"]
      let ids = try users.map { try must(["id", "-u", $0]).trimmed }
      try body(
        ProgramCampaign(
          host, "vde_switch", VDE.text(vm: "owner: games,"), VDE.text(vm: "owner: man,"),
          effects: ProgramCampaign.effects + ",ioctl"
        ) { host in
          let pids = host.switches
          // It holds the TAP, or that had no carrier.
          let holds = try host.link("web-eth0")["operstate"].text == "UP"
          return try ids.map { id in
            guard holds, pids.count == 1 else { return false }
            return try host.status(pids[0], "Uid").first == id
          }
        })
    }
  }

  @Test("a TAP that it may not open undoes the run, and says what keeps it away")
  func closed() throws {
    try with { campaign in
      let hidden =
        "mount -t tmpfs net /dev/net && mknod -m 600 /dev/net/tun c 10 200 && exec \(Tools.vnetApply)"
      let outcome = try campaign.host.space.run([
        "unshare", "-m", "sh", "-c", "\(hidden) apply \(campaign.file)",
      ])
      expect(outcome, exits: 1)
      #expect(outcome.stderr.contains("start vde_switch for NIC 'web/eth0' of 'p'"), "\(outcome)")
      #expect(outcome.stderr.contains("/dev/net/tun is not for everybody"), "\(outcome)")
      try campaign.expectNothing("closed")
    }
  }

  @Test(
    "sockets that it cannot make undo the run, with the program's own words",
    arguments: ["/proc/switch", "/run/switch"])
  func sockets(place: String) throws {
    try with { campaign in
      try campaign.host.files.write("p.conf", VDE.text("socket: \(place),"))
      let outcome = try campaign.host.vnet("apply", campaign.file)
      expect(outcome, exits: 1)
      #expect(outcome.stderr.contains("Cannot create ctl directory '\(place)'"), "\(outcome)")
      #expect(!outcome.stderr.contains("pidfile"), "\(outcome)")
      try campaign.expectNothing(place)
    }
  }

  @Test("whichever call fails, the apply ends as it says: all of it, or nothing and no stray process")
  func failures() throws { try with { try $0.failures() } }

  @Test("killed at any call of a first apply, recovery leaves all of it or nothing")
  func killed() throws { try with { try $0.killed() } }

  @Test("killed at any call of a change, recovery leaves the old or the new, and it has the TAP")
  func killedChange() throws { try with { try $0.killedChange() } }

  @Test("killed at any call of a removal, recovery leaves one that runs or none")
  func killedRemoval() throws { try with { try $0.killedRemoval() } }
}
