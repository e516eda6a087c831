import Glibc
import Testing
import Witness

@Suite(
  "`via: passt`: what stands in its way is said before anything changes",
  .enabled(if: Gate.passt, Comment(rawValue: Gate.passtComment)))
struct PasstRiskTests {
  /// What the installed one knows, by its own word.
  private static let isOld = !((try? run(["passt", "--help"])).map { $0.stdout + $0.stderr } ?? "")
    .contains("--map-host-loopback")
  private static let isOldComment: Comment = "needs a passt without --map-host-loopback"

  private func planned(_ text: String, _ body: (Host, String, Outcome) throws -> Void) throws {
    try Host.with { host in
      try host.space.sysctl(
        "net.ipv4.ip_unprivileged_port_start=1024", "net.ipv4.ping_group_range=0 2147483647")
      let file = try host.files.write("p.conf", text)
      try body(host, file, try host.vnet("plan", file))
      #expect(host.passts == [])
    }
  }

  @Test(
    "what nothing could hold is refused",
    arguments: [
      "block: 10.0.0.0/8,", "to-host: none,", "reach: all,",
      "forward: [{port: 8080, to: 80, from: 192.0.2.0/24}],",
    ])
  func refused(keys: String) throws {
    try planned(Passt.text(keys)) { _, _, plan in expect(plan, exits: 65) }
  }

  @Test("a port that a process has is refused with the process, one that passt has itself is not")
  func taken() throws {
    try Host.with { host in
      let server = try Answering("host", in: host.space, files: host.files)
      let file = try host.files.write("p.conf", Passt.text("forward: [\"127.0.0.1:79-81 -> 1079-1081\"],"))
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 65)
      #expect(plan.stderr.contains("tcp port 80 of the host is in use: busybox (pid "), "\(plan)")
      server.leave()
      expect(try host.vnet("apply", file), exits: 0)
      try host.files.write("p.conf", Passt.text("forward: [\"127.0.0.1:79-82 -> 1079-1082\"],"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.listening == (79...82).map { "tcp 127.0.0.1:\($0)" })
    }
  }

  @Test("a port at two addresses is more than passt can have")
  func overlapping() throws {
    let keys = "forward: [\"127.0.0.1:8080 -> 80\", \"[::1]:8079-8080 -> 79-80\", \"udp 8080 -> 80\"],"
    try planned(Passt.text(keys)) { _, _, plan in
      expect(plan, exits: 69)
      #expect(plan.stderr.contains("and 8080 is forwarded twice"), "\(plan)")
    }
  }

  @Test("ports below the limit are root's to open", arguments: [0, 1234])
  func privilegedPort(user: UInt32) throws {
    try planned(Passt.text("forward: [\"127.0.0.1:80 -> 80\"],", vm: "")) { host, file, _ in
      let folder = host.files.path + "/state"
      try must(["install", "-d", "-o", "\(user)", folder])
      let plan = try host.vnet(as: user, ["plan", "--state-dir", folder, file])
      expect(plan, exits: user == 0 ? 2 : 69)
      #expect(plan.stderr.contains("CAP_NET_BIND_SERVICE") == (user != 0), "\(plan)")
    }
  }

  @Test("pings are named where the host lets passt make no ping sockets, by the group that it has")
  func ping() throws {
    try planned(Passt.text(vm: "owner: {user: games, group: 1234},")) { host, file, plan in
      #expect(!plan.stdout.contains("no-ping"), "\(plan)")
      for (range, isNamed) in [("1 0", true), ("1234 1234", false), ("1235 1300", true)] {
        try host.space.sysctl("net.ipv4.ping_group_range=\(range)")
        let plan = try host.vnet("plan", file)
        #expect(plan.stdout.contains("! no-ping web/eth0") == isNamed, "\(range): \(plan)")
      }
    }
  }

