import Glibc
import Testing
import Witness

extension Gate {
  static let ipv6 = access("/proc/sys/net/ipv6", F_OK) == 0
}

@Suite(
  "a kernel without IPv6", .enabled(if: Gate.ready && Gate.services, Comment(rawValue: Gate.readyComment)),
  .enabled(if: !Gate.ipv6, "this kernel has IPv6; the lab's has none where it is told so"))
struct NoIPv6Tests {
  @Test("networks, routed guests, an uplink and a namespace are made, are what the file says, and go again")
  func all() throws {
    let space = try Namespace()
    defer { space.delete() }
    let files = try TemporaryFolder()
    defer { files.delete() }
    try space.ip(
      """
      link add eth1 type veth peer name eth1-lan
      link set eth1-lan up
      link set eth1 up
      addr add 192.0.2.10/24 dev eth1
      route add default via 192.0.2.1
      """)
    let file = try files.write(
      "n.conf",
      """
      name: n
      networks: {office: {uplink: eth1}, lab: {address: 10.7.0.1/24, nat: true}}
      vms:
        a: {nics: {e: {network: lab}, f: {mode: tap, address: 198.51.100.5}, g: {network: office}}}
        b: {netns: own-b, nics: {e: {mode: tap, address: 198.51.100.9, inner-address: 172.16.0.2}}}
      """)
    func vnet(_ command: String) throws -> Outcome {
      try run([Tools.vnetApply, command, "--netns", space.name, file], timeout: 120)
    }
    // `ip -6` is an error there.
    func dump() throws -> String {
      let commands = [
        "ip -br link", "ip -4 -o addr", "ip -4 route show table all", "ip -4 rule", "nft list ruleset",
        "ls /run/netns",
      ]
      return try must(space.command(["sh", "-c", commands.joined(separator: "; echo; ")]))
    }
    let before = try dump()
    for _ in 1...2 {
      expect(try vnet("apply"), exits: 0)
      expect(try vnet("plan"), exits: 0)
      #expect(try space.run(["ip", "route", "show", "default"]).output.contains("192.0.2.1 dev office"))
      expect(try vnet("remove"), exits: 0)
      #expect(try dump() == before)
    }
  }
}
