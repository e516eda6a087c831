import Testing
import Witness

/// Failures injected at the system calls that matter, at points spread over a run (`Campaign.some`).
@Suite("a failure half-way", .enabled(if: Gate.ready && Gate.strace, "needs root, /dev/net/tun and strace"))
struct FaultTests {
  struct Fault: CustomTestStringConvertible {
    let call: String
    let error: String
    var furnished = false
    var nexthops = false
    var testDescription: String {
      "\(call) \(error)\(furnished ? ", furnished uplink" : "")\(nexthops ? ", nexthop objects" : "")"
    }
  }

  static let faults = [
    Fault(call: "sendmsg", error: "ENOMEM"), Fault(call: "sendto", error: "ENOMEM"),
    Fault(call: "sendto", error: "ENOBUFS", furnished: true),
    Fault(call: "sendto", error: "ENOBUFS", nexthops: true),
    Fault(call: "recvmsg", error: "ENOBUFS", nexthops: true),
    Fault(call: "ioctl", error: "EBUSY"), Fault(call: "ioctl", error: "ENOMEM"),
    Fault(call: "recvmsg", error: "ENOBUFS"), Fault(call: "recvmsg", error: "ENOMEM"),
    Fault(call: "recvfrom", error: "ENOBUFS"), Fault(call: "socket", error: "EMFILE"),
    Fault(call: "write", error: "ENOSPC"), Fault(call: "pwrite64", error: "ENOSPC"),
    Fault(call: "openat", error: "EMFILE"), Fault(call: "rename", error: "EIO"),
    Fault(call: "renameat", error: "EIO"), Fault(call: "renameat2", error: "EIO"),
    Fault(call: "fsync", error: "EIO"), Fault(call: "fdatasync", error: "EIO"),
    Fault(call: "fallocate", error: "ENOSPC"), Fault(call: "mkdir", error: "ENOSPC"),
    Fault(call: "ftruncate", error: "EIO"), Fault(call: "flock", error: "EIO"),
    Fault(call: "bpf", error: "EPERM"), Fault(call: "bpf", error: "EINVAL"),
  ]

  @Test(
    "an apply with a failing call exits 1 with an equal host, or 0 with the desired state", arguments: faults)
  func failing(_ fault: Fault) throws {
    try Campaign.with(furnished: fault.furnished, nexthops: fault.nexthops) { campaign in
      let started = Clock.seconds
      let points = try campaign.points(fault.call, ["apply", campaign.file])
      expect(try campaign.vnet("remove", campaign.file), exits: 0)
      var undone = 0, done = 0
      for point in points {
        let injection = Injection(at: point, .error(fault.error))
        let (outcome, reached) = try campaign.host.vnet(["apply", campaign.file], injection)
        // The dynamic loader fails before the program's first instruction.
        let loader = outcome.code == 127 && outcome.stderr.contains("loading shared libraries")
        // So do the files that are read before anything is planned: the configuration, the accounts of the host.
        let reading = [65, 69].contains(outcome.code) && outcome.stdout.isEmpty
        #expect(
          outcome.code == 0 || outcome.code == 1 || loader || reading, "\(injection): \(outcome)")
        if outcome.code == 0 {
          done += 1
          expectEqual(campaign.after, try campaign.host.comparableDump(), "\(injection)")
          expect(try campaign.vnet("plan", campaign.file), exits: 0)
          expect(try campaign.vnet("remove", campaign.file), exits: 0)
        } else {
          undone += 1
          expectEqual(
            campaign.before, try campaign.host.space.dump(),
            "\(injection): exit \(outcome.code)\n\(outcome.stderr)")
          _ = try campaign.vnet("remove", campaign.file)
        }
        #expect(reached || outcome.code == 0, "\(injection) was not reached: \(outcome)")
      }
      expectEqual(campaign.before, try campaign.host.space.dump(), "at the end")
      let seconds = (Clock.seconds - started).rounded(to: 1)
      print(
        "  \(fault.testDescription): \(points.count) points, \(undone) undone, \(done) done, \(seconds) s")
    }
  }

  @Test(
    "a remove with a failing call exits 1 with nothing removed, or 0; a second one finishes",
    arguments: ["sendmsg", "sendto", "recvmsg", "ioctl"])
  func failingRemove(_ call: String) throws {
    try Campaign.with { campaign in
      expect(try campaign.vnet("apply", campaign.file), exits: 0)
      for point in try campaign.points(call, ["remove", campaign.file], usually: 3) {
        expect(try campaign.vnet("apply", campaign.file), exits: 0)
        let injection = Injection(at: point, .error("ENOMEM"))
        let (outcome, _) = try campaign.host.vnet(["remove", campaign.file], injection)
        #expect(outcome.code == 0 || outcome.code == 1, "\(injection): \(outcome)")
        if outcome.code == 1 {
          expectEqual(campaign.after, try campaign.host.comparableDump(), "\(injection): \(outcome.stderr)")
        }
        expect(try campaign.vnet("remove", campaign.file), exits: 0)
        expectEqual(campaign.before, try campaign.host.space.dump(), "\(injection)")
      }
    }
  }
}
