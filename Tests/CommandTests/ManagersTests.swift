import Testing
import Witness

@Suite(
  "beside programs that manage interfaces, by what they are told and when",
  .enabled(
    if: Gate.ready && Gate.mounts, "needs root, /dev/net/tun, iproute2, overlayfs and the built vnet-apply"))
struct ManagersTests {
  typealias Program = ManagedHost.Program

  private static let made: Set<String> = ["lab", "office", "web-eth0"]

  @Test(
    "interfaces are named before they are there and until they have gone; `remove` takes the file away",
    arguments: Program.allCases)
  func order(_ program: Program) throws {
    try ManagedHost.with(program) { managed in
      let file = try managed.host.files.write("m.conf", ManagedHost.text(program))
      let (before, folders) = (try managed.host.space.dump(), try managed.folders)
      expect(try managed.vnet("apply", file), exits: 0)
      expect(try managed.vnet("plan", file), exits: 0)
      let first = try managed.told[0]
      #expect(first.command == program.command && first.named == Self.made)
      #expect(first.links.isDisjoint(with: Self.made))
      try managed.forget()
      expect(try managed.vnet("remove", file), exits: 0)
      let last = try managed.told
      #expect(last.map(\.command) == [program.command] && last[0].file.isEmpty)
      #expect(last[0].links.isDisjoint(with: Self.made))
      expectEqual(before, try managed.host.space.dump())
      try #expect(managed.folders == folders)
    }
  }

  @Test(
    "networkd hears of hardware when its addresses have moved to the bridge, and again when they are back")
  func hardware() throws {
    try ManagedHost.with(.networkd) { managed in
      let file = try managed.host.files.write("m.conf", ManagedHost.text(.networkd))
      expect(try managed.vnet("apply", file), exits: 0)
      let told = try managed.told
      #expect(told.map(\.named) == [Self.made, Self.made.union(["eth1"])])
      #expect(told[1].addresses.contains("office 192.0.2.10/24"))
      #expect(!told[1].addresses.contains { $0.hasPrefix("eth1 ") })
      try managed.forget()
      expect(try managed.vnet("remove", file), exits: 0)
      try #expect(managed.told[0].addresses.contains("eth1 192.0.2.10/24"))
    }
  }

  @Test(
    "NetworkManager, which would take hardware down, does not hear of it; the plan says how to hand it over")
  func hardwareByHand() throws {
    try ManagedHost.with(.networkManager) { managed in
      let file = try managed.host.files.write("m.conf", ManagedHost.text(.networkManager))
      let outcome = try managed.vnet("apply", file)
      expect(outcome, exits: 0)
      #expect(outcome.stdout.contains("    nmcli device set eth1 managed no\n"), "\(outcome)")
      try #expect(managed.told.map(\.named) == [Self.made])
      try #expect(!managed.vnet("plan", file).stdout.contains("managed-links"))
      expect(try managed.vnet("remove", file), exits: 0)
    }
  }

