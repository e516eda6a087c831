import Glibc
import Testing
import Witness

@Suite(
  "The process that serves a network",
  .enabled(if: Gate.services, Comment(rawValue: Gate.servicesComment)))
struct ServiceLifeTests {
  @Test("a second apply keeps the process and the lease; one VM more is told to the same process")
  func kept() throws {
    try Host.with { host in
      let file = try host.serve()
      let before = host.servers
      #expect(before.count == 1)
      let web = try host.reservation("vms.web.nics.eth0")
      let guest = try SpaceGuest("web-eth0", mac: web.mac, on: host)
      defer { guest.leave() }
      _ = try guest.lease()
      let leases = try must(["cat", host.serviceFolder("lab") + "/leases"])
      #expect(leases.contains("\(web.mac) \(web.addresses[0])"))
      expect(try host.vnet("apply", file), exits: 0)
      try host.files.write("served.conf", Served.text + "  late: {nics: {eth0: {network: lab}}}\n")
      let plan = try host.vnet("plan", file)
      #expect(plan.stdout.contains("~ service dnsmasq lab  hosts +1 -0, names +2 -0\n"), "\(plan)")
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      #expect(host.servers == before)
      #expect(try must(["cat", host.serviceFolder("lab") + "/leases"]) == leases)
      let late = try host.reservation("vms.late.nics.eth0")
      try guest.space.ip("addr add \(web.addresses[0])/24 dev eth0")
      #expect(try Clock.wait(5) { try guest.dig("@10.77.3.1 late.lab.example A") == [late.addresses[0]] })
      #expect(try host.reservation("vms.web.nics.eth0").addresses == web.addresses)
      let newcomer = try SpaceGuest("late-eth0", mac: late.mac, on: host)
      defer { newcomer.leave() }
      #expect(try newcomer.lease()["new_ip_address"] == late.addresses[0])
    }
  }

  @Test("a change of the configuration proper starts it anew, with its leases")
  func restarted() throws {
    try Host.with { host in
      let file = try host.serve()
      let before = host.servers
      let web = try host.reservation("vms.web.nics.eth0")
      let guest = try SpaceGuest("web-eth0", mac: web.mac, on: host)
      defer { guest.leave() }
      _ = try guest.lease()
      let leases = try must(["cat", host.serviceFolder("lab") + "/leases"])
      try host.files.write("served.conf", Served.text.replacing("lease: 10m", with: "lease: 20m"))
      #expect(try host.vnet("plan", file).stdout.contains("interrupts: its guests' DHCP and DNS"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(host.servers.count == 1 && host.servers != before)
      #expect(try must(["cat", host.serviceFolder("lab") + "/leases"]) == leases)
      #expect(try guest.lease()["new_dhcp_lease_time"] == "1200")
    }
  }

