import Glibc
import Testing
import Witness

/// A hardware NIC whose PCI device the guest has.
@Suite("dedicated via vfio", .serialized, .enabled(if: Gate.assignable, Gate.assignableComment))
struct DedicatedVFIOTests {
  private static func text(_ hardware: String = "eth0", _ keys: String = "") -> String {
    """
    name: v
    allow: [default-route, prune-many]
    vms:
      gw:
        owner: nobody
        nics:
          wan: {mode: dedicated, via: vfio, hardware: \(hardware)\(keys)}

    """
  }

  private func applied(
    _ hardware: (LabHost) throws -> String = { _ in "eth0" },
    _ body: (LabHost, Host, _ file: String) throws -> Void
  ) throws {
    try LabHost.with { lab in
      let file = try lab.host.files.write("v.conf", Self.text(try hardware(lab)))
      expect(try lab.host.vnet("apply", file), exits: 0)
      #expect(lab.driver == "vfio-pci")
      try body(lab, lab.host, file)
      expect(try lab.host.vnet("remove", file), exits: 0)
      #expect(lab.driver == "e1000e")
    }
  }

  @Test("the guest's user can open the group, the host has no interface, and gets all of it back")
  func given() throws {
    try LabHost.with { lab in
      let host = lab.host
      let file = try host.files.write("v.conf", Self.text())
      let before = try host.space.dump()
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 2)
      for words in [
        "vfio none → \(lab.device)", "interrupts: the host gives up 'eth0': its traffic there ends",
        "- address 198.51.100.10/24 dev eth0",
      ] { #expect(plan.stdout.contains(words), "\(words)\n\(plan)") }
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vnet("plan", file).stdout == "No changes.\n")
      #expect(try !host.linkNames.contains("eth0"))
      #expect(lab.driver == "vfio-pci")
      let node = "/dev/vfio/\(try lab.group)"
      #expect(try must(["stat", "-c", "%a %U", node]).trimmed == "600 nobody")
      #expect(try lab.groupFlags() == "1")
      let attach = try host.vnet("attach", "gw", "-c", file)
      #expect(attach.stdout.contains("-device vfio-pci,host=\(lab.device)"), "\(attach)")
      #expect(try host.vnet("attach", "gw").stdout == attach.stdout)
      for (vmm, words) in [
        ("cloud-hypervisor", "--device path=/sys/bus/pci/devices/\(lab.device)/\n"),
        ("crosvm", "--vfio /sys/bus/pci/devices/\(lab.device)\n"),
        ("libvirt", "<hostdev mode='subsystem' type='pci' managed='no'>"),
      ] {
        let told = try host.vnet("attach", "gw", "--vmm", vmm, "-c", file)
        #expect(told.stdout.contains(words), "\(told)")
      }
      let none = try host.vnet("attach", "gw", "--vmm", "firecracker", "-c", file)
      #expect(none.code != 0 && none.stderr.contains("no device pass-through"), "\(none)")
      let status = try host.vnet("status", file)
      #expect(status.stdout.contains("gw/wan") && status.stdout.contains("dedicated"), "\(status)")
      expect(try host.vnet("remove", file), exits: 0)
      #expect(lab.driver == "e1000e")
      try lab.linked()
      expectEqual(before, try host.space.dump())
      #expect(try lost(from: host.space, to: "198.51.100.1") == 0)
    }
  }

  @Test("examples/passthrough.conf, applied and removed")
  func example() throws {
    try LabHost.with { lab in
      let host = lab.host
      let file = "\(Tools.repository)/examples/passthrough.conf"
      let before = try host.space.dump()
      expect(try host.vnet("apply", "--allow", "default-route", file), exits: 0)
      #expect(lab.driver == "vfio-pci")
      #expect(try host.vnet("plan", file).stdout == "No changes.\n")
      expect(try host.vnet("remove", file), exits: 0)
      try lab.linked()
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("found by its MAC and by its place on PCI", arguments: ["mac", "pci"])
  func references(_ kind: String) throws {
    try applied { lab in
      let value = kind == "mac" ? try lab.host.link("eth0")["address"].text ?? "" : lab.device
      return "{\(kind): \"\(value)\"}"
    } _: { _, host, file in
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("another owner is told in place; while a process has the group open it is not taken away")
  func held() throws {
    try applied { lab, host, file in
      try host.files.write("v.conf", Self.text().replacing("owner: nobody", with: "owner: games"))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try must(["stat", "-c", "%U", "/dev/vfio/\(lab.group)"]).trimmed == "games")
      let holder = try Child(["sh", "-c", "exec 3<>/dev/vfio/\(try lab.group); echo held; exec sleep 100"])
      #expect(holder.line() == "held")
      let refused = try host.vnet("remove", file)
      #expect(refused.code != 0 && refused.stderr.contains("end the VM first"), "\(refused)")
      #expect(lab.driver == "vfio-pci")
      holder.signal(SIGKILL)
      _ = holder.finish(timeout: 5)
    }
  }

  @Test("bound to the kernel's driver by hand, or to none, it is drift; the next apply gives it again")
  func drift() throws {
    try applied { lab, host, file in
      let folder = "/sys/bus/pci/devices/\(lab.device)"
      let unbind = "echo \(lab.device) >\(folder)/driver/unbind"
      let back = "; echo >\(folder)/driver_override; echo \(lab.device) >/sys/bus/pci/drivers_probe"
      for (commands, driver) in [(unbind + back, "e1000e"), (unbind, "none")] {
        try must(["sh", "-ec", commands])
        #expect(lab.driver == driver)
        expect(try host.vnet("plan", file), exits: 2)
        expect(try host.vnet("apply", file), exits: 0)
        expect(try host.vnet("plan", file), exits: 0)
        #expect(lab.driver == "vfio-pci")
      }
    }
  }

  @Test("what it cannot be is said", arguments: ["mac", "netns"])
  func obstacles(_ what: String) throws {
    try LabHost.with { lab in
      let host = lab.host
      if what == "mac" {
        let file = try host.files.write("v.conf", Self.text("eth0", ", mac: \"02:00:00:00:00:09\""))
        let refused = try host.vnet("plan", file)
        expect(refused, exits: 65)
        #expect(refused.stderr.contains("reads the MAC of 'eth0' itself"), "\(refused)")
      } else {
        try Host.with { other in
          let file = try other.files.write("v.conf", Self.text("eth1"))
          let refused = try other.vnet("plan", file)
          expect(refused, exits: 69)
          #expect(refused.stderr.contains("first network namespace"), "\(refused)")
        }
      }
    }
  }

  private static let effects = "sendto,sendmsg,write,openat"

  /// From giving up the first address on, which is the later half of its calls.
  private func points(_ host: Host, _ command: String, _ file: String) throws -> [TracedCall] {
    let calls = try host.calls(Self.effects, [command, file], follows: false)
    return Campaign.some(of: Array(calls.suffix(calls.count / 2)), usually: 3)
  }

  /// Each command disturbed each way in `make prove`, in passing one.
  private static let disturbances =
    Campaign.bound == nil
    ? [("ENOMEM", "remove"), ("KILL", "apply")]
    : ["ENOMEM", "KILL"].flatMap { effect in ["apply", "remove"].map { (effect, $0) } }

  @Test(
    "failing or killed at any of its calls: the host has it, or the guest, never nobody",
    arguments: Self.disturbances)
  func faults(_ effect: String, _ command: String) throws {
    try LabHost.with { lab in
      let host = lab.host
      let file = try host.files.write("v.conf", Self.text())
      func start() throws {
        expect(try host.vnet(command == "apply" ? "remove" : "apply", file), exits: 0)
        if command == "apply" { try lab.linked() }
      }
      let before = try host.space.dump()
      try start()
      for call in try points(host, command, file) {
        try start()
        var injection = Injection(at: call, effect == "KILL" ? .signal("KILL") : .error(effect))
        injection.follows = false
        let outcome = try host.vnet([command, file], injection).outcome
        #expect(effect == "KILL" || [0, 1].contains(outcome.code), "\(injection): \(outcome)")
        if effect == "KILL" { expect(try host.vnet("recover"), exits: 0) }
        if try host.linkNames.contains("eth0") {
          #expect(lab.driver == "e1000e", "\(injection): \(outcome)")
          try lab.linked()
          expectEqual(before, try host.space.dump(), "\(injection): \(outcome)")
        } else {
          #expect(lab.driver == "vfio-pci", "\(injection): \(outcome)")
          expect(try host.vnet("plan", file), exits: 0)
        }
      }
      expect(try host.vnet("remove", file), exits: 0)
      #expect(lab.driver == "e1000e")
    }
  }
}
