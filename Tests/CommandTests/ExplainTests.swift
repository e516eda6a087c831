import Testing

@Suite("explain", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct ExplainTests {
  @Test(
    "each mode is explained without root or kernel, by a mechanism that is executed",
    arguments: ["shared", "tap", "bridged", "dedicated"])
  func modes(mode: String) throws {
    let outcome = try run([Tools.vnetApply, "explain", mode])
    expect(outcome, exits: 0)
    for topic in [
      "ICMP", "IPv6", "ARP", "other Ethertypes", "inbound", "ports below 1024", "host ↔ guest", "overhead",
      "privilege",
    ] { #expect(outcome.stdout.contains(topic), "\(topic): \(outcome)") }
    #expect(try run([Tools.vnetApply, "explain"]).stdout.contains("\n\(mode) ") || mode == "shared")
  }

  @Test("a wrong word exits 64, a NIC that the file has not 65")
  func wrong() throws {
    for arguments in [["bridge"], ["web/eth0"], ["tap", "--via", "nat"]] {
      expect(try run([Tools.vnetApply, "explain"] + arguments), exits: 64)
    }
    let file = "\(Tools.repository)/examples/nat.conf"
    expect(try run([Tools.vnetApply, "explain", "nobody/eth0", "-c", file]), exits: 65)
  }
}
