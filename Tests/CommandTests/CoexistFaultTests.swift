import Testing
import Witness

@Suite(
  "rules of ours in a chain of others, when something fails",
  .enabled(
    if: Gate.ready && Gate.nft && Gate.iptables && Gate.strace,
    "needs root, /dev/net/tun, iproute2, nft, iptables-nft, strace and the built vnet-apply"))
struct CoexistFaultTests {
  private static let text = """
    name: k
    coexist: {docker: accept}
    networks: {net: {address: 10.7.0.1/24, nat: true, dhcp: false, dns: false}}
    vms: {one: {nics: {eth0: {network: net}}}, two: {nics: {eth0: {mode: tap, address: 203.0.113.7}}}}
    """

  private func prepared(_ body: (Host, _ file: String, _ before: Dump) throws -> Void) throws {
    try Host.with { host in
      try Firewall.docker.start(in: host.space)
      try body(host, try host.files.write("k.conf", Self.text), try host.space.dump())
    }
  }

  @Test("killed at any start of nft, recovery leaves all of an apply or nothing")
  func killed() throws {
    try prepared { host, file, before in
      let effects = "clone,clone3,wait4,rename"
      let calls = try host.calls(effects, ["apply", file], follows: false)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(calls.count > 8)
      for call in Campaign.some(of: calls, usually: 6) {
        var injection = Injection(at: call, .signal("KILL"))
        injection.follows = false
        _ = try host.vnet(["apply", file], injection)
        expect(try host.vnet("recover"), exits: 0)
        if try host.linkNames.contains("net") {
          expect(try host.vnet("plan", file), exits: 0)
          expect(try host.vnet("remove", file), exits: 0)
        }
        expectEqual(before, try host.space.dump(), "\(injection)")
      }
    }
  }

  @Test("whichever call for nft fails, the apply ends as it says: all of it, or nothing")
  func failing() throws {
    try prepared { host, file, before in
      let calls = try host.calls("clone,clone3,wait4,pidfd_open", ["apply", file], follows: false)
      expect(try host.vnet("remove", file), exits: 0)
      for call in Campaign.some(of: calls, usually: 6) {
        var injection = Injection(at: call, .error("ENOSPC"))
        injection.follows = false
        let (outcome, _) = try host.vnet(["apply", file], injection)
        #expect(outcome.code == 0 || outcome.code == 1, "\(injection): \(outcome)")
        if outcome.code == 0 { expect(try host.vnet("remove", file), exits: 0) }
        expectEqual(before, try host.space.dump(), "\(injection)")
      }
    }
  }

  @Test("`--only` brings the rules of its guests, and a part that goes takes its own along")
  func parts() throws {
    try prepared { host, file, before in
      func rules() throws -> [String] {
        try host.space.run(["iptables-nft", "-S", "DOCKER-USER"]).stdout.lines.filter {
          $0.contains("vnet:k")
        }
      }
      expect(try host.vnet("apply", "--only", "two", file), exits: 0)
      try #expect(rules().count == 2 && rules().allSatisfy { $0.contains("two-eth0") })
      expect(try host.vnet("apply", file), exits: 0)
      try #expect(rules().count == 4)
      expect(try host.vnet("remove", file, "two"), exits: 0)
      try #expect(rules().count == 2 && rules().allSatisfy { $0.contains(" net ") })
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }
}
