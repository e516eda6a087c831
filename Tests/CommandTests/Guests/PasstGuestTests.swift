import Testing
import Witness

extension RealGuests {
  @Suite(
    "a guest whose connections a passt of its owner makes",
    .enabled(if: Gate.passt, Comment(rawValue: Gate.passtComment)))
  struct PasstGuestTests {
    private static let configure = """
      ip link set eth0 up
      udhcpc -f -n -q -t 10 -T 1 -i eth0 -s /etc/udhcpc/default.script >/dev/null 2>&1
      """

    private static func asks(_ place: String) -> String {
      "timeout 5 wget -q -O - http://\(place)/cgi-bin/who"
    }

    private func guest(
      _ keys: String, in host: Host, _ body: (Guest, String, Outcome) throws -> Void
    ) throws {
      let file = try host.files.write("p.conf", Passt.text(keys, vm: "owner: nobody,"))
      let before = try host.space.dump()
      let applied = try host.vnet("apply", file)
      expect(applied, exits: 0)
      try host.boot(["web"], file, as: "nobody") { guests in
        try guests[0].must(Self.configure, limit: 40)
        try body(guests[0], file, applied)
      }
      expect(try host.vnet("remove", file), exits: 0)
      #expect(host.passts == [])
      expectEqual(before, try host.space.dump())
    }

    @Test(
      "TCP passes both ways, pings where the plan does not say that the host lets them not",
      arguments: [(groups: "1 0", pings: false), (groups: "0 2147483647", pings: true)])
    func passes(groups: String, pings: Bool) throws {
      try Host.with { host in
        let lan = try Answering("lan", in: host.lan, files: host.files)
        defer { lan.leave() }
        try host.space.sysctl("net.ipv4.ping_group_range=\(groups)")
        try guest("forward: [\"8080 -> 80\", \"[::1]:8081 -> 80\", \"127.0.0.1:8082 -> 80\"],", in: host) {
          guest, file, applied in
          #expect(applied.stdout.contains("! no-ping web/eth0") == !pings, "\(applied)")
          let who = try guest.must(Self.asks("192.0.2.1"))
          #expect(who.hasPrefix("lan ") && who.contains("192.0.2.10"), "\(who)")
          #expect(try guest.run("ping -c 1 -W 3 192.0.2.1").code == (pings ? 0 : 1))
          for (space, place) in [
            (host.lan, "192.0.2.10:8080"), (host.space, "[::1]:8081"), (host.space, "127.0.0.1:8082"),
          ] {
            // passt knows the guest's IPv6 address when the guest has used it.
            let isAnswered = try Clock.wait(15) {
              try space.run([
                "timeout", "8", "busybox", "wget", "-q", "-O", "-", "http://\(place)/cgi-bin/who",
              ]).stdout.hasPrefix("web ")
            }
            #expect(isAnswered, "\(place)")
          }
          let status = try host.vnet("status", file)
          expect(status, exits: 0)
          #expect(status.stdout.contains("web/eth0  shared  -       up "), "\(status)")
          expect(try host.vnet("remove", file), exits: 73)
        }
      }
    }

    @Test("the host's loopback is closed to it, and open at `host-loopback`")
    func loopback() throws {
      try Host.with { host in
        let folder = host.files.path + "/host.www"
        try must(
          ["install", "-D", "-m", "755", "/dev/stdin", "\(folder)/cgi-bin/who"],
          input: "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nhost\\n'\n")
        let server = try host.space.start(["busybox", "httpd", "-f", "-p", "127.0.0.1:7777", "-h", folder])
        defer {
          server.signal(15)
          _ = server.finish(timeout: 10)
        }
        #expect(try Clock.wait(5) { try host.listening == ["tcp 127.0.0.1:7777"] })
        let places = ["192.0.2.1", "192.0.2.10", "192.0.2.77"]
        try guest("", in: host) { guest, _, _ in
          for place in places {
            let asked = try guest.run(Self.asks("\(place):7777"))
            #expect(asked.code != 0 && asked.stdout == "", "\(place): \(asked)")
          }
        }
        try guest("host-loopback: 192.0.2.77,", in: host) { guest, _, _ in
          for place in places {
            let asked = try guest.run(Self.asks("\(place):7777"))
            #expect((asked.stdout == "host\n") == (place == "192.0.2.77"), "\(place): \(asked)")
          }
        }
      }
    }
  }
}