  @Test("one that died is a difference, and the next apply starts it")
  func dead() throws {
    try Host.with { host in
      let file = try host.serve()
      let pid = try #require(host.servers.first)
      kill(pid, SIGKILL)
      #expect(Clock.wait(5) { host.servers.isEmpty })
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 2)
      #expect(plan.stdout.hasPrefix("~ service dnsmasq lab  stopped → running\n"), "\(plan)")
      expect(try host.vnet("apply", file), exits: 0)
      #expect(host.servers.count == 1)
    }
  }

  @Test("a process of somebody else is not taken for it, whatever its command line says")
  func lookalike() throws {
    try Host.with { host in
      let file = try host.serve()
      let mark = "--conf-file=\(try host.serviceFolder("lab"))/conf"
      let other = try host.space.start(
        ["setpriv", "--reuid", "1234", "--clear-groups", "sh", "-c", "echo up; sleep 60; :", "dnsmasq", mark])
      #expect(other.line() == "up")
      for pid in host.servers { kill(pid, SIGKILL) }
      #expect(Clock.wait(5) { host.servers.isEmpty })
      expect(try host.vnet("plan", file), exits: 2)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(host.servers.count == 1)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(kill(other.pid, 0) == 0)
      other.signal(SIGKILL)
      _ = other.finish(timeout: 5)
    }
  }

  @Test("a file of its that somebody edited is a difference, and is put right")
  func edited() throws {
    try Host.with { host in
      let file = try host.serve()
      try must(["sh", "-c", "echo log-queries >>\(host.serviceFolder("lab"))/conf"])
      let plan = try host.vnet("plan", file)
      #expect(plan.stdout.contains("~ service dnsmasq lab  configuration +0 -1\n"), "\(plan)")
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("a removal leaves neither process nor file nor socket, and the host as it was")
  func removed() throws {
    try Host.with { host in
      let before = try host.space.dump()
      let file = try host.serve()
      expect(try host.vnet("remove", file), exits: 0)
      #expect(host.servers == [])
      let left = try run(["ls", "/run/vnet-apply/\(host.space.cookie ?? "")/services"])
      #expect(left.code != 0, "\(left)")
      #expect(try run(["ls", host.space.lasting]).code != 0)
      #expect(try host.space.run(["ss", "-Hlntu"]).stdout == "")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a renamed network and a renamed bridge keep addresses and reservations, and are served")
  func renamed() throws {
    try Host.with { host in
      let file = try host.serve()
      let web = try host.reservation("vms.web.nics.eth0")
      let renamed = Served.text.replacing(
        "  lab:\n", with: "  hall:\n    was: lab\n    device: br-hall\n"
      )
      .replacing("network: lab", with: "network: hall")
      try host.files.write("served.conf", renamed)
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      #expect(try host.reservation("vms.web.nics.eth0").addresses == web.addresses)
      #expect(host.servers.count == 1)
      let guest = try SpaceGuest("web-eth0", mac: web.mac, on: host)
      defer { guest.leave() }
      #expect(try guest.lease()["new_ip_address"] == web.addresses[0])
    }
  }

  @Test("one VM that is removed or applied alone is told to the server, which stays")
  func parts() throws {
    try Host.with { host in
      let file = try host.serve()
      let before = host.servers
      expect(try host.vnet("remove", file, "web"), exits: 0)
      let hosts = { try must(["cat", host.serviceFolder("lab") + "/hosts"]) }
      #expect(try !hosts().contains(",web\n") && hosts().contains(",db\n"))
      expect(try host.vnet("apply", "--only", "web", file), exits: 0)
      #expect(try hosts().contains(",web\n"))
      #expect(host.servers == before)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("a snapshot plans offline as the host does, and redacted it tells no hardware address")
  func snapshot() throws {
    try Host.with { host in
      let file = try host.serve()
      let web = try host.reservation("vms.web.nics.eth0")
      let whole = try host.files.write("whole.json", host.vnet("snapshot").stdout)
      expect(try run([Tools.vnetApply, "plan", "--against", whole, file]), exits: 0)
      let redacted = try host.vnet("snapshot", "--redact").stdout
      #expect(redacted.contains("\"object\": \"service\"") && !redacted.contains(web.mac))
    }
  }

  @Test("a state folder is found from wherever a program is started")
  func relative() throws {
    try Host.with { host in
      let file = try host.files.write("served.conf", Served.text)
      let command = ["env", "-C", host.files.path, Tools.vnetApply]
      for words in [["apply"], ["plan"], ["remove"]] {
        expect(try host.space.run(command + words + ["--state-dir", "state", file]), exits: 0)
      }
      #expect(host.servers == [])
    }
  }

  @Test(
    "whatever the caller's umask, session and signals are, the server gets at its files and outlives the caller"
  )
  func inherited() throws {
    try Host.with { host in
      let file = try host.files.write("served.conf", Served.text)
      let outcome = try run(
        [
          "setsid", "-w", "sh", "-c",
          "umask 077; trap '' HUP; exec \(Tools.vnetApply) --netns \(host.space.name) \(file)",
        ])
      expect(outcome, exits: 0)
      let web = try host.reservation("vms.web.nics.eth0")
      let guest = try SpaceGuest("web-eth0", mac: web.mac, on: host)
      defer { guest.leave() }
      #expect(try guest.lease()["new_ip_address"] == web.addresses[0])
      let pid = try #require(host.servers.first)
      let words = try must(["cat", "/proc/\(pid)/stat"]).words
      #expect(words[5] != "\(getsid(0))" && words[6] == "0", "session and terminal: \(words)")
      let status = try must(["cat", "/proc/\(pid)/status"]).lines
      #expect(status.contains("SigBlk:\t0000000000000000"), "\(status)")
      let open = try must(["ls", "-l", "/proc/\(pid)/fd"])
      #expect(!open.contains("/run/vnet-apply/\(host.space.cookie ?? "").lock") && !open.contains("journal"))
    }
  }

  @Test("the same configuration in two namespaces is two of everything")
  func twice() throws {
    try Host.with { one in
      try Host.with { other in
        let text =
          "name: served\nnetworks: {lab: {address: auto}}\nvms: {web: {nics: {eth0: {network: lab}}}}\n"
        let file = try one.serve(text)
        _ = try other.serve("mac-seed: another\n" + text)
        let web = try other.reservation("vms.web.nics.eth0")
        #expect(try one.reservation("vms.web.nics.eth0").mac != web.mac)
        expect(try one.vnet("remove", file), exits: 0)
        #expect(one.servers.isEmpty && other.servers.count == 1)
        #expect(try other.reservation("vms.web.nics.eth0") == web)
      }
    }
  }

  @Test("a host without the program is told which package has it, and the offline check passes")
  func missing() throws {
    try Host.with { host in
      let file = try host.files.write("served.conf", Served.text)
      let hidden =
        "mount --bind /dev/null $(readlink -f $(command -v dnsmasq)) && exec \(Tools.vnetApply)"
      expect(
        try host.space.run(["unshare", "-m", "sh", "-c", "\(hidden) check \(file)"]), exits: 0)
      let outcome = try host.space.run(["unshare", "-m", "sh", "-c", "\(hidden) apply \(file)"])
      expect(outcome, exits: 69)
      #expect(outcome.stderr.contains("dnsmasq-base"), "\(outcome)")
      #expect(try !host.linkNames.contains("lab"))
    }
  }
}
