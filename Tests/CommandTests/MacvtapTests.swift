import Glibc
import Testing
import Witness

extension Gate {
  /// Macvtaps, whose nodes a devtmpfs has.
  static let macvtap: Bool = {
    guard ready, nft, let space = try? Namespace() else { return false }
    defer { space.delete() }
    // Nodes go by index, of all namespaces together: one that no test beside this one has.
    let index = Int.random(in: 100_000...1_000_000)
    return
      (try? space.ip(
        """
        link add gate0 type veth peer name gate1
        link add link gate0 name gate index \(index) type macvtap mode bridge
        """)) != nil && (try? run(["test", "-e", "/dev/tap\(index)"]).code == 0) ?? false
  }()

  static let macvtapComment: Comment =
    "needs root, nft, the built vnet-apply, a kernel with macvtap and a devtmpfs"
}

@Suite("bridged via macvtap", .enabled(if: Gate.macvtap, Gate.macvtapComment))
struct MacvtapTests {
  static let text = """
    name: m
    vms:
      web:
        owner: nobody
        nics:
          eth0: {mode: bridged, via: macvtap, hardware: eth1, mac: "02:00:00:00:20:01"}
      db: {nics: {eth0: {mode: bridged, via: macvtap, hardware: eth1, mac: "02:00:00:00:20:02", macvtap: private, mtu: 1400}}}

    """

