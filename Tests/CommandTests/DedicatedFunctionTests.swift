import Glibc
import Testing
import Witness

/// A virtual function that the guest has, of a NIC that stays the host's.
@Suite("dedicated via sriov", .serialized, .enabled(if: Gate.divisible, Gate.divisibleComment))
struct DedicatedFunctionTests {
  private static func text(_ keys: String = "", vm: String = "owner: nobody") -> String {
    """
    name: v
    allow: [default-route, prune-many]
    vms:
      gw:
        \(vm)
        nics:
          wan: {mode: dedicated, via: sriov, hardware: eth3, mac: "02:00:00:00:00:31"\(keys)}

    """
  }

  /// As `ip` sees function `number` of the hardware; nil where there is none.
  private func function(_ lab: LabHost, _ number: Int = 0) throws -> JSON? {
    let link = try lab.host.link(lab.name)
    return link["vfinfo_list"].elements.first { $0["vf"].int == number }
  }

  private func driver(_ lab: LabHost, _ number: Int = 0) throws -> String {
    try must([
      "sh", "-c",
      "basename $(readlink /sys/bus/pci/devices/\(lab.device)/virtfn\(number)/driver || echo none)",
    ]).trimmed
  }

  /// Whether the kernel offers functions to drivers when they come to be.
  private func offers(_ lab: LabHost) throws -> Bool {
    try must(["cat", "/sys/bus/pci/devices/\(lab.device)/sriov_drivers_autoprobe"]).trimmed == "1"
  }

  private func with(_ body: (LabHost) throws -> Void) throws {
    try LabHost.with("eth3", beside: "eth2", body)
  }

