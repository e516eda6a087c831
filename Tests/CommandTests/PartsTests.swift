import Testing
import Witness

@Suite(
  "parts of a configuration, and words of the command line",
  .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct PartsTests {
  static let text = """
    name: parts
    networks: {office: {uplink: eth1}}
    vms:
      web: {nics: {eth0: {network: office}, eth1: {network: office}}}
      near: {nics: {eth0: {mode: tap, address: 192.0.2.50, proxy: eth1}}}
      far: {nics: {eth0: {mode: tap, address: 203.0.113.7}}}

    """

  @Test("`remove` of the last routed guest leaves the host as it was before there was one")
  func lastGuest() throws {
    try Host.with { host in
      let file = try host.files.write("parts.conf", Self.text)
      let lines = Self.text.lines
      let without = lines.filter { !$0.hasPrefix("  near") && !$0.hasPrefix("  far") }
      try host.files.write("parts.conf", without.joined(separator: "\n") + "\n")
      expect(try host.vnet("apply", file), exits: 0)
      let before = try host.space.dump()
      for selection in [[file], ["--name", "parts"]] {
        try host.files.write("parts.conf", Self.text)
        expect(try host.vnet("apply", file), exits: 0)
        let both = try host.space.dump()
        #expect(!before.difference(to: both).isEmpty)
        expect(try host.vnet(["remove"] + selection + ["near"]), exits: 0)
        expect(try host.vnet(["remove"] + selection + ["far"]), exits: 0)
        expectEqual(before, try host.space.dump(), "\(selection)")
      }
    }
  }

  @Test("`--only` brings a routed guest of IPv6 beside one that is not there yet")
  func onlyOne() throws {
    try Host.with { host in
      let before = try host.space.dump()
      let file = try host.files.write(
        "parts.conf",
        """
        name: parts
        vms:
          one: {nics: {eth0: {mode: tap, address: "2001:db8:77::1"}}}
          two: {nics: {eth0: {mode: tap, address: "2001:db8:77::2"}}}

        """)
      expect(try host.vnet("apply", "--only", "one", file), exits: 0)
      #expect(try host.linkNames.contains("one-eth0"))
      #expect(try !host.linkNames.contains("two-eth0"))
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("remove", file, "one"), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("`--only` brings the filters of its guests, and a part that goes takes its own along and no other's")
  func filters() throws {
    try Host.with { host in
      let file = try host.files.write("parts.conf", Self.text)
      func guests(_ family: String) throws -> Set<String> {
        let outcome = try host.space.run(["nft", "-j", "list", "set", family, "vnet-parts", "guests"])
        if outcome.code != 0 { return [] }
        let items = try JSON(parsing: outcome.stdout)["nftables"].elements
        return Set(items.flatMap { $0["set"]["elem"].elements.compactMap(\.text) })
      }
      let web = Self.text.lines.filter { !$0.hasPrefix("  near") && !$0.hasPrefix("  far") }
      try host.files.write("parts.conf", web.joined(separator: "\n") + "\n")
      expect(try host.vnet("apply", file), exits: 0)
      try host.files.write("parts.conf", Self.text)
      expect(try host.vnet("apply", "--only", "near", file), exits: 0)
      #expect(try guests("inet") == ["near-eth0"])
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try guests("inet") == ["near-eth0", "far-eth0"])
      expect(try host.vnet("remove", file, "near"), exits: 0)
      #expect(try guests("inet") == ["far-eth0"])
      #expect(try guests("bridge") == ["web-eth0", "web-eth1"])
    }
  }

  @Test("`--only` of a first routed guest brings the forwarding it needs")
  func onlyGuest() throws {
    try Host.with { host in
      let file = try host.files.write("parts.conf", Self.text)
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("remove", file, "near", "far"), exits: 0)
      expect(try host.vnet("apply", "--only", "near", "--only", "far", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test(
    "a VM or NIC that is neither in the file nor on the host is exit 64, with what there is",
    arguments: [
      ["remove", "FILE", "nonsense"], ["remove", "--name", "parts", "nonsense"],
      ["apply", "--only", "nonsense", "FILE"], ["plan", "--only", "web/eth7", "FILE"],
    ])
  func unknown(arguments: [String]) throws {
    try Host.with { host in
      let file = try host.files.write("parts.conf", Self.text)
      expect(try host.vnet("apply", file), exits: 0)
      let outcome = try host.vnet(arguments.map { $0 == "FILE" ? file : $0 })
      expect(outcome, exits: 64)
      #expect(outcome.stderr.contains("web") && !outcome.output.contains("No changes."), "\(outcome)")
    }
  }

  @Test(
    "`remove --name` of a VM tells DHCP and DNS of its network, and of nothing else",
    .enabled(if: Gate.services, Comment(rawValue: Gate.servicesComment)))
  func served() throws {
    try Host.with { host in
      _ = try host.serve()
      let folder = try host.serviceFolder("lab")
      let web = try host.reservation("vms.web.nics.eth0")
      let pid = host.servers
      try #expect(must(["cat", folder + "/hosts"]).contains(web.mac))
      expect(try host.vnet("remove", "--name", "served", "web"), exits: 0)
      for file in ["hosts", "names"] {
        let text = try must(["cat", "\(folder)/\(file)"])
        #expect(!text.contains("web") && !text.contains(web.mac), "\(text)")
        #expect(text.contains("db") && text.contains("10.77.3.7"), "\(text)")
      }
      // dig(1) is the witness that it has been told.
      let asked = try host.space.run(["dig", "+short", "+time=2", "@10.77.3.1", "web.lab.example"])
      #expect(asked.stdout.isEmpty, "\(asked)")
      let other = try host.space.run(["dig", "+short", "+time=2", "@10.77.3.1", "db.lab.example"])
      #expect(other.stdout.contains("10.77.3.7"), "\(other)")
      #expect(host.servers == pid)
      let file = try host.files.write(
        "served.conf", Served.text.replacing("  web: {nics: {eth0: {network: lab}}}\n", with: ""))
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("`remove --name` with a file says that it is one or the other")
  func nameAndFile() throws {
    try Host.with { host in
      let file = try host.files.write("parts.conf", Self.text)
      let outcome = try host.vnet("remove", "--name", "parts", file)
      expect(outcome, exits: 64)
      #expect(outcome.stderr.contains("not both"), "\(outcome)")
    }
  }

  @Test("options of every command may stand before it; a command behind others, or misspelt, is exit 64")
  func order() throws {
    try Host.with { host in
      let file = try host.files.write("parts.conf", Self.text)
      expect(try host.vnet("-q", "apply", file), exits: 0)
      let removed = try run([Tools.vnetApply, "-q", "--netns", host.space.name, "remove", file])
      expect(removed, exits: 0)
      #expect(try host.linkNames == ["lo", "eth1"])
      for words in [["-n", "plan", file], ["statsu"]] {
        let outcome = try host.vnet(words)
        expect(outcome, exits: 64)
        #expect(outcome.stderr.contains("command"), "\(outcome)")
      }
    }
  }

  @Test("attach finds the name by the VM, and asks where two names have it")
  func attach() throws {
    try Host.with { host in
      let file = try host.files.write("parts.conf", Self.text)
      expect(try host.vnet("apply", file), exits: 0)
      let alone = try host.vnet("attach", "web")
      expect(alone, exits: 0)
      #expect(try alone.stdout == host.vnet("attach", "-c", file, "web").stdout)
      expect(try host.vnet("attach", "nobody"), exits: 64)
      let other = try host.files.write(
        "other.conf", "name: other\nnetworks: {lab: {}}\nvms: {web: {nics: {lan: {network: lab}}}}\n")
      expect(try host.vnet("apply", other), exits: 0)
      let asked = try host.vnet("attach", "web")
      expect(asked, exits: 64)
      #expect(asked.stderr.contains("other, parts"), "\(asked)")
      expect(try host.vnet("attach", "far"), exits: 0)
      expect(try host.vnet("attach", "--name", "other", "web"), exits: 0)
      expect(try host.vnet("remove", file, "far"), exits: 0)
      expect(try host.vnet("attach", "far"), exits: 64)
    }
  }

  @Test("what the host lacks is said once, and counted")
  func lacking() throws {
    try Host.with { host in
      let file = try host.files.write(
        "parts.conf", Self.text.replacing("{nics:", with: "{owner: no-such-user, nics:"))
      let outcome = try host.vnet("plan", file)
      expect(outcome, exits: 69)
      #expect(outcome.stderr.lines.filter { $0.contains("no-such-user'") }.count == 1, "\(outcome)")
      #expect(outcome.stderr.trimmed.lines.last == "1 error on the host", "\(outcome)")
    }
  }

  @Test("plans show accounts by name, JSON by number")
  func accounts() throws {
    try Host.with { host in
      let file = try host.files.write(
        "parts.conf", Self.text.replacing("web: {nics:", with: "web: {owner: nobody, nics:"))
      let text = try host.vnet("plan", file)
      #expect(text.stdout.contains("owner nobody") && text.stdout.contains("owner root"), "\(text)")
      let json = try host.plan(file).change("link/web-eth0")
      #expect(json["after"]["owner"].text == "65534", "\(json.line)")
    }
  }

  @Test("a change of `host` empties the bridge and fills it again")
  func host() throws {
    try Host.with { host in
      let keep = "name: u\nnetworks: {office: {uplink: eth1}}\n"
      let none = "name: u\nnetworks: {office: {uplink: eth1, host: none}}\n"
      let file = try host.files.write("u.conf", keep)
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      let kept = try host.addresses("office")
      for _ in 1...2 {
        try host.files.write("u.conf", none)
        expect(try host.vnet("apply", file), exits: 73)
        expect(try host.vnet("apply", "--allow", "default-route", file), exits: 0)
        #expect(try host.addresses("office").isEmpty)
        expect(try host.vnet("plan", file), exits: 0)
        try host.files.write("u.conf", keep)
        expect(try host.vnet("apply", file), exits: 0)
        #expect(try Set(host.addresses("office")) == Set(kept))
        expect(try host.vnet("plan", file), exits: 0)
      }
      try host.files.write("u.conf", none)
      expect(try host.vnet("apply", "--allow", "default-route", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }
}
