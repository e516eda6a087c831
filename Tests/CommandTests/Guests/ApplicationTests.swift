import Testing
import Witness

extension RealGuests {
  @Suite("a guest that shares the host's address by its VM software")
  struct ApplicationTests {
    private static let text = """
      name: u
      vms: {web: {owner: nobody, nics: {eth0: {mode: shared, forward: ["8080 -> 80"]}}}}

      """

    @Test(
      "QEMU without any privilege carries TCP both ways, and pings where the plan does not say that the host lets it not",
      arguments: [(groups: "1 0", pings: false), (groups: "0 2147483647", pings: true)])
    func nobody(groups: String, pings: Bool) throws {
      try Host.with { host in
        let file = try host.files.write("u.conf", Self.text)
        let before = try host.space.dump()
        try host.space.sysctl("net.ipv4.ping_group_range=\(groups)")
        let lan = try Answering("lan", in: host.lan, files: host.files)
        defer { lan.leave() }
        let applied = try host.vnet("apply", file)
        expect(applied, exits: 0)
        #expect(applied.stdout.contains("! no-ping web/eth0") == !pings, "\(applied)")
        try host.boot(["web"], file, as: "nobody") { guests in
          let guest = guests[0]
          try guest.must(
            """
            ip link set eth0 up
            udhcpc -f -n -q -t 10 -T 1 -i eth0 -s /etc/udhcpc/default.script >/dev/null 2>&1
            """, limit: 40)
          let who = try guest.must("timeout 5 wget -q -O - http://192.0.2.1/cgi-bin/who")
          #expect(who.hasPrefix("lan ") && who.contains("192.0.2.10"), "\(who)")
          #expect(try guest.run("ping -c 1 -W 3 192.0.2.1").code == (pings ? 0 : 1))
          let asked = try host.lan.run([
            "timeout", "8", "busybox", "wget", "-q", "-O", "-", "http://192.0.2.10:8080/cgi-bin/who",
          ])
          #expect(asked.stdout.hasPrefix("web "), "\(asked)")
          // What listens there now is the VM itself.
          let plan = try host.vnet("plan", file)
          expect(plan, exits: 0)
          #expect(!plan.stdout.contains("port-in-use"), "\(plan)")
        }
        expect(try host.vnet("remove", file), exits: 0)
        expectEqual(before, try host.space.dump())
      }
    }
  }
}
