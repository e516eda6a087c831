import Testing
import Witness

@Suite("attach and status", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct AttachTests {
  static let vmms = ["qemu", "firecracker", "cloud-hypervisor", "crosvm", "libvirt"]

  @Test("attach names device and guest MAC in the VMM's language", arguments: vmms)
  func attach(vmm: String) throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      let outcome = try host.vnet("attach", "desktop/eth0", "--vmm", vmm, "-c", file)
      expect(outcome, exits: 0)
      #expect(outcome.stdout.contains("desktop-eth0"), "\(outcome)")
      #expect(outcome.stdout.lowercased().contains("02:00:00:00:10:01"), "\(outcome)")
      if vmm == "firecracker" { _ = try JSON(parsing: outcome.stdout) }
      if vmm == "libvirt" { #expect(outcome.stdout.contains("<interface"), "\(outcome)") }
      let whole = try host.vnet(["attach", "desktop", "--vmm", vmm, "-c", file])
      expect(whole, exits: 0)
      #expect(whole.stdout.contains("desktop-eth0") && whole.stdout.contains("desktop-eth1"), "\(whole)")
    }
  }

  @Test("attach --name needs no file: the host knows the device, and a derived MAC follows from the names")
  func byName() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      let outcome = try host.vnet("attach", "build/eth0", "--name", "quick")
      expect(outcome, exits: 0)
      #expect(outcome.stdout.contains("build-eth0"), "\(outcome)")
      #expect(try outcome.stdout.contains(host.guestMAC("build/eth0", file) ?? "no MAC"), "\(outcome)")
    }
  }

  @Test("attach --all --out writes one file per VM")
  func all() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      let folder = host.files.path + "/vms"
      expect(try host.vnet("attach", "--all", "--out", folder, "-c", file), exits: 0)
      let names = try must(["ls", folder]).words
      #expect(names.count == 3, "\(names)")
      for vm in ["desktop", "build", "edge"] {
        let own = names.first { $0.hasPrefix(vm) }
        #expect(own != nil, "\(names)")
        if let own { #expect(try host.files.read("vms/" + own).contains("\(vm)-eth0")) }
      }
    }
  }

  @Test("status lists every NIC with its device, and who holds it")
  func status() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("status", file), exits: 2)
      expect(try host.vnet("apply", file), exits: 0)
      let station = try Station("build-eth0", in: host.space)
      defer { station.leave() }
      for selection in [[file], ["--name", "quick"]] {
        let outcome = try host.vnet(["status"] + selection)
        expect(outcome, exits: 0)
        for tap in Quickstart.taps { #expect(outcome.stdout.contains(tap), "\(tap): \(outcome)") }
        #expect(outcome.stdout.contains("\(station.child.pid)"), "\(outcome)")
        let json = try host.vnet(["status", "--json"] + selection)
        #expect(try JSON(parsing: json.stdout).line.contains("build-eth0"), "\(json)")
      }
      try host.space.ip("link set desktop-eth1 nomaster")
      expect(try host.vnet("status", file), exits: 2)
    }
  }
}
