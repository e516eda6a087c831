import Glibc
import Testing
import Witness

@Suite(
  "`via: passt`: a process of the VM's owner", .enabled(if: Gate.passt, Comment(rawValue: Gate.passtComment)))
struct PasstTests {
  private func applied(_ text: String, _ body: (Host, String, Outcome) throws -> Void) throws {
    try Host.with { host in
      let file = try host.files.write("p.conf", text)
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      try body(host, file, outcome)
    }
  }

  @Test("it runs as the owner, without any other group, and listens where the file says")
  func runs() throws {
    let keys =
      "forward: [\"8080 -> 80\", \"[::1]:8081 -> 81\", \"udp 127.0.0.1:5000-5002 -> 6000-6002\"],"
    try applied(Passt.text(keys)) { host, _, _ in
      let pid = try #require(host.passts.first)
      #expect(host.passts.count == 1)
      let user = try must(["id", "-u", "games"]).trimmed
      let group = try must(["id", "-g", "games"]).trimmed
      #expect(try Set(host.status(pid, "Uid")) == [user])
      #expect(try Set(host.status(pid, "Gid")) == [group])
      #expect(try host.status(pid, "Groups") == [])
      #expect(
        try host.listening == [
          "tcp *:8080", "tcp [::1]:8081", "udp 127.0.0.1:5000", "udp 127.0.0.1:5001", "udp 127.0.0.1:5002",
        ])
    }
  }

  @Test(
    "of nobody where nothing says whose the VM is, and of nobody where it is root's",
    arguments: ["", "owner: root,"])
  func nobodys(_ owner: String) throws {
    try applied(Passt.text(vm: owner)) { host, _, _ in
      let pid = try #require(host.passts.first)
      #expect(try host.status(pid, "Uid").first == "65534")
    }
  }

  @Test("what its owner puts beside the socket, folders too, keeps it from neither changing nor going")
  func litter() throws {
    try applied(Passt.text()) { host, _, _ in
      func litter() throws {
        try must([
          "setpriv", "--reuid=games", "--clear-groups", "sh", "-c",
          "cd '\(host.passtFolder)/guest' && mkdir -p a/b && touch a/b/c && ln -s /etc etc && chmod 0 a/b",
        ])
      }
      try litter()
      let file = try host.files.write("p.conf", Passt.text("forward: [\"8090 -> 80\"],"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.listening == ["tcp *:8090"])
      try litter()
      expect(try host.vnet("remove", file), exits: 0)
      #expect(access(host.passtFolder, F_OK) != 0 && access("/etc/passwd", F_OK) == 0)
    }
  }

  @Test("nobody but its owner gets at the socket; written elsewhere it is made there, and goes with it")
  func socket() throws {
    try applied(Passt.text()) { host, _, _ in
      let mode = try must(["stat", "-c", "%A %U", host.passtFolder + "/guest"]).trimmed
      #expect(mode == "drwx------ games")
    }
    let place = try must(["mktemp", "-d"]).trimmed
    defer { _ = try? must(["rm", "-r", place]) }
    try must(["chown", "games", place])
    try applied(Passt.text("socket: \(place)/s,")) { host, file, _ in
      #expect(access(place + "/s", F_OK) == 0)
      #expect(try host.vnet("attach", "web").stdout.contains(",addr.path=\(place)/s "))
      expect(try host.vnet("remove", file), exits: 0)
      #expect(access(place + "/s", F_OK) != 0)
    }
  }

  @Test("one that died is a difference, and the next apply starts it")
  func dead() throws {
    try applied(Passt.text()) { host, file, _ in
      kill(try #require(host.passts.first), SIGKILL)
      #expect(Clock.wait(5) { host.passts.isEmpty })
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 2)
      #expect(plan.stdout.hasPrefix("~ service passt web/eth0  stopped → running\n"), "\(plan)")
      #expect(try host.vnet("status", "--exit-zero", file).stdout.contains("web/eth0  shared  -       down"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(host.passts.count == 1)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("a second apply keeps the process; another forward starts it anew; a removal leaves nothing")
  func life() throws {
    try Host.with { host in
      let before = try host.space.dump()
      let file = try host.files.write("p.conf", Passt.text())
      expect(try host.vnet("apply", file), exits: 0)
      let first = host.passts
      expect(try host.vnet("apply", file), exits: 0)
      #expect(host.passts == first)
      try host.files.write("p.conf", Passt.text("forward: [\"8082 -> 80\"],"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(host.passts.count == 1 && host.passts != first)
      #expect(try host.listening == ["tcp *:8082"])
      expect(try host.vnet("remove", file), exits: 0)
      #expect(host.passts == [])
      #expect(try run(["ls", "/run/vnet-apply/\(host.space.cookie ?? "")/services"]).code != 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("one VM of several comes and goes alone; two of them can exchange a port")
  func parts() throws {
    func text(_ web: Int, _ db: Int) -> String {
      """
      name: p
      allow: [open-loopback]
      defaults: {mode: shared, via: passt, owner: games}
      vms:
        web: {nics: {eth0: {forward: ["\(web) -> 80"]}}}
        db: {nics: {eth0: {forward: ["\(db) -> 80"]}}}

      """
    }
    try applied(text(8080, 8081)) { host, file, _ in
      let first = Set(host.passts)
      #expect(first.count == 2)
      try host.files.write("p.conf", text(8081, 8080))
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      #expect(host.passts.count == 2 && first.isDisjoint(with: host.passts))
      expect(try host.vnet("remove", file, "web"), exits: 0)
      #expect(try host.listening == ["tcp *:8080"])
      expect(try host.vnet("apply", "--only", "web/eth0", file), exits: 0)
      #expect(try host.listening == ["tcp *:8080", "tcp *:8081"])
    }
  }

  @Test("a process of somebody else is not taken for it, whatever its command line says")
  func lookalike() throws {
    try applied(Passt.text()) { host, file, _ in
      let other = try host.space.start([
        "setpriv", "--reuid", "1234", "--clear-groups", "sh", "-c", "echo up; sleep 60; :", "passt",
        "--pid=\(host.passtFolder)/guest/pid",
      ])
      #expect(other.line() == "up")
      for pid in host.passts { kill(pid, SIGKILL) }
      #expect(Clock.wait(5) { host.passts.isEmpty })
      expect(try host.vnet("apply", file), exits: 0)
      #expect(host.passts.count == 1)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(kill(other.pid, 0) == 0)
      other.signal(SIGKILL)
      _ = other.finish(timeout: 5)
    }
  }

  @Test("what the owner has put in place of its files is taken away, and not what it leads to")
  func planted() throws {
    try applied(Passt.text()) { host, file, _ in
      let kept = try host.files.write("kept", "of root\n")
      let folder = host.passtFolder + "/guest"
      for name in ["pid", "socket", "more"] { try must(["ln", "-sf", kept, "\(folder)/\(name)"]) }
      expect(try host.vnet("remove", file), exits: 0)
      #expect(host.passts == [])
      #expect(try host.files.read("kept") == "of root\n")
    }
  }

  @Test("`attach` speaks QEMU's words, with a configuration and without, and says why libvirt's has none")
  func attach() throws {
    try applied(Passt.text("mac: \"02:00:00:00:00:01\",")) { host, file, _ in
      let words =
        "-netdev stream,id=vnet-eth0,server=off,addr.type=unix,addr.path=\(host.passtFolder)/guest/socket"
        + " -device virtio-net-pci,netdev=vnet-eth0,mac=02:00:00:00:00:01\n"
      #expect(try host.vnet("attach", "-c", file, "web").stdout == words)
      #expect(try host.vnet("attach", "web/eth0").stdout == words)
      let libvirt = try host.vnet("attach", "web", "--vmm", "libvirt")
      expect(libvirt, exits: 65)
      #expect(libvirt.stderr.contains("starts its own: `via: user`"), "\(libvirt)")
      expect(try host.vnet("attach", "web", "--vmm", "firecracker"), exits: 65)
    }
  }

  @Test("it outlives its caller's session, and has none of its files or signals")
  func inherited() throws {
    try Host.with { host in
      let file = try host.files.write("p.conf", Passt.text())
      expect(
        try run([
          "setsid", "-w", "sh", "-c",
          "umask 077; trap '' HUP; exec \(Tools.vnetApply) --netns \(host.space.name) \(file)",
        ]), exits: 0)
      let pid = try #require(host.passts.first)
      let words = try must(["cat", "/proc/\(pid)/stat"]).words
      #expect(words[6] == "0", "terminal: \(words)")
      let open = try must(["ls", "-l", "/proc/\(pid)/fd"])
      #expect(!open.contains(".lock") && !open.contains("journal"), "\(open)")
      expect(try host.vnet("plan", file), exits: 0)
    }
  }
}
