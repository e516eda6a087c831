import Glibc
import Testing
import Witness

@Suite(
  "`via: vde`: a switch of the VM's owner holds the TAP",
  .enabled(if: Gate.vde, Comment(rawValue: Gate.vdeComment)))
struct VDETests {
  private func applied(_ text: String, _ body: (Host, String) throws -> Void) throws {
    try Host.withOpenTun { host in
      let file = try host.files.write("p.conf", text)
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      try body(host, file)
    }
  }

  private static let folder = "vde-web:eth0"

  @Test("it runs as the owner, without any other group or capability, and has the TAP, a port of the network")
  func runs() throws {
    try applied(VDE.text()) { host, _ in
      let pid = try #require(host.switches.first)
      #expect(host.switches.count == 1)
      let user = try must(["id", "-u", "games"]).trimmed
      let group = try must(["id", "-g", "games"]).trimmed
      #expect(try Set(host.status(pid, "Uid")) == [user])
      #expect(try Set(host.status(pid, "Gid")) == [group])
      #expect(try host.status(pid, "Groups") == [])
      for set in ["CapPrm", "CapEff", "CapInh"] { #expect(try host.status(pid, set) == ["0000000000000000"]) }
      #expect(try host.status(pid, "NoNewPrivs") == ["1"])
      let tap = try host.link("web-eth0")
      #expect(tap["master"].text == "lab" && tap["operstate"].text == "UP")
      #expect(tap["linkinfo"]["info_data"]["user"].text == "games")
    }
  }

  @Test(
    "of nobody where nothing says whose the VM is, and of nobody where it is root's",
    arguments: ["", "owner: root,"])
  func nobodys(_ owner: String) throws {
    try applied(VDE.text(vm: owner)) { host, _ in
      let pid = try #require(host.switches.first)
      #expect(try host.status(pid, "Uid").first == "65534")
    }
  }

  @Test(
    "the sockets are its owner's, and the group's where one is written",
    arguments: [
      "owner: games,": "drwx------ games games",
      "owner: {user: games, group: staff},": "drwxrws--- games staff",
      "owner: {group: staff},": "drwxrws--- nobody staff",
    ])
  func modes(owner: String, folder: String) throws {
    try applied(VDE.text(vm: owner)) { host, _ in
      let path = host.programFolder(Self.folder)
      #expect(try must(["stat", "-c", "%A %U %G", path]).trimmed == folder)
      let socket = try must(["stat", "-c", "%A %U %G", path + "/ctl"]).trimmed
      let isShared = owner.contains("group")
      #expect(
        socket
          == (isShared ? "srw-rw---- " : "srw------- ") + folder.words.dropFirst().joined(separator: " "))
    }
  }

