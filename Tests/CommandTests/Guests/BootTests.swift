import Testing
import Witness

extension RealGuests {
  @Suite("what `attach` prints boots")
  struct BootTests {
    private static let bridged = """
      name: g
      networks: {inner: {address: [10.7.0.1/24, "2001:db8:7::1/64"], dhcp: false, dns: false, ra: false}}
      vms: {web: {OWNER nics: {eth0: {network: inner, address: 10.7.0.2 KEYS}}}}

      """

    private func applied(owner: String = "", keys: String = "", _ body: (Host, String) throws -> Void) throws
    {
      try Host.with { host in
        let text = Self.bridged.replacing("OWNER", with: owner).replacing(" KEYS", with: keys)
        let file = try host.files.write("g.conf", text)
        expect(try host.vnet("apply", file), exits: 0)
        try body(host, file)
      }
    }

    @Test("a guest runs commands: output, diagnostics and exit status come back, and a limit holds")
    func commands() throws {
      try applied { host, file in
        try host.boot(["web"], file) { guests in
          let outcome = try guests[0].run("printf 'a\\\\b\\n%s' \"$(hostname)\"\necho no >&2\nexit 3")
          expect(outcome, exits: 3)
          #expect(outcome.stdout == "a\\b\nweb" && outcome.stderr == "no\n", "\(outcome)")
          expect(try guests[0].run("sleep 60", limit: 1), exits: 137)
          expect(try guests[0].run("true"), exits: 0)
        }
      }
    }

    @Test("a guest whose test is gone ends by itself")
    func orphan() throws {
      try applied { host, file in
        try host.boot(["web"], file) { guests in
          guests[0].child.closeInput()
          expect(guests[0].child.finish(timeout: 30), exits: 0)
        }
      }
    }

    @Test("a guest that cannot boot says what its console and QEMU said")
    func failure() throws {
      try Host.with { host in
        let words = "-device virtio-net-pci,netdev=nowhere"
        let guest = try Guest("lost", attached: words, in: host.space, files: host.files)
        let failure = #expect(throws: CommandFailure.self) { try guest.ready() }
        #expect(failure?.description.contains("nowhere") == true, "\(failure?.description ?? "")")
      }
    }

    @Test(
      "the guest has the NIC's MAC, MTU and queues; with it running the plan is empty, `status` names QEMU")
    func words() throws {
      try applied(keys: ", mac: \"02:00:00:00:10:01\", mtu: 1400, queues: 2") { host, file in
        try host.boot(["web"], file) { guests in
          let seen = try guests[0].must("cd /sys/class/net/eth0; cat address mtu; cut -c 23 device/features")
          // VIRTIO_NET_F_MQ, bit 22: QEMU offers it with several queues, and the driver takes them.
          #expect(seen.words == ["02:00:00:00:10:01", "1400", "1"])
          // QEMU holds both; the driver has use for one a processor, and the other is disabled.
          let held = try host.link("web-eth0")["linkinfo"]["info_data"]
          #expect(held["numqueues"].int == 1 && held["numdisabled"].int == 1, "\(held.line)")
          expect(try host.vnet("plan", file), exits: 0)
          let status = try host.vnet("status", file)
          #expect(status.stdout.contains("\(guests[0].child.pid)"), "\(status)")
        }
      }
    }

    @Test("QEMU as the TAP's owner reaches the host, and needs nothing of root's")
    func owner() throws {
      try applied(owner: "owner: nobody,") { host, file in
        try host.boot(["web"], file, as: "nobody") { guests in
          let user = try must(["stat", "-c", "%U", "/proc/\(guests[0].child.pid)"]).trimmed
          #expect(user == "nobody")
          try guests[0].must("ip link set eth0 up; ip addr add 10.7.0.2/24 dev eth0")
          expect(try guests[0].run("ping -c 1 -W 3 10.7.0.1"), exits: 0)
        }
      }
    }

    @Test(
      "QEMU as anybody else is refused the TAP, also one that says no owner",
      arguments: ["owner: nobody,", ""])
    func stranger(owner: String) throws {
      try applied(owner: owner) { host, file in
        let words = try host.vnet("attach", "web", "-c", file).stdout
        let guest = try Guest("web", attached: words, in: host.space, files: host.files, as: "daemon")
        let outcome = guest.child.finish(timeout: 30)
        #expect(outcome.code == 1 && outcome.stderr.contains("Operation not permitted"), "\(outcome)")
      }
    }
  }
}
