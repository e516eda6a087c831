import Testing
import Witness

extension RealGuests {
  @Suite("guests with macvtaps", .enabled(if: Gate.macvtap, Gate.macvtapComment))
  struct MacvtapGuestTests {
    private static let text = """
      name: g
      defaults: {owner: nobody, mode: bridged, via: macvtap, hardware: eth1}
      vms:
        web: {nics: {eth0: {mac: "02:00:00:00:20:01", queues: 2, mtu: 1400}, eth1: {}}}
        db: {nics: {eth0: {}}}

      """

    @Test("started with what `attach` prints they reach the LAN and each other, by every NIC and queue")
    func reach() throws {
      try Host.with { host in
        let file = try host.files.write("g.conf", Self.text)
        expect(try host.vnet("apply", file), exits: 0)
        try host.boot(["web", "db"], file, as: "nobody") { guests in
          let (web, db) = (guests[0], guests[1])
          let seen = try web.must("cd /sys/class/net/eth0; cat address mtu; cut -c 23 device/features")
          // VIRTIO_NET_F_MQ, bit 22: QEMU offers it with several descriptors, and the driver takes them.
          #expect(seen.words == ["02:00:00:00:20:01", "1400", "1"])
          try web.must(
            "ip link set eth0 up; ip addr add 192.0.2.51/24 dev eth0; ip addr add 2001:db8::51/64 dev eth0")
          try web.must("ip link set eth1 up; ip addr add 198.51.100.51/24 dev eth1")
          try db.must(
            "ip link set eth0 up; ip addr add 192.0.2.52/24 dev eth0; ip addr add 198.51.100.52/24 dev eth0")
          for address in ["192.0.2.1", "192.0.2.52", "198.51.100.52"] {
            expect(try web.run("ping -c 1 -W 3 \(address)"), exits: 0)
          }
          expect(try web.run("ping -c 3 -W 3 2001:db8::1"), exits: 0)
          expect(try web.run("ping -c 1 -W 1 192.0.2.10"), exits: 1)
          expect(try host.vnet("plan", file), exits: 0)
          let status = try host.vnet("status", file)
          #expect(status.stdout.contains("\(web.child.pid)"), "\(status)")
        }
      }
    }

    @Test("one that owns the hardware has the LAN there, and the host stays out of it")
    func dedicated() throws {
      try GivenHost.with { given in
        let host = given.host
        let text = GivenHost.text("mac: \"02:00:00:00:20:01\", anti-spoof: false")
        try given.applied(text) { file in
          let lan = try #require(host.lan2)
          try host.boot(["gw"], file, as: "nobody") { guests in
            #expect(try guests[0].must("cat /sys/class/net/eth0/address").trimmed == "02:00:00:00:20:01")
            try guests[0].must(
              "ip link set eth0 up; ip addr add 198.51.100.51/24 dev eth0; ip addr add 2001:db8:2::51/64 dev eth0"
            )
            expect(try guests[0].run("ping -c 2 -W 3 198.51.100.1"), exits: 0)
            expect(try guests[0].run("ping -c 3 -W 3 2001:db8:2::1"), exits: 0)
            expect(try guests[0].run("ping -c 1 -W 1 198.51.100.10"), exits: 1)
            #expect(try lost(from: lan, to: "198.51.100.51") == 0)
          }
        }
      }
    }
  }
}