  @Test(
    "an interface that goes is named until it has gone, one that comes before it is there",
    arguments: Program.allCases)
  func edit(_ program: Program) throws {
    try ManagedHost.with(program) { managed in
      let file = try managed.host.files.write("m.conf", ManagedHost.text(program))
      expect(try managed.vnet("apply", file), exits: 0)
      try managed.forget()
      try managed.host.files.write("m.conf", ManagedHost.text(program, "db: {nics: {eth0: {network: lab}}}"))
      expect(try managed.vnet("apply", "--allow", "prune-many", file), exits: 0)
      expect(try managed.vnet("plan", file), exits: 0)
      let told = try managed.told
      try #require(told.count == 2)
      #expect(told[0].named.isSuperset(of: ["web-eth0", "db-eth0"]) && !told[0].links.contains("db-eth0"))
      let ports: Set<String> = program == .networkd ? ["eth1"] : []
      #expect(
        told[1].named == ports.union(["lab", "office", "db-eth0"]) && !told[1].links.contains("web-eth0"))
      // Nobody is told where nothing is new.
      try managed.forget()
      expect(try managed.vnet("apply", file), exits: 0)
      try #expect(managed.told.isEmpty)
      // Without the key the file goes and the interfaces stay.
      try managed.host.files.write("m.conf", ManagedHost.text(nil, "db: {nics: {eth0: {network: lab}}}"))
      expect(try managed.vnet("apply", file), exits: 0)
      try #expect(managed.told.count == 1 && managed.file == nil)
      // NetworkManager lets go of each before its configuration says so, or it would take it down.
      let links = program == .networkd ? [] : ["db-eth0", "lab", "office"]
      let orders = { (word: String) in links.map { "nmcli device set \($0) managed \(word)" } }
      try #expect(managed.orders == orders("no") + orders("yes"))
      try managed.forget()
      try managed.host.files.write(
        "m.conf", ManagedHost.text(program, "db: {nics: {eth0: {network: lab}}}"))
      expect(try managed.vnet("apply", file), exits: 0)
      try #expect(managed.orders == orders("no"))
      expect(try managed.vnet("remove", file), exits: 0)
    }
  }

  @Test(
    "a file that somebody edited, or took away, is drift: `plan` names it, `apply` mends it and tells",
    arguments: Program.allCases)
  func drift(_ program: Program) throws {
    try ManagedHost.with(program) { managed in
      let file = try managed.host.files.write("m.conf", ManagedHost.text(program))
      expect(try managed.vnet("apply", file), exits: 0)
      let written = try managed.file
      try managed.write(program.file, "# nothing\n")
      for line in ["~ file \(program.file)", "+ file \(program.file)"] {
        let plan = try managed.vnet("plan", file)
        expect(plan, exits: 2)
        #expect(plan.stdout.contains(line), "\(plan)")
        try managed.forget()
        expect(try managed.vnet("apply", file), exits: 0)
        try #expect(managed.file == written && managed.told.count == 1)
        _ = try managed.run(["rm", program.file])
      }
      expect(try managed.vnet("apply", file), exits: 0)
      // What fails puts back what somebody made of it.
      try managed.write(program.file, "# mine\n")
      try managed.refuse()
      expect(try managed.vnet("apply", file), exits: 1)
      try #expect(managed.file == "# mine\n")
      try managed.refuse(false)
      expect(try managed.vnet("remove", file), exits: 0)
    }
  }

  @Test(
    "a program that does not listen fails the apply with its own words, and nothing has changed",
    arguments: Program.allCases)
  func refused(_ program: Program) throws {
    try ManagedHost.with(program) { managed in
      let file = try managed.host.files.write("m.conf", ManagedHost.text(program))
      let (before, folders) = (try managed.host.space.dump(), try managed.folders)
      try managed.refuse()
      let outcome = try managed.vnet("apply", file)
      expect(outcome, exits: 1)
      #expect(outcome.stderr.contains("of \(program.file): no, thank you"), "\(outcome)")
      expectEqual(before, try managed.host.space.dump())
      try #expect(managed.folders == folders)
      // On the way out it is a warning, and the next run's work.
      try managed.refuse(false)
      expect(try managed.vnet("apply", file), exits: 0)
      try managed.refuse()
      let removal = try managed.vnet("remove", file)
      expect(removal, exits: 0)
      #expect(removal.stderr.contains("no, thank you"), "\(removal)")
      try #expect(managed.file != nil)
      try managed.refuse(false)
      expect(try managed.vnet("remove", file), exits: 0)
      expectEqual(before, try managed.host.space.dump())
      try #expect(managed.folders == folders)
    }
  }

  @Test(
    "`--only` names the chosen guest's interface beside those that are named, and a part that goes takes its name along"
  )
  func parts() throws {
    try ManagedHost.with(.networkd) { managed in
      let vms = "web: {nics: {eth0: {network: lab}}}, db: {nics: {eth0: {network: lab}}}"
      let file = try managed.host.files.write(
        "m.conf", ManagedHost.text(.networkd, "web: {nics: {eth0: {network: lab}}}"))
      expect(try managed.vnet("apply", file), exits: 0)
      let one = try managed.file
      try managed.host.files.write("m.conf", ManagedHost.text(.networkd, vms))
      expect(try managed.vnet("apply", "--only", "db", file), exits: 0)
      try #expect(managed.file?.contains(" web-eth0\n") == true && managed.file?.contains("db-eth0") == true)
      expect(try managed.vnet("plan", file), exits: 0)
      expect(try managed.vnet("remove", file, "db"), exits: 0)
      try #expect(managed.file == one)
      expect(try managed.vnet("remove", file), exits: 0)
    }
  }

  @Test("a thousand TAPs are one file")
  func many() throws {
    try ManagedHost.with(.networkManager) { managed in
      let file = try managed.host.files.write(
        "m.conf",
        "name: m\ncoexist: {network-manager: unmanaged}\nnetworks: {lab: {}}\nvms: {vm: {count: 1000, nics: {eth0: {network: lab}}}}\n"
      )
      expect(try managed.vnet("apply", "-q", file), exits: 0)
      expect(try managed.vnet("plan", file), exits: 0)
      try #expect(managed.told.count == 1 && managed.told[0].named.count == 1001)
      expect(try managed.vnet("remove", "-q", file), exits: 0)
    }
  }

  /// As JSON has it, which is YAML too.
  private static func quoted(_ text: String) -> String {
    "\""
      + text.unicodeScalars.map { scalar in
        scalar.value < 0x20 || "\"\\".unicodeScalars.contains(scalar)
          ? "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16) : String(scalar)
      }.joined() + "\""
  }

  @Test("text that means something to these programs comes into no file of theirs")
  func hostile() throws {
    try ManagedHost.with(.networkd) { managed in
      func lines(_ name: String, _ device: String, _ vm: String) throws -> (String, String) {
        let text = """
          name: \(name)
          coexist: {networkd: unmanaged}
          networks: {net: {device: \(device)}}
          vms: {\(vm): {nics: {eth0: {network: net}}}}

          """
        let file = try managed.host.files.write("hostile.conf", text)
        return (file, text)
      }
      for hostile in HostileText.all {
        let quoted = Self.quoted(hostile.text)
        for (name, device, vm) in [(quoted, "br0", "vm"), ("m", quoted, "vm"), ("m", "br0", quoted)] {
          let (file, text) = try lines(name, device, vm)
          let outcome = try managed.vnet("apply", file)
          if outcome.code == 65 { continue }
          #expect(outcome.code == 0, "\(text)\(outcome)")
          let found = try managed.run(["sh", "-c", "cat /run/systemd/network/05-vnet-*.network"]).stdout
          let shape =
            /# Interfaces of the configuration '[A-Za-z0-9_.-]+' of vnet-apply\. This file comes and goes with them\.\n\[Match\]\nName=[A-Za-z0-9_. -]+\n\[Link\]\nUnmanaged=yes\n/
          #expect(found.wholeMatch(of: shape) != nil, "\(text)\(found)")
          expect(try managed.vnet("plan", file), exits: 0)
          expect(try managed.vnet("remove", file), exits: 0)
        }
      }
    }
  }
}
