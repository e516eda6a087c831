import Testing

@Suite("`via: user`: the VM software speaks for its guest", .enabled(if: Gate.ready))
struct UserModeTests {
  private func planned(_ nic: String, vm: String = "", _ body: (Host, Outcome) throws -> Void) throws {
    try Host.with { host in
      try host.space.sysctl(
        "net.ipv4.ip_unprivileged_port_start=1024", "net.ipv4.ping_group_range=0 2147483647")
      let file = try host.files.write(
        "u.conf", "vms: {web: {\(vm)nics: {eth0: {mode: shared\(nic)}}}}\n")
      try body(host, try host.vnet("plan", file))
    }
  }

  @Test("it asks nothing of the host, and needs no privilege")
  func unprivileged() throws {
    try planned(", forward: [\"8080 -> 80\"]") { host, plan in
      expect(plan, exits: 0)
      #expect(plan.stdout == "No changes.\n")
      // Where everybody may read and run it.
      let place = try must(["mktemp", "-d"]).trimmed
      defer { _ = try? must(["rm", "-r", place]) }
      try must(["cp", Tools.vnetApply, host.files.path + "/u.conf", place])
      try must(["chmod", "-R", "a+rX", place])
      let apply = try host.space.run([
        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", place + "/vnet-apply", "apply",
        place + "/u.conf",
      ])
      expect(apply, exits: 0)
      #expect(apply.stdout == "No changes.\n")
    }
  }

  @Test("a port for the privileged alone is named, unless root owns the VM")
  func privilegedPort() throws {
    for (owner, isNamed) in [("", true), ("owner: nobody, ", true), ("owner: root, ", false)] {
      try planned(", forward: [\"80 -> 80\"]", vm: owner) { _, plan in
        expect(plan, exits: 0)
        #expect(plan.stdout.contains("! privileged-port web/eth0 tcp 80") == isNamed, "\(owner): \(plan)")
      }
    }
  }

  @Test("a port that a process has is named with the process")
  func taken() throws {
    try Host.with { host in
      let server = try Answering("host", in: host.space, files: host.files)
      defer { server.leave() }
      let file = try host.files.write(
        "u.conf", "vms: {web: {owner: root, nics: {eth0: {mode: shared, forward: [\"80 -> 80\"]}}}}\n")
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 0)
      #expect(plan.stdout.contains("! port-in-use web/eth0 tcp 80: busybox"), "\(plan)")
    }
  }

  @Test(
    "what nothing could hold is refused",
    arguments: [
      ", block: 10.0.0.0/8", ", to-host: none", ", reach: all", ", forward: [\"[::1]:8080 -> 80\"]",
      ", forward: [{port: 8080, to: 80, from: 192.0.2.0/24}]",
    ])
  func refused(keys: String) throws {
    try planned(keys) { _, plan in expect(plan, exits: 65) }
  }

  @Test("`attach` speaks the words of QEMU and libvirt, and says whose software has no such network")
  func attach() throws {
    try Host.with { host in
      let file = try host.files.write(
        "u.conf",
        """
        vms:
          web:
            nics: {eth0: {mode: shared, mac: "02:00:00:00:00:01", forward: ["tcp+udp 127.0.0.1:5000-5001 -> 6000-6001"]}}
        """)
      let device = " -device virtio-net-pci,netdev=vnet-eth0,mac=02:00:00:00:00:01\n"
      let ports = ["tcp", "udp"].flatMap { transport in
        (0...1).map { ",hostfwd=\(transport):127.0.0.1:500\($0)-:600\($0)" }
      }
      #expect(
        try host.vnet("attach", "web", "-c", file).stdout == "-netdev user,id=vnet-eth0" + ports.joined()
          + device)
      let xml = try host.vnet("attach", "web", "-c", file, "--vmm", "libvirt").stdout
      #expect(xml.contains("<interface type='user'>") && xml.contains("<backend type='passt'/>"), "\(xml)")
      #expect(xml.contains("<range start='5000' end='5001' to='6000'/>"), "\(xml)")
      for vmm in ["firecracker", "cloud-hypervisor", "crosvm"] {
        let outcome = try host.vnet("attach", "web", "-c", file, "--vmm", vmm)
        expect(outcome, exits: 65)
        #expect(outcome.stderr.contains("\(vmm) has no network of its own"), "\(outcome)")
      }
    }
  }
}