  @Test("by VFIO: told its MAC, VLAN, priority, trust and rate, of no interface, and gone without a trace")
  func vfio() throws {
    try with { lab in
      let host = lab.host
      let before = try host.space.dump()
      let file = try host.files.write(
        "v.conf", Self.text(", vlan: 12, qos: 5, trust: true, limit: {out: 100mbit}, vf: 1"))
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 2)
      for words in [
        "vfs 0 → 2",
        "+ vf 1 of eth3  mac 02:00:00:00:00:31, vlan 12, qos 5, spoofchk on, trust on, max_tx_rate 100",
      ] {
        #expect(plan.stdout.contains(words), "\(words)\n\(plan)")
      }
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vnet("plan", file).stdout == "No changes.\n")
      let told = try #require(try function(lab, 1))
      #expect(told["address"].text == "02:00:00:00:00:31")
      #expect(told["vlan_list"][0]["vlan"].int == 12 && told["vlan_list"][0]["qos"].int == 5, "\(told)")
      #expect(told["spoofchk"].isTrue && told["trust"].isTrue, "\(told)")
      #expect(told["rate"]["max_tx"].int == 100, "\(told)")
      #expect(try driver(lab, 1) == "vfio-pci" && driver(lab, 0) == "none")
      #expect(try host.linkNames == ["eth0", "eth1", "eth3", "lo"])
      let attach = try host.vnet("attach", "gw", "-c", file)
      #expect(attach.stdout.contains("-device vfio-pci,host=0000:"), "\(attach)")
      let status = try host.vnet("status", file)
      #expect(status.stdout.contains("gw/wan"), "\(status)")
      expect(try host.vnet("remove", file), exits: 0)
      try lab.linked()
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("in a namespace: it talks to the LAN by its MAC in its VLAN alone")
  func netns() throws {
    try with { lab in
      let host = lab.host
      let before = try host.space.dump()
      let inside = Namespace(existing: "vfs")
      let file = try host.files.write("v.conf", Self.text(", vlan: 12, hand-over: netns", vm: "netns: vfs"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vnet("plan", file).stdout == "No changes.\n")
      let link = try inside.json("ip -j link show dev eth3v0")[0]
      #expect(link["address"].text == "02:00:00:00:00:31")
      try lab.host.lan.ip(
        "link add link eth2 name eth2.12 type vlan id 12\nlink set eth2.12 up\naddr add 192.0.2.1/24 dev eth2.12"
      )
      try inside.ip("link set eth3v0 up\naddr add 192.0.2.2/24 dev eth3v0")
      #expect(
        Clock.wait(20) { (try? inside.json("ip -j link show dev eth3v0")[0]["operstate"].text) == "UP" })
      #expect(try lost(from: inside, to: "192.0.2.1") == 0)
      #expect(try lost(from: host.space, to: "198.51.100.1") == 0)
      expect(try host.vnet("remove", file), exits: 0)
      try lab.host.lan.ip("link del eth2.12")
      try lab.linked()
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("examples/sriov.conf, applied and removed")
  func example() throws {
    try with { lab in
      let host = lab.host
      let text = try must([
        "sed", "s/hardware: eth0/hardware: eth3/", "\(Tools.repository)/examples/sriov.conf",
      ])
      let file = try host.files.write("sriov.conf", text)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vnet("plan", file).stdout == "No changes.\n")
      #expect(try function(lab, 3) != nil)
      expect(try host.vnet("remove", file), exits: 0)
      try lab.linked()
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("by a macvtap that takes all of it")
  func macvtap() throws {
    try with { lab in
      let host = lab.host
      let before = try host.space.dump()
      let file = try host.files.write("v.conf", Self.text(", hand-over: macvtap"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vnet("plan", file).stdout == "No changes.\n")
      #expect(try host.link("gw-wan")["address"].text == "02:00:00:00:00:31")
      #expect(try host.link("eth3v0")["address"].text == "02:00:00:00:00:31")
      let attach = try host.vnet("attach", "gw", "-c", file)
      #expect(attach.stderr.contains("/dev/tap"), "\(attach)")
      expect(try host.vnet("remove", file), exits: 0)
      try lab.linked()
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("`auto` takes what is free and keeps it; the number of functions stays while one is in use")
  func numbers() throws {
    try with { lab in
      let host = lab.host
      let before = try host.space.dump()
      func config(_ vms: [String]) -> String {
        "name: v\nallow: [default-route, prune-many]\nvms:\n"
          + vms.map { "  \($0): {nics: {wan: {mode: dedicated, via: sriov, hardware: eth3}}}\n" }.joined()
      }
      let file = try host.files.write("v.conf", config(["a", "b"]))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try driver(lab, 0) == "vfio-pci" && driver(lab, 1) == "vfio-pci")
      let second = try function(lab, 1)?["address"].text
      try host.files.write("v.conf", config(["b"]))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try driver(lab, 0) == "none" && driver(lab, 1) == "vfio-pci")
      #expect(try function(lab, 1)?["address"].text == second)
      expect(try host.vnet("plan", file), exits: 0)
      try host.files.write("v.conf", config(["b", "c"]))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try driver(lab, 0) == "vfio-pci" && driver(lab, 1) == "vfio-pci")
      try host.files.write("v.conf", config(["b", "c", "d"]))
      let refused = try host.vnet("apply", file)
      expect(refused, exits: 69)
      #expect(refused.stderr.contains("'eth3' has 2 virtual functions, and all are in use"), "\(refused)")
      expect(try host.vnet("remove", file), exits: 0)
      try lab.linked()
      expectEqual(before, try host.space.dump())
    }
  }

  @Test(
    "a function that the host had an interface of comes back with it, its driver, MAC, VLAN and addresses")
  func existing() throws {
    try with { lab in
      let host = lab.host
      try must(["sh", "-ec", "echo 2 >/sys/bus/pci/devices/\(lab.device)/sriov_numvfs"])
      defer { _ = try? must(["sh", "-ec", "echo 0 >/sys/bus/pci/devices/\(lab.device)/sriov_numvfs"]) }
      let folder = "/sys/bus/pci/devices/\(lab.device)/virtfn1/net"
      #expect(Clock.wait(20) { (try? must(["ls", folder]))?.isEmpty == false })
      let name = try must(["ls", folder]).trimmed
      try host.space.ip(
        """
        link set eth3 vf 1 vlan 7 qos 2
        link set \(name) name vf1
        link set vf1 up
        addr add 203.0.113.200/32 dev vf1
        """)
      func settle() throws {
        try lab.linked()
        #expect(Clock.wait(20) { (try? host.link("vf1")["operstate"].text) == "UP" }, "no carrier")
        try host.space.settle("vf1")
      }
      try settle()
      let before = try host.space.dump()
      let file = try host.files.write("v.conf", Self.text(", vf: 1, vlan: 12, qos: 1, trust: true"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vnet("plan", file).stdout == "No changes.\n")
      let told = try #require(try function(lab, 1))
      #expect(
        told["address"].text == "02:00:00:00:00:31" && told["vlan_list"][0]["vlan"].int == 12, "\(told)")
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try driver(lab, 1) == "igbvf")
      try settle()
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("what the driver refuses is said by name, and the host is as it was")
  func refused() throws {
    try with { lab in
      let host = lab.host
      let before = try host.space.dump()
      let file = try host.files.write("v.conf", Self.text(", link-state: enable"))
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 1)
      #expect(outcome.stderr.contains("set state of vf 0 of eth3"), "\(outcome)")
      try lab.linked()
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("killed while functions are made: `recover` offers them to drivers again")
  func killedDividing() throws {
    try with { lab in
      let host = lab.host
      let file = try host.files.write("v.conf", Self.text())
      let before = try host.space.dump()
      let calls = try host.calls("write,openat", ["apply", file], follows: false)
      expect(try host.vnet("remove", file), exits: 0)
      // Turned off, they are made, and it is turned on again: each a write to a file that is opened for it.
      let writes = zip(calls, calls.dropFirst()).filter { opened, next in
        !opened.isReading && opened.line.contains("/sriov_") && next.name == "write"
      }.map(\.1)
      try #require(writes.count == 3, "\(calls.map(\.line).joined(separator: "\n"))")
      for (write, isOff) in zip(writes, [false, true, true]) {
        var injection = Injection(at: write, .signal("KILL"))
        injection.follows = false
        _ = try host.vnet(["apply", file], injection)
        try #expect(offers(lab) == !isOff, "\(injection)")
        expect(try host.vnet("recover"), exits: 0)
        try #expect(offers(lab), "\(injection)")
      }
      expect(try host.vnet("remove", file), exits: 0)
      try lab.linked()
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("hardware that can have functions goes to a namespace, and comes back, as any other")
  func whole() throws {
    try with { lab in
      let host = lab.host
      let text = Self.text(vm: "netns: vfs").replacing("via: sriov", with: "via: netns")
        .replacing(", mac: \"02:00:00:00:00:31\"", with: "")
      let file = try host.files.write("v.conf", text)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vnet("plan", file).stdout == "No changes.\n")
      expect(try host.vnet("remove", file), exits: 0)
      try lab.linked()
      expectEqual(before, try host.space.dump())
    }
  }

  /// Each way to fail with each hand-over in `make prove`, in passing with one.
  private static let effects =
    Campaign.bound == nil
    ? [("ENOMEM", "macvtap"), ("KILL", "vfio")]
    : ["ENOMEM", "KILL"].flatMap { effect in ["vfio", "macvtap", "netns"].map { (effect, $0) } }

  @Test(
    "failing or killed at any of its calls: none of it is there, or all",
    arguments: Self.effects)
  func faults(_ effect: String, _ handOver: String) throws {
    try with { lab in
      let host = lab.host
      let file = try host.files.write(
        "v.conf",
        Self.text(
          ", vlan: 12, hand-over: \(handOver)", vm: handOver == "netns" ? "netns: vfs" : "owner: nobody"))
      let before = try host.space.dump()
      for command in ["apply", "remove"] {
        func start() throws {
          expect(try host.vnet(command == "apply" ? "remove" : "apply", file), exits: 0)
          try lab.linked()
        }
        try start()
        let calls = try host.calls("sendto,sendmsg,write,openat", [command, file], follows: false)
        for call in Campaign.some(of: Array(calls.suffix(calls.count * 2 / 3)), usually: 2) {
          try start()
          var injection = Injection(at: call, effect == "KILL" ? .signal("KILL") : .error(effect))
          injection.follows = false
          let outcome = try host.vnet([command, file], injection).outcome
          // Where it cannot be told who has the device open, somebody may: that is refused.
          #expect(effect == "KILL" || [0, 1, 73].contains(outcome.code), "\(injection): \(outcome)")
          if effect == "KILL" { expect(try host.vnet("recover"), exits: 0) }
          try lab.linked()
          #expect(try offers(lab), "\(injection): \(outcome)")
          if try function(lab) == nil {
            expectEqual(before, try host.space.dump(), "\(injection): \(outcome)")
          } else {
            #expect(
              try driver(lab) == (handOver == "vfio" ? "vfio-pci" : "igbvf"), "\(injection): \(outcome)")
            expect(try host.vnet("plan", file), exits: 0)
          }
        }
      }
      expect(try host.vnet("remove", file), exits: 0)
      try lab.linked()
      expectEqual(before, try host.space.dump())
    }
  }
}
