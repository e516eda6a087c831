import Testing
import Witness

/// In the lab they take a run of their own: `lab/run --filter ForwardingOfAllFaultTests`.
@Suite(
  "IPv6 for guests of a kernel that forwards for all interfaces or for none, when something fails",
  .enabled(if: Gate.ready && Gate.nft && Gate.strace, "needs root, /dev/net/tun, iproute2, nft and strace"),
  .enabled(if: !Gate.forceForwarding, "this kernel forwards IPv6 for single interfaces; the lab's do not"))
struct ForwardingOfAllFaultTests {
  @Test(
    "killed at any setting that it writes, or refused it, the host is as it was or as it is to be",
    arguments: ["KILL", "EPERM"])
  func fails(how: String) throws {
    try ForwardingOfAllTests.twoLANs { host, _ in
      let before = try host.space.dump()
      let file = try host.files.write("a.conf", ForwardingOfAllTests.text("a"))
      let calls = try host.calls("write", ["apply", file], follows: false)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(calls.count > 8)
      for call in Campaign.some(of: calls, usually: 2) {
        var injection = Injection(at: call, how == "KILL" ? .signal(how) : .error(how))
        injection.follows = false
        _ = try host.vnet(["apply", file], injection)
        if how == "KILL" { expect(try host.vnet("recover"), exits: 0) }
        if try host.linkNames.contains("a-net") {
          expect(try host.vnet("plan", file), exits: 0)
          expect(try host.vnet("remove", file), exits: 0)
        }
        expectEqual(before, try host.space.dump(), "\(injection)")
      }
    }
  }
}
