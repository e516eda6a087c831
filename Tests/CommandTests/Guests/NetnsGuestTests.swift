import Testing
import Witness

extension RealGuests {
  @Suite("guests that are clones of one snapshot, each in its network namespace")
  struct NetnsGuestTests {
    @Test("with one TAP name, MAC and address they reach the world, and it them, by addresses of their own")
    func clones() throws {
      try Clones.with { clones in
        var host = clones.host
        host.isEnteredByName = true
        let file = try host.files.write("fc.conf", clones.text(2))
        expect(try host.vnet("apply", file), exits: 0)
        try host.lan.ip("route add 10.9.0.0/24 via 192.0.2.10\nroute add 2001:db8:9::/64 via 2001:db8::10")
        let lan = try Answering("lan", in: host.lan, files: host.files)
        defer { lan.leave() }
        try host.boot(["clone-1", "clone-2"], file) { guests in
          for (number, guest) in zip(1..., guests) {
            try guest.must("ip link set eth0 up; \(guest.hint)")
            #expect(try guest.must("ip address show dev eth0").contains("06:00:ac:10:00:02"))
            let who = try guest.must("timeout 8 wget -q -O - http://192.0.2.1/cgi-bin/who")
            #expect(who.hasPrefix("lan ") && who.contains("10.9.0.\(number)"), "\(who)")
            #expect(try guest.run("ping -c 1 -W 3 192.0.2.1").code == 0)
            #expect(try guest.run("ping -6 -c 1 -W 3 2001:db8::1").code == 0)
            let asked = try host.lan.run([
              "timeout", "8", "busybox", "wget", "-q", "-O", "-", "http://10.9.0.\(number)/cgi-bin/who",
            ])
            #expect(asked.stdout.hasPrefix("clone-\(number) "), "\(asked)")
          }
          let refused = try host.vnet("remove", file)
          expect(refused, exits: 73)
          expect(try host.vnet("plan", file), exits: 0)
        }
        expect(try host.vnet("remove", file), exits: 0)
        #expect(try clones.names == [])
      }
    }
  }
}
