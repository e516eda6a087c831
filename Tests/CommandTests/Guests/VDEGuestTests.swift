import Testing
import Witness

extension RealGuests {
  @Suite(
    "guests that plug into a switch of their owner",
    .enabled(if: Gate.vde && Gate.services, Comment(rawValue: Gate.vdeComment)))
  struct VDEGuestTests {
    private static let text = """
      name: p
      networks: {lab: {address: [10.7.0.1/24, "fd00:7::1/64"]}}
      vms:
        web: {owner: nobody, nics: {eth0: {mode: tap, via: vde, network: lab}}}
        db: {owner: nobody, nics: {eth0: {network: lab}}}
        edge: {nics: {eth0: {mode: tap, via: vde, address: [203.0.113.7, "2001:db8:f::7"]}}}

      """

    private static let configure = """
      ip link set eth0 up
      udhcpc -f -n -q -t 10 -T 1 -i eth0 -s /etc/udhcpc/default.script >/dev/null 2>&1
      ip -4 -o addr show dev eth0 scope global
      """

    private func applied(_ body: (Host, String) throws -> Void) throws {
      try Host.withOpenTun { host in
        let before = try host.space.dump()
        let file = try host.files.write("p.conf", Self.text)
        expect(try host.vnet("apply", file), exits: 0)
        try body(host, file)
        expect(try host.vnet("remove", file), exits: 0)
        #expect(host.switches == [])
        expectEqual(before, try host.space.dump())
      }
    }

    @Test("on a network: DHCP, the host, a sibling with a TAP of its own, IPv6; and nobody else's address")
    func bridged() throws {
      try applied { host, file in
        try host.boot(["web", "db"], file, as: "nobody") { guests in
          let own = try guests.map { guest in
            let line = try guest.must(Self.configure, limit: 40)
            return try #require(line.words.first { $0.hasPrefix("10.7.0.") }?.split(separator: "/").first)
          }
          #expect(own[0] != own[1])
          for (guest, other) in [(guests[0], own[1]), (guests[1], own[0])] {
            expect(try guest.run("ping -c 1 -W 3 10.7.0.1"), exits: 0)
            expect(try guest.run("ping -c 1 -W 3 \(other)"), exits: 0)
            // A full frame, in one piece.
            expect(try guest.run("ping -c 1 -W 3 -s 1472 \(other)"), exits: 0)
          }
          #expect(try Clock.wait(15) { try guests[0].run("ping -6 -c 1 -W 3 fd00:7::1").code == 0 })
          // The port is this guest's alone.
          try guests[0].must("ip addr add 10.7.0.99/24 dev eth0")
          #expect(try guests[0].run("ping -c 1 -W 2 -I 10.7.0.99 10.7.0.1").code != 0)
          let status = try host.vnet("status", file)
          let row = status.stdout.lines.first { $0.contains("web/eth0") } ?? ""
          #expect(row.contains(/up  .*vde_switch .*\(lease\).* ip4 \d/), "\(status)")
          let removal = try host.vnet("remove", file)
          expect(removal, exits: 73)
          #expect(removal.stderr.contains("in-use service/vde/p/web/eth0"), "\(removal)")
        }
      }
    }

    @Test("without a network the host routes to it; root's QEMU plugs into the switch of nobody")
    func routed() throws {
      try applied { host, file in
        try host.boot(["edge"], file) { guests in
          try guests[0].must("set -e\nip link set eth0 up\n" + guests[0].hint)
          expect(try guests[0].run("ping -c 1 -W 3 169.254.0.1"), exits: 0)
          for address in ["203.0.113.7", "2001:db8:f::7"] {
            #expect(
              try Clock.wait(10) { try host.space.run(["ping", "-c", "1", "-W", "3", address]).code == 0 })
          }
        }
      }
    }
  }
}