  private func applied(
    _ text: String = Self.text, _ body: (Host, String) throws -> Void
  ) throws {
    try Host.with { host in
      let file = try host.files.write("m.conf", text)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      try body(host, file)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  /// `USER MODE` of the device node of a macvtap, and its number.
  private func node(_ name: String, _ host: Host) throws -> String {
    try must(["stat", "-c", "%U %a %t:%T", Station.place(name, in: host.space)]).trimmed
  }

  /// The device number that sysfs gives the macvtap.
  private func device(_ name: String, _ host: Host) throws -> String {
    let index = try host.link(name)["ifindex"].int ?? 0
    let numbers = try must(host.space.command(["cat", "/sys/class/net/\(name)/tap\(index)/dev"])).trimmed
      .split(separator: ":").compactMap { Int($0) }
    return numbers.map { String($0, radix: 16) }.joined(separator: ":")
  }

  @Test("each stands on the NIC with the guest's MAC, its mode and MTU; its node is the owner's alone")
  func links() throws {
    try applied { host, _ in
      let web = try host.link("web-eth0"), db = try host.link("db-eth0")
      for link in [web, db] {
        #expect(link["linkinfo"]["info_kind"].text == "macvtap" && link["link"].text == "eth1")
        #expect(link["flags"].elements.contains(.string("UP")))
        #expect(link["inet6_addr_gen_mode"].text == "none")
      }
      #expect(web["address"].text == "02:00:00:00:20:01" && db["address"].text == "02:00:00:00:20:02")
      #expect(web["linkinfo"]["info_data"]["mode"].text == "bridge" && web["mtu"].int == 1500)
      #expect(db["linkinfo"]["info_data"]["mode"].text == "private" && db["mtu"].int == 1400)
      #expect(web["ifalias"].text == "vnet:m/vms.web.nics.eth0")
      #expect(web["altnames"].elements == [.string("m.web.eth0")])
      try #expect(node("web-eth0", host) == "nobody 600 \(device("web-eth0", host))")
      try #expect(node("db-eth0", host) == "root 600 \(device("db-eth0", host))")
    }
  }

  @Test("who runs as the owner can open it, anybody else cannot; no name is needed to attach")
  func opening() throws {
    try applied { host, _ in
      let path = try Station.place("web-eth0", in: host.space)
      func opens(_ user: String) throws -> Bool {
        let words = ["setpriv", "--reuid=\(user)", "--clear-groups", "sh", "-c", "exec 3<>\(path)"]
        return try host.space.run(words).code == 0
      }
      #expect(try opens("nobody"))
      #expect(try !opens("daemon"))
    }
  }

  @Test("`attach` numbers the descriptors in each software's words; Firecracker is told that it cannot")
  func attach() throws {
    try applied { host, file in
      let path = try Station.place("web-eth0", in: host.space)
      for (vmm, words) in [
        ("qemu", "-netdev tap,id=vnet-eth0,fd=3 "), ("cloud-hypervisor", "--net fd=3,mac=02:00:00:00:20:01"),
        ("crosvm", "--net tap-fd=3,mac=02:00:00:00:20:01"),
      ] {
        for options in [["-c", file], ["--name", "m"]] {
          let outcome = try host.vnet(["attach", "web", "--vmm", vmm] + options)
          expect(outcome, exits: 0)
          #expect(outcome.stdout.hasPrefix(words), "\(outcome)")
          #expect(outcome.stderr.trimmed.hasSuffix(": 3<>\(path)"), "\(outcome)")
        }
      }
      let libvirt = try host.vnet("attach", "web", "--vmm", "libvirt", "-c", file)
      #expect(
        libvirt.stdout.contains("<target dev='web-eth0' managed='no'/>") && libvirt.stderr.isEmpty,
        "\(libvirt)")
      let firecracker = try host.vnet("attach", "web", "--vmm", "firecracker", "-c", file)
      expect(firecracker, exits: 65)
      #expect(firecracker.stderr.contains("cannot have a macvtap"), "\(firecracker)")
    }
  }

  @Test("mode, MTU, MAC, owner and group change in place, also while a process holds it")
  func inPlace() throws {
    try applied { host, file in
      let index = try host.link("web-eth0")["ifindex"]
      let station = try Station("web-eth0", in: host.space)
      defer { station.leave() }
      let other = Self.text.replacing("owner: nobody", with: "owner: {user: daemon, group: daemon}")
        .replacing("mac: \"02:00:00:00:20:01\"", with: "mac: \"02:00:00:00:20:09\", macvtap: vepa, mtu: 1300")
      let edited = try host.files.write("edited.conf", other)
      let plan = try host.plan(edited)
      #expect(plan.change("link/web-eth0")["action"].text == "change")
      #expect(
        plan.change("link/web-eth0")["interrupts"].elements == [.string("its VM is reached by another MAC")])
      #expect(!plan.risks.contains("in-use"))
      expect(try host.vnet("apply", edited), exits: 0)
      expect(try host.vnet("plan", edited), exits: 0)
      let web = try host.link("web-eth0")
      #expect(web["ifindex"] == index && web["address"].text == "02:00:00:00:20:09" && web["mtu"].int == 1300)
      #expect(web["linkinfo"]["info_data"]["mode"].text == "vepa")
      #expect(try node("web-eth0", host).hasPrefix("daemon 660 "))
      expect(try host.vnet("apply", file), exits: 0)
    }
  }

