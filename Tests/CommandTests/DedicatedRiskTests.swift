import Testing
import Witness

@Suite("risks of giving a NIC up", .enabled(if: Gate.macvtap, Gate.macvtapComment))
struct DedicatedRiskTests {
  /// Refused with 73, the risk named, nothing changed; accepted it is applied.
  private func expectRisk(_ risk: String, _ text: String, _ host: Host, also: [String] = []) throws -> Outcome
  {
    let file = try host.files.write("d.conf", text)
    let others = also.flatMap { ["--allow", $0] }
    let before = try host.space.dump()
    let refused = try host.vnet(["apply"] + others + [file])
    expect(refused, exits: 73)
    #expect(refused.output.contains("--allow \(risk)"), "\(refused)")
    expectEqual(before, try host.space.dump())
    expect(try host.vnet(["apply", "--allow", risk] + others + [file]), exits: 0)
    expect(try host.vnet("plan", file), exits: 0)
    expect(try host.vnet("remove", file), exits: 0)
    return refused
  }

  private static let eth1 = GivenHost.text.replacing("eth2", with: "eth1")

  @Test("the default route: default-route")
  func defaultRoute() throws {
    try Host.with { host in _ = try expectRisk("default-route", Self.eth1, host) }
  }

  @Test("a login from elsewhere that comes in by it: ssh-session, whatever the environment says")
  func session() throws {
    try Host.with { host in
      let login = try Talk(from: host.lan, to: host.space, "192.0.2.10", 22, name: "sshd-session")
      defer { login.leave() }
      let refused = try expectRisk("ssh-session", Self.eth1, host, also: ["default-route"])
      #expect(refused.output.contains("the SSH session from 192.0.2.1 comes in by 'eth1', and would end"))
    }
  }

  @Test("a lease: managed-uplink; it is given back with its end, unless that came first")
  func lease() throws {
    try GivenHost.with { given in
      let host = given.host
      try host.space.ip("addr add 198.51.100.40/24 dev eth2 valid_lft 7000 preferred_lft 6000")
      let before = try host.space.dump()
      _ = try expectRisk("managed-uplink", GivenHost.text, host, also: ["default-route"])
      expectEqual(before, try host.space.dump())
    }
  }
}