  @Test("a folder that is written is made by the owner and goes with it; one that is there is left alone")
  func socket() throws {
    let place = try must(["mktemp", "-d"]).trimmed
    defer { _ = try? must(["rm", "-r", place]) }
    try must(["chown", "games", place])
    try applied(VDE.text("socket: \(place)/s,")) { host, file in
      #expect(access(place + "/s/ctl", F_OK) == 0)
      #expect(try host.vnet("attach", "web").stdout.contains(",sock=\(place)/s "))
      // Killed it leaves everything.
      kill(try #require(host.switches.first), SIGKILL)
      #expect(Clock.wait(5) { host.switches.isEmpty })
      #expect(access(place + "/s/ctl", F_OK) == 0)
      expect(try host.vnet("apply", file), exits: 0)
      kill(try #require(host.switches.first), SIGKILL)
      try host.files.write("p.conf", VDE.text())
      expect(try host.vnet("apply", file), exits: 0)
      #expect(access(place + "/s", F_OK) != 0)
      try must(["install", "-d", "-o", "games", place + "/s"])
      try must(["touch", place + "/s/kept"])
      try host.files.write("p.conf", VDE.text("socket: \(place)/s,"))
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 1)
      #expect(outcome.stderr.contains("there is something at \(place)/s already"), "\(outcome)")
      #expect(host.switches.count == 1 && access(place + "/s/kept", F_OK) == 0)
      try host.files.write("p.conf", VDE.text())
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
    }
  }

  @Test("what the owner has put in the place of its folder is not followed")
  func planted() throws {
    let place = try must(["mktemp", "-d"]).trimmed
    defer { _ = try? must(["rm", "-r", place]) }
    try must(["chown", "games", place])
    try applied(VDE.text("socket: \(place)/s,")) { host, file in
      let kept = host.files.path + "/kept"
      try must(["mkdir", kept])
      let server = try host.space.start([
        "python3", "-c",
        "import socket,time;s=socket.socket(socket.AF_UNIX);s.bind('\(kept)/ctl');print('up',flush=True);time.sleep(60)",
      ])
      #expect(server.line() == "up")
      try must(["mv", place + "/s", place + "/away"])
      try must(["ln", "-s", kept, place + "/s"])
      expect(try host.vnet("remove", file), exits: 0)
      #expect(host.switches == [])
      #expect(access(kept + "/ctl", F_OK) == 0)
      server.signal(SIGKILL)
      _ = server.finish(timeout: 5)
    }
  }

  @Test("one that died is a difference, and the next apply starts it")
  func dead() throws {
    try applied(VDE.text()) { host, file in
      kill(try #require(host.switches.first), SIGKILL)
      #expect(Clock.wait(5) { host.switches.isEmpty })
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 2)
      #expect(plan.stdout.hasPrefix("~ service vde web/eth0  stopped → running\n"), "\(plan)")
      expect(try host.vnet("apply", file), exits: 0)
      #expect(host.switches.count == 1)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("so is one whose TAP somebody has made anew, or whose sockets he has taken away")
  func hollow() throws {
    try applied(VDE.text()) { host, file in
      try host.space.ip("link delete web-eth0")
      let plan = try host.vnet("plan", file)
      #expect(plan.stdout.contains("~ service vde web/eth0  stopped → running\n"), "\(plan)")
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.link("web-eth0")["operstate"].text == "UP")
      expect(try host.vnet("plan", file), exits: 0)
      try must(["rm", host.programFolder(Self.folder) + "/ctl"])
      let second = try host.vnet("plan", file)
      #expect(second.stdout.hasPrefix("~ service vde web/eth0  stopped → running\n"), "\(second)")
      expect(try host.vnet("apply", file), exits: 0)
      #expect(access(host.programFolder(Self.folder) + "/ctl", F_OK) == 0)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("a TAP that somebody has given to another user is made anew, and its switch started for it")
  func stolen() throws {
    try applied(VDE.text()) { host, file in
      let first = host.switches
      for pid in first { kill(pid, SIGKILL) }
      #expect(Clock.wait(5) { host.switches.isEmpty })
      try host.space.ip("link delete web-eth0\ntuntap add name web-eth0 mode tap user man")
      try host.space.ip("link set web-eth0 alias vnet:p/vms.web.nics.eth0")
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.link("web-eth0")["linkinfo"]["info_data"]["user"].text == "games")
      #expect(host.switches.count == 1 && host.switches != first)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("a second apply keeps the process; another owner starts it anew; a removal leaves nothing")
  func life() throws {
    try Host.withOpenTun { host in
      let before = try host.space.dump()
      let file = try host.files.write("p.conf", VDE.text())
      expect(try host.vnet("apply", file), exits: 0)
      let first = host.switches
      expect(try host.vnet("apply", file), exits: 0)
      #expect(host.switches == first)
      try host.files.write("p.conf", VDE.text(vm: "owner: man,"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(host.switches.count == 1 && host.switches != first)
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(host.switches == [])
      #expect(try run(["ls", "/run/vnet-apply/\(host.space.cookie ?? "")/services"]).code != 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a NIC becomes one of a switch and back in place, unless a process holds its TAP")
  func mechanisms() throws {
    let tap = VDE.text().replacing("mode: tap, via: vde,", with: "")
    try applied(tap) { host, file in
      let index = try host.link("web-eth0")["ifindex"]
      let holder = try Station("web-eth0", in: host.space)
      try host.files.write("p.conf", VDE.text())
      let held = try host.vnet("apply", file)
      expect(held, exits: 65)
      #expect(held.stderr.contains("a process holds 'web-eth0', which the switch is to open"), "\(held)")
      holder.leave()
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      try host.files.write("p.conf", tap)
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      #expect(host.switches == [])
      #expect(try host.link("web-eth0")["ifindex"] == index)
    }
  }

  @Test("one that something is plugged into is not ended or started anew unasked")
  func inUse() throws {
    try applied(VDE.text()) { host, file in
      #expect(try host.vnet("status", file).stdout.contains("web-eth0  up, free  vde_switch ("))
      let plug = try host.plug(into: host.programFolder(Self.folder))
      let first = host.switches
      #expect(try host.vnet("status", file).stdout.contains("web-eth0  up     vde_switch ("))
      expect(try host.vnet("plan", file), exits: 0)
      let removal = try host.vnet("remove", file)
      expect(removal, exits: 73)
      #expect(removal.stdout.contains("interrupts: its VM loses the network"), "\(removal)")
      #expect(removal.stderr.contains("refused: in-use service/vde/p/web/eth0"), "\(removal)")
      try host.files.write("p.conf", VDE.text(vm: "owner: man,"))
      expect(try host.vnet("apply", file), exits: 73)
      #expect(host.switches == first)
      expect(try host.vnet("apply", "--allow", "in-use", file), exits: 0)
      plug.signal(SIGKILL)
      _ = plug.finish(timeout: 5)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(host.switches == [])
    }
  }

  @Test("`attach` speaks QEMU's words, and says for the others that they have no VDE")
  func attach() throws {
    try applied(VDE.text("mac: \"02:00:00:00:00:01\",")) { host, file in
      let folder = host.programFolder(Self.folder)
      let device = " -device virtio-net-pci,netdev=vnet-eth0,mac=02:00:00:00:00:01\n"
      let words = "-netdev vde,id=vnet-eth0,sock=\(folder)" + device
      #expect(try host.vnet("attach", "-c", file, "web").stdout == words)
      #expect(try host.vnet("attach", "web/eth0").stdout == words)
      for vmm in ["libvirt", "firecracker", "cloud-hypervisor", "crosvm"] {
        let outcome = try host.vnet("attach", "web", "--vmm", vmm)
        expect(outcome, exits: 65)
        #expect(outcome.stderr.contains("\(vmm) has no VDE; `via: tap`"), "\(outcome)")
      }
      // Of another user, its own socket has to be in the switch's group.
      try host.files.write("p.conf", VDE.text("mac: \"02:00:00:00:00:01\",", vm: ""))
      expect(try host.vnet("apply", file), exits: 0)
      let group = try must(["id", "-g", "nobody"]).trimmed
      #expect(
        try host.vnet("attach", "web").stdout
          == "-netdev vde,id=vnet-eth0,sock=\(folder),group=\(group),mode=0660" + device)
    }
  }

  @Test("a host without the program is told so, and the offline check passes")
  func missing() throws {
    try Host.withOpenTun { host in
      let file = try host.files.write("p.conf", VDE.text())
      let hidden =
        "mount --bind /dev/null $(readlink -f $(command -v vde_switch)) && exec \(Tools.vnetApply)"
      expect(try host.space.run(["unshare", "-m", "sh", "-c", "\(hidden) check \(file)"]), exits: 0)
      let outcome = try host.space.run(["unshare", "-m", "sh", "-c", "\(hidden) apply \(file)"])
      expect(outcome, exits: 69)
      #expect(outcome.stderr.contains("apt install vde2"), "\(outcome)")
    }
  }

  @Test(
    "what it cannot have is said before anything changes",
    arguments: [
      ("socket: /tmp/\(String(repeating: "d", count: 90)),", "92 are the most"),
      ("socket: \"/tmp/a://b\",", "one of another kind"), ("mtu: 1501,", "MTU 1501 is above"),
    ])
  func refused(keys: String, words: String) throws {
    try Host.withOpenTun { host in
      let file = try host.files.write("p.conf", VDE.text(keys))
      let outcome = try host.vnet("plan", file)
      expect(outcome, exits: 65)
      #expect(outcome.stderr.contains(words), "\(outcome)")
      try host.files.write(
        "p.conf",
        """
        name: p
        defaults: {mode: tap, via: vde, socket: /tmp/one}
        vms: {web: {nics: {eth0: {}}}, db: {nics: {eth0: {}}}}

        """)
      #expect(try host.vnet("plan", file).stderr.contains("/tmp/one is the socket of"))
    }
  }

  @Test("that of a VM in a network namespace is outside, and plugged into from there by its path")
  func enclosed() throws {
    try applied(VDE.text("address: 10.7.0.7,", vm: "netns: vnet-inner,")) { host, file in
      #expect(try host.linkNames.contains("web-eth0"))
      let socket = host.programFolder(Self.folder)
      #expect(try host.vnet("attach", "web").stdout.contains("sock=\(socket)"))
      var inside = host
      inside.space = try Namespace()
      defer { inside.space.delete() }
      let plug = try inside.plug(into: socket, as: "root")
      plug.signal(SIGTERM)
      _ = plug.finish(timeout: 5)
      try host.files.write(
        "p.conf", VDE.text("address: 10.7.0.7, inner-address: 10.0.0.7,", vm: "netns: vnet-inner,"))
      let refused = try host.vnet("check", file)
      expect(refused, exits: 65)
      #expect(refused.stderr.contains("`inner-address` is for NICs via tap, bridge and nat"), "\(refused)")
    }
  }

  @Test("it is not ended with its caller's session, and reads no commands of anybody's")
  func inherited() throws {
    try Host.withOpenTun { host in
      let file = try host.files.write("p.conf", VDE.text())
      expect(
        try host.space.run([
          "setsid", "-w", "sh", "-c", "umask 077; trap '' HUP; exec \(Tools.vnetApply) \(file)",
        ]),
        exits: 0)
      let pid = try #require(host.switches.first)
      #expect(try must(["cat", "/proc/\(pid)/stat"]).words[6] == "0")
      #expect(try must(["cat", "/proc/\(pid)/cmdline"]).contains("--rcfile=/dev/null"))
      let open = try must(["ls", "-l", "/proc/\(pid)/fd"])
      #expect(!open.contains(".lock") && !open.contains("journal"), "\(open)")
      expect(try host.vnet("plan", file), exits: 0)
    }
  }
}