  @Test("a node that somebody else gave away is drift, and is given back")
  func drift() throws {
    try applied { host, file in
      let path = try Station.place("web-eth0", in: host.space)
      try must(["chown", "daemon:daemon", path])
      try must(["chmod", "666", path])
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 2)
      #expect(plan.stdout.contains("~ macvtap web-eth0  owner none → nobody, group daemon → none"), "\(plan)")
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try node("web-eth0", host).hasPrefix("nobody 600 "))
    }
  }

  @Test("one that a process holds is not deleted or made anew unasked; `status` names the process")
  func held() throws {
    try applied { host, file in
      let station = try Station("web-eth0", in: host.space)
      let status = try host.vnet("status", file)
      #expect(status.stdout.contains("stand-in"), "\(status)")
      let without = try host.files.write(
        "without.conf",
        Self.text.replacing("hardware: eth1, mac: \"02:00:00:00:20:01\"", with: "hardware: eth3"))
      try host.space.ip("link add name eth3 type veth peer name eth3-lan")
      let moved = try host.vnet("apply", without)
      expect(moved, exits: 73)
      #expect(moved.output.contains("in-use") && moved.output.contains("stand-in"), "\(moved)")
      let removed = try host.vnet("apply", try host.files.write("gone.conf", "name: m\n"))
      expect(removed, exits: 73)
      station.leave()
      expect(try host.vnet("apply", without), exits: 0)
      expect(try host.vnet("plan", without), exits: 0)
      #expect(try host.link("web-eth0")["link"].text == "eth3")
      expect(try host.vnet("apply", file), exits: 0)
      try host.space.ip("link delete eth3")
    }
  }

  @Test("a NIC of another name keeps its interface and its node")
  func renamed() throws {
    try applied { host, file in
      let index = try host.link("web-eth0")["ifindex"]
      let renamed = try host.files.write(
        "renamed.conf", Self.text.replacing("  web:\n", with: "  shop:\n    was: web\n"))
      expect(try host.vnet("apply", renamed), exits: 0)
      expect(try host.vnet("plan", renamed), exits: 0)
      #expect(try host.link("shop-eth0")["ifindex"] == index)
      #expect(try node("shop-eth0", host).hasPrefix("nobody 600 "))
      let back = try host.files.write(
        "back.conf", Self.text.replacing("  web:\n", with: "  web:\n    was: shop\n"))
      expect(try host.vnet("apply", back), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("hardware that was down is up as long as macvtaps stand on it")
  func down() throws {
    try Host.with { host in
      try host.space.ip(
        "link add name eth3 type veth peer name eth3-lan\nlink set eth3-lan addrgenmode none\nlink set eth3-lan up"
      )
      let names = try host.linkNames
      let file = try host.files.write("m.conf", Self.text.replacing("eth1", with: "eth3"))
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      #expect(try host.link("eth3")["flags"].elements.contains(.string("UP")))
      expect(try host.vnet("remove", file), exits: 0)
      // Further than that a link which was up once is another than one that never was.
      #expect(try !host.link("eth3")["flags"].elements.contains(.string("UP")))
      #expect(try host.linkNames == names)
    }
  }

  @Test("where another namespace's macvtap has the node's name, ours gets an index of its own")
  func collision() throws {
    try Host.with { host in
      let file = try host.files.write("m.conf", Self.text)
      let other = try Namespace()
      defer { other.delete() }
      // The index that the next link of the host gets. Nodes go by index, of all namespaces together: it is one that no
      // other test comes to.
      let count = Int.random(in: 200...1000)
      try host.space.ip((1...count).map { "link add name probe\($0) type bridge" }.joined(separator: "\n"))
      let taken = (try host.link("probe\(count)")["ifindex"].int ?? 0) + 1
      try other.ip(
        """
        link add name p0 type veth peer name p1
        link add link p0 name foreign index \(taken) type macvtap mode bridge
        """)
      let owner = try must(["stat", "-c", "%U %a %t:%T", "/dev/tap\(taken)"])
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      for name in ["web-eth0", "db-eth0"] {
        #expect(try host.link(name)["ifindex"].int != taken)
        #expect(try node(name, host).hasSuffix(device(name, host)))
      }
      #expect(
        try must(["stat", "-c", "%U %a %t:%T", "/dev/tap\(taken)"]) == owner, "the other's is the other's")
      expect(try host.vnet("remove", file), exits: 0)
    }
  }

  @Test("by `--netns`, with the /sys of another namespace, it is the same")
  func entered() throws {
    try Host.with { host in
      let file = try host.files.write("m.conf", Self.text)
      let vnet = [Tools.vnetApply, "--netns", host.space.name]
      expect(try run([Tools.vnetApply, "apply", "--netns", host.space.name, file]), exits: 0)
      expect(try run([Tools.vnetApply, "plan", "--netns", host.space.name, file]), exits: 0)
      #expect(try node("web-eth0", host) == "nobody 600 \(device("web-eth0", host))", "\(vnet)")
      expect(try run([Tools.vnetApply, "remove", "--netns", host.space.name, file]), exits: 0)
    }
  }
}
