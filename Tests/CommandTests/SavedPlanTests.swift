import Testing
import Witness

@Suite("saved and partial plans", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct SavedPlanTests {
  @Test("a saved plan is applied verbatim, even when the file changed since")
  func saved() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let plan = host.files.path + "/plan.json"
      let before = try host.space.dump()
      expect(try host.vnet("plan", "--out", plan, file), exits: 2)
      expectEqual(before, try host.space.dump())
      try host.files.write("quick.conf", "name: quick\n")
      expect(try host.vnet("apply", "--plan", plan), exits: 0)
      #expect(try host.linkNames.isSuperset(of: Quickstart.taps))
      try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test(
    "a plan made for another kernel state is refused, nothing changed",
    arguments: [
      "link add name backstage type bridge", "addr add 192.0.2.44/24 dev eth1", "link set eth1 mtu 1400",
      "route del default",
    ])
  func stale(change: String) throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let plan = host.files.path + "/plan.json"
      expect(try host.vnet("plan", "--out", plan, file), exits: 2)
      try host.space.ip(change)
      let before = try host.space.dump()
      let outcome = try host.vnet("apply", "--plan", plan)
      #expect(outcome.code != 0 && !outcome.stderr.isEmpty, "\(outcome)")
      expectEqual(before, try host.space.dump(), "exit \(outcome.code): \(outcome.stderr)")
    }
  }

  @Test("a saved plan that was applied already, or is not a plan, is refused")
  func twice() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let plan = host.files.path + "/plan.json"
      expect(try host.vnet("plan", "--out", plan, file), exits: 2)
      expect(try host.vnet("apply", "--plan", plan), exits: 0)
      let after = try host.space.dump()
      #expect(try host.vnet("apply", "--plan", plan).code != 0)
      try host.files.write("garbage.json", "{\"format\": 1, \"name\": \"quick\", \"changes\": [{}]}")
      #expect(try host.vnet("apply", "--plan", host.files.path + "/garbage.json").code != 0)
      expectEqual(after, try host.space.dump())
    }
  }

  @Test("--only plans and changes one VM, or one NIC, and nothing else", arguments: ["build", "build/eth1"])
  func only(part: String) throws {
    try Host.with { host in
      let file = try host.files.write(
        "quick.conf", "name: quick\nnetworks: {office: {uplink: eth1}, backstage: {}}\n")
      expect(try host.vnet("apply", file), exits: 0)
      try host.files.write("quick.conf", Quickstart.text)
      let plan = try host.plan(file, "--only", part)
      // Its filters come along, in a table that has no other guests yet.
      #expect(
        !plan.changes.isEmpty
          && plan.changes.allSatisfy { $0.id.contains("build-eth") || $0.id.hasPrefix("table/") },
        "\(plan.changes)")
      expect(try host.vnet("apply", file, "--only", part), exits: 0)
      let taps = try host.linkNames.filter { $0.contains("-eth") }
      #expect(taps == (part == "build" ? ["build-eth0", "build-eth1"] : ["build-eth1"]))
      #expect(try host.link("build-eth1")["master"].text == "backstage")
      expect(try host.vnet("plan", file, "--only", part), exits: 0)
      expect(try host.vnet("plan", file), exits: 2)
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("--only never prunes what it does not name")
  func onlyDoesNotPrune() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      try host.files.write(
        "quick.conf",
        "name: quick\nnetworks: {office: {uplink: eth1}, backstage: {}}\n"
          + "vms: {build: {nics: {eth0: {network: office}, eth1: {network: backstage}}}}\n")
      expect(try host.vnet("apply", file, "--only", "build"), exits: 0)
      #expect(try host.linkNames.isSuperset(of: Quickstart.taps))
      #expect(try !host.link("build-eth0")["linkinfo"]["info_slave_data"]["isolated"].isTrue)
    }
  }

  @Test("remove CONFIG VM/NIC takes the named part alone")
  func removePart() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("remove", file, "build/eth1"), exits: 0)
      #expect(try host.linkNames.isSuperset(of: ["build-eth0", "desktop-eth1", "backstage"]))
      #expect(try !host.linkNames.contains("build-eth1"))
      expect(try host.vnet("remove", file, "desktop"), exits: 0)
      #expect(try host.linkNames.isDisjoint(with: ["desktop-eth0", "desktop-eth1"]))
      #expect(try host.linkNames.isSuperset(of: ["build-eth0", "office", "edge-eth0"]))
    }
  }

  @Test("an empty file is the risk prune-many: 73, then accepted")
  func pruneMany() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let bare = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      let before = try host.space.dump()
      try host.files.write("quick.conf", "name: quick\n")
      let refused = try host.vnet("apply", file)
      expect(refused, exits: 73)
      #expect(refused.output.contains("--allow prune-many"), "\(refused)")
      #expect(try host.plan(file).risks.contains("prune-many"))
      expectEqual(before, try host.space.dump())
      expect(try host.vnet("apply", "--allow", "prune-many", file), exits: 0)
      expectEqual(bare, try host.space.dump())
    }
  }

  @Test("more than half of the NICs gone is prune-many, half or less is not")
  func pruneHalf() throws {
    try Host.with { host in
      func text(_ count: Int) -> String {
        "name: p\nnetworks: {lab: {}}\nvms:\n"
          + (1...count).map { "  v\($0): {nics: {eth0: {network: lab}}}\n" }.joined()
      }
      let file = try host.files.write("p.conf", text(6))
      expect(try host.vnet("apply", file), exits: 0)
      try host.files.write("p.conf", text(2))
      expect(try host.vnet("apply", file), exits: 73)
      try host.files.write("p.conf", text(3))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.linkNames.filter { $0.hasPrefix("v") }.count == 3)
    }
  }
}