  @Test(
    "a passt that hands packets to 127.0.0.1 on is a risk, to be accepted by name",
    .enabled(if: isOld, isOldComment))
  func openLoopback() throws {
    let text = Passt.text().replacing("allow: [open-loopback]\n", with: "")
    try planned(text) { host, file, plan in
      expect(plan, exits: 2)
      #expect(plan.stdout.contains("! open-loopback service/passt/p/web/eth0"), "\(plan)")
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 73)
      #expect(outcome.stderr.contains("--allow open-loopback"), "\(outcome)")
    }
  }

  @Test(
    "an older one has the host's loopback at an IPv4 address, and then no IPv6, which is said",
    .enabled(if: isOld, isOldComment))
  func loopbackAddress() throws {
    try planned(Passt.text("host-loopback: 192.0.2.77,")) { _, _, plan in
      expect(plan, exits: 2)
      #expect(plan.stdout.contains("! no-ipv6 web/eth0") && !plan.stdout.contains("open-loopback"), "\(plan)")
    }
    for address in ["fd00::1", "10.99.0.1"] {
      try planned(Passt.text("host-loopback: \"\(address)\",")) { _, _, plan in
        expect(plan, exits: 69)
        #expect(plan.stderr.contains("--map-host-loopback"), "\(plan)")
      }
    }
  }

  @Test("a host without a default route has nothing to give the guest", .enabled(if: isOld, isOldComment))
  func noRoute() throws {
    try planned(Passt.text("forward: [\"[::1]:8080 -> 80\"],")) { host, file, plan in
      expect(plan, exits: 2)
      expect(try host.space.run(["ip", "-6", "route", "del", "default"]), exits: 0)
      let without = try host.vnet("plan", file)
      expect(without, exits: 69)
      #expect(without.stderr.contains("listens on ::1 only where the host has a default route"), "\(without)")
      try host.space.ip("route del default")
      #expect(try host.vnet("plan", file).stderr.contains("the host has none"))
    }
  }

  @Test("a host without the program is told so, and the offline check passes")
  func missing() throws {
    try planned(Passt.text()) { host, file, _ in
      let hidden = "mount --bind /dev/null $(readlink -f $(command -v passt)) && exec \(Tools.vnetApply)"
      expect(try host.space.run(["unshare", "-m", "sh", "-c", "\(hidden) check \(file)"]), exits: 0)
      let outcome = try host.space.run(["unshare", "-m", "sh", "-c", "\(hidden) apply \(file)"])
      expect(outcome, exits: 69)
      #expect(outcome.stderr.contains("apt install passt"), "\(outcome)")
    }
  }

  @Test("a socket whose path is too long, and one that two NICs have, are refused")
  func sockets() throws {
    let text = """
      name: p
      allow: [open-loopback]
      defaults: {mode: shared, via: passt, socket: /tmp/one}
      vms: {web: {nics: {eth0: {}}}, db: {nics: {eth0: {}}}}

      """
    try planned(text) { host, file, plan in
      expect(plan, exits: 65)
      #expect(plan.stderr.contains("/tmp/one is the socket of"), "\(plan)")
      try host.files.write("p.conf", Passt.text())
      let folder = host.files.path + "/" + String(repeating: "d", count: 80)
      let long = try host.vnet("plan", "--state-dir", folder, file)
      expect(long, exits: 65)
      #expect(long.stderr.contains("107 are the most"), "\(long)")
    }
  }

  @Test("one that a VM is connected to is not ended or started anew unasked")
  func inUse() throws {
    try planned(Passt.text()) { host, file, _ in
      expect(try host.vnet("apply", file), exits: 0)
      let client = try host.space.start([
        "python3", "-c",
        "import socket,time;s=socket.socket(socket.AF_UNIX);s.connect('\(host.passtFolder)/guest/socket');print('up',flush=True);time.sleep(60)",
      ])
      #expect(client.line() == "up")
      #expect(try host.vnet("status", file).stdout.contains("web/eth0  shared  -       up "))
      let first = host.passts
      expect(try host.vnet("plan", file), exits: 0)
      let removal = try host.vnet("remove", file)
      expect(removal, exits: 73)
      #expect(removal.stdout.contains("interrupts: its VM loses the network"), "\(removal)")
      #expect(removal.stderr.contains("refused: in-use service/passt/p/web/eth0"), "\(removal)")
      try host.files.write("p.conf", Passt.text("forward: [\"8082 -> 80\"],"))
      expect(try host.vnet("apply", file), exits: 73)
      #expect(host.passts == first)
      expect(try host.vnet("apply", "--allow", "in-use", file), exits: 0)
      client.signal(SIGKILL)
      _ = client.finish(timeout: 5)
      expect(try host.vnet("remove", file), exits: 0)
    }
  }
}
