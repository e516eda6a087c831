import Glibc
import Testing
import Witness

@Suite("what is not ours", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct ForeignTests {
  @Test("a bridge whose name is no word to nftables is refused by name", arguments: ["br\"9", "br*", "a;b"])
  func name(_ bridge: String) throws {
    try Host.with { host in
      try must(["ip", "-n", host.space.name, "link", "add", "name", bridge, "type", "bridge"])
      let text = "networks: {n: {existing: '\(bridge)'}}\nvms: {v: {nics: {eth0: {network: n}}}}\n"
      let file = try host.files.write("odd.conf", text)
      let before = try host.space.dump()
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 65)
      #expect(outcome.stderr.contains(bridge), "\(outcome)")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("foreign bridges, TAPs, routes, rules and nftables are untouched by apply, prune and remove")
  func untouched() throws {
    try Host.with { host in
      let foreign = try Foreign(on: host)
      defer { foreign.holder.leave() }
      let file = try host.files.write("quick.conf", Quickstart.text)
      let whole = try host.space.dump(), before = try foreign.state(), index = try foreign.index()
      expect(try host.vnet("apply", file), exits: 0)
      expectEqual(before, try foreign.state(), "after apply")
      let pruned = Quickstart.text.replacing("      eth1: {network: backstage}\n", with: "")
      #expect(pruned != Quickstart.text)
      try host.files.write("quick.conf", pruned)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try !host.linkNames.contains("build-eth1"))
      expectEqual(before, try foreign.state(), "after prune")
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(whole, try host.space.dump(), "after remove")
      #expect(try foreign.index() == index)
      #expect(try foreign.holder.lost(to: "10.99.0.1") == 0)
    }
  }

  @Test("another configuration's objects are not ours to prune")
  func otherName() throws {
    try Host.with { host in
      let other = try host.files.write(
        "other.conf", "name: other\nnetworks: {far: {}}\nvms: {o: {nics: {eth0: {network: far}}}}\n")
      let file = try host.files.write("quick.conf", Quickstart.text)
      expect(try host.vnet("apply", other), exits: 0)
      let before = try host.space.dump().mentioning("o-eth0", "far")
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump().mentioning("o-eth0", "far"))
      expect(try host.vnet("plan", other), exits: 0)
      expect(try host.vnet("remove", "--name", "other"), exits: 0)
      #expect(try host.linkNames == ["lo", "eth1"])
    }
  }

  @Test("a name that a foreign link has is refused or replanned before anything changes")
  func nameTaken() throws {
    try Host.with { host in
      try host.space.ip("link add name backstage type bridge\ntuntap add build-eth0 mode tap")
      let file = try host.files.write("quick.conf", Quickstart.text)
      let before = try host.space.dump()
      let outcome = try host.vnet("apply", file)
      #expect(outcome.code != 0, "\(outcome)")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("`existing` uses a foreign bridge: only our ports come and go")
  func existingBridge() throws {
    try Host.with { host in
      let foreign = try Foreign(on: host)
      defer { foreign.holder.leave() }
      let file = try host.files.write(
        "quick.conf",
        """
        name: quick
        networks: {theirs: {existing: virbr9}}
        vms: {guest: {nics: {eth0: {network: theirs}}}}
        """)
      let whole = try host.space.dump(), before = try host.link("virbr9").without(["promiscuity"])
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.link("guest-eth0")["master"].text == "virbr9")
      let now = try host.link("virbr9")
      for key in ["address", "mtu", "ifalias", "altnames", "ifindex"] {
        #expect(now[key] == before[key], "\(key)")
      }
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(whole, try host.space.dump())
    }
  }
}

@Suite("a TAP that a process holds", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct HeldTapTests {
  private func held(_ body: (Host, String, Station) throws -> Void) throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 0)
      guard outcome.code == 0 else { return }
      let station = try Station("build-eth0", in: host.space, "--address 192.0.2.51/24")
      defer { station.leave() }
      try body(host, file, station)
    }
  }

  @Test("survives every apply that still names it, with its ifindex and its traffic")
  func survives() throws {
    try held { host, file, station in
      let index = try host.link("build-eth0")["ifindex"]
      let edits = [
        ("mtu 1400 next door", "eth1: {network: backstage}", "eth1: {network: backstage, mtu: 1400}"),
        (
          "a NIC more", "eth1: {network: backstage}",
          "eth1: {network: backstage}\n      eth2: {network: office}"
        ),
        ("no longer isolated", ", isolated: true", ""),
        ("the routed TAP's routes", "\"203.0.113.64/28\", ", ""),
      ]
      for (what, old, new) in edits {
        let text = Quickstart.text.replacing(old, with: new)
        #expect(text != Quickstart.text, "\(what)")
        try host.files.write("quick.conf", text)
        expect(try host.vnet("apply", file), exits: 0)
        #expect(try host.link("build-eth0")["ifindex"] == index, "\(what)")
        #expect(try station.lost(to: "192.0.2.1") == 0, "\(what)")
      }
    }
  }

  @Test("dropped from the file: exit 73 with the holder's name and pid, nothing changed, `--allow` accepts")
  func dropped() throws {
    try held { host, file, station in
      let before = try host.space.dump()
      try host.files.write(
        "quick.conf", Quickstart.text.replacing("      eth0: {network: office, isolated: true}\n", with: ""))
      for command in [["apply", file], ["apply", "-q", file]] {
        let refused = try host.vnet(command)
        expect(refused, exits: 73)
        #expect(refused.output.contains("\(station.child.pid)"), "\(refused)")
        #expect(refused.output.contains("stand-in"), "\(refused)")
        let last = refused.output.lines.last { !$0.trimmed.isEmpty } ?? ""
        #expect(refused.output.contains("--allow in-use") && refused.output.contains("allow:"), "\(last)")
      }
      expectEqual(before, try host.space.dump())
      let risk = try host.plan(file).json["risks"].elements.first { $0["name"].text == "in-use" }
      #expect(risk?["object"].text == "link/build-eth0", "\(risk?.line ?? "no risk in-use")")
      #expect(risk?["detail"].text?.contains("\(station.child.pid)") == true)
      expect(try host.vnet("apply", "--allow", "in-use=link/edge-eth0", file), exits: 73)
      expect(try host.vnet("apply", "--allow", "in-use", file), exits: 0)
      #expect(try !host.linkNames.contains("build-eth0"))
    }
  }

  @Test("remove is refused with 73 and leaves everything, until accepted")
  func removeRefused() throws {
    try held { host, file, station in
      let before = try host.space.dump()
      let refused = try host.vnet("remove", file)
      expect(refused, exits: 73)
      #expect(refused.output.contains("\(station.child.pid)"), "\(refused)")
      expectEqual(before, try host.space.dump())
      expect(try host.vnet("remove", "--allow", "in-use", file), exits: 0)
      #expect(try host.linkNames == ["lo", "eth1"])
    }
  }

  @Test("`allow: [in-use]` on the NIC's VM in the file accepts too")
  func allowedInFile() throws {
    try held { host, file, _ in
      try host.files.write(
        "quick.conf",
        "allow: [in-use]\n"
          + Quickstart.text.replacing("      eth0: {network: office, isolated: true}\n", with: ""))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try !host.linkNames.contains("build-eth0"))
    }
  }

  @Test("its owner cannot change: refused as in-use")
  func ownerOfHeld() throws {
    try held { host, file, station in
      let before = try host.space.dump()
      try host.files.write(
        "quick.conf", Quickstart.text.replacing("  build:\n", with: "  build:\n    owner: nobody\n"))
      let refused = try host.vnet("apply", file)
      expect(refused, exits: 73)
      #expect(refused.output.contains("\(station.child.pid)"), "\(refused)")
      expectEqual(before, try host.space.dump())
    }
  }
}
