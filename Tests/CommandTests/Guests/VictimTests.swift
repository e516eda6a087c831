import Testing
import Witness

extension RealGuests {
  /// That a frame arrives is not yet that it does harm: here is what each does to a Linux guest that nothing protects.
  @Suite("what a hostile neighbour does to a guest")
  struct VictimTests {
    private static let attacker = Identity(mac: "02:00:00:00:10:01", ipv4: "192.0.2.51", ipv6: "2001:db8::51")
    private static let victim = Identity(mac: "02:00:00:00:10:02", ipv4: "192.0.2.52", ipv6: "2001:db8::52")
    private static let routerMAC = "02:00:00:00:10:fe"
    private static let router = Identity(mac: routerMAC, ipv4: "192.0.2.1", ipv6: "2001:db8::1")

    private static let text = """
      name: v
      defaults: {anti-spoof: false}
      networks: {office: {uplink: eth1}}
      vms:
        attacker: {nics: {eth0: {network: office, mac: "\(attacker.mac)"}}}
        victim: {nics: {eth0: {network: office, mac: "\(victim.mac)"}}}

      """

    @Test("neighbours, routers and addresses of the guest become what the frames say")
    func poisoned() throws {
      try Host.with { host in
        try host.lan.ip("link set lan0 down\nlink set lan0 address \(Self.routerMAC)\nlink set lan0 up")
        try host.lan.ip("addr replace 2001:db8::1/64 dev lan0")
        let file = try host.files.write("v.conf", Self.text)
        expect(try host.vnet("apply", file), exits: 0)
        let wire = try Wire(
          "attacker-eth0", in: host.space, own: Self.attacker, other: Self.router, to: Self.victim)
        defer { wire.leave() }
        try host.boot(["victim"], file) { guests in
          let victim = guests[0]
          try victim.must("set -e\n" + Scenario.Subnet.office.commands(52))
          for (frame, command, harm) in Self.harms {
            try victim.must(Self.meetRouter)
            let before = try victim.must(command)
            #expect(!before.contains(harm), "before \(frame): \(before)")
            // A neighbour that has just been confirmed stays for a second (`locktime`): repeat, as one would.
            var after = ""
            let harmed = try Clock.wait(4) {
              try wire.send(frame)
              Clock.sleep(0.3)
              after = try victim.must(command)
              return after.contains(harm)
            }
            #expect(harmed, "\(frame): \(after)")
          }
        }
      }
    }

    /// The guest has just heard from its router, in both families, and from no other.
    private static let meetRouter = """
      ip neigh flush dev eth0
      ip -6 route del default via \(attackerLinkLocal) dev eth0 2>/dev/null
      ping -c 1 -W 3 192.0.2.1 && ping -c 1 -W 3 2001:db8::1
      """
    private static let attackerLinkLocal = "fe80::ff:fe00:1001"

    /// The frame, what to ask the guest, and what it says afterwards and did not say before.
    private static let harms = [
      ("arp-reply-other-address", "ip neigh show 192.0.2.1", attacker.mac),
      ("arp-request-other-address", "ip neigh show 192.0.2.1", attacker.mac),
      ("arp-announcement-other-address", "ip neigh show 192.0.2.1", attacker.mac),
      ("neighbour-solicitation-other-source", "ip neigh show 2001:db8::1", attacker.mac),
      ("neighbour-advertisement-other-target", "ip neigh show 2001:db8::1", attacker.mac),
      ("neighbour-advertisement-other-source", "ip neigh show 2001:db8::1", attacker.mac),
      ("router-advertisement-options", "ip -6 route show", "default via \(attackerLinkLocal)"),
      ("router-advertisement", "ip -6 route show", "default via \(attackerLinkLocal)"),
    ]
  }
}
