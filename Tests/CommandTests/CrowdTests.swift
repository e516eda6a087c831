import Testing
import Witness

/// Many at once: runs of different configurations, and others who change the network meanwhile.
@Suite("a crowd", .enabled(if: Gate.ready && Gate.nft, "needs root, /dev/net/tun, iproute2 and nft"))
struct CrowdTests {
  /// Of one name: NICs and networks come, go, move and change from each to each. No TAP changes its owner, for which it is
  /// opened: it and its bridge would have a carrier for a moment, and what the kernel makes of that.
  static let forms = [
    """
    networks: {office: {uplink: eth1}, backstage: {}}
    vms:
      a: {owner: nobody, nics: {eth0: {network: office}, eth1: {network: backstage}}}
      b: {nics: {eth0: {network: office, isolated: true}}}
      edge: {nics: {eth0: {mode: tap, address: ["203.0.113.7", "2001:db8:f::7"]}}}
    """,
    """
    networks: {office: {uplink: eth1}, backstage: {mtu: 1400}}
    vms:
      a: {owner: nobody, nics: {eth0: {network: backstage}, eth1: {network: office}}}
      c: {nics: {eth0: {network: backstage, isolated: true}}}
      edge: {nics: {eth0: {mode: tap, address: 203.0.113.8, routes: [203.0.113.64/28]}}}
    """,
    """
    networks: {backstage: {address: [10.1.0.1/24, "fd00:1::1/64"], dhcp: false, dns: false, ra: false}}
    vms:
      a: {owner: nobody, nics: {eth0: {network: backstage}}}
      b: {nics: {eth0: {network: backstage}}}
    """,
    """
    networks: {office: {uplink: eth2}, far: {}}
    vms:
      a: {owner: nobody, nics: {eth0: {network: office}, eth1: {network: far, isolated: true}}}
      edge: {nics: {eth0: {mode: tap, address: 203.0.113.7}}}
    """,
    """
    networks:
      office: {uplink: eth1, mtu: 1400}
      lab: {nat: true, address: 10.2.0.1/24, dhcp: false, dns: false, ra: false}
    vms:
      d: {nics: {eth0: {network: office}, eth1: {network: lab, address: 10.2.0.9, forward: ["8080 -> 80"]}}}
    """,
  ].map { "name: crowd\nallow: [prune-many]\n" + $0 + "\n" }

  /// A configuration, and what it makes of a host that nothing was applied to.
  struct Form {
    let file: String
    let dump: Dump
    /// In the state folder.
    let kept: String
  }

  private func forms(on host: Host) throws -> [Form] {
    let before = try host.space.dump()
    return try Self.forms.enumerated().map { number, text in
      let file = try host.files.write("\(number + 1).conf", text)
      expect(try host.vnet("apply", file), exits: 0)
      let form = Form(file: file, dump: try host.lastingDump(), kept: try host.kept)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump(), "\(file) removed")
      return form
    }
  }

  @Test(
    "fifty at once of five configurations: each exits 0 or 75, and the host is what one of the five gives")
  func serial() throws {
    try Host.with(secondUplink: true) { host in
      let forms = try forms(on: host)
      for round in 1...(Campaign.bound.map { min($0, 20) } ?? 3) {
        let runs = try (0..<50).map { number in
          // Some wait for their turn.
          let waits = number % 6 == 0
          let child = try host.space.start(
            [Tools.vnetApply, "apply", "--lock-timeout", waits ? "60s" : "0s", forms[number % 5].file])
          return (child, waits)
        }
        let outcomes = runs.map { child, waits in (child.finish(timeout: 100), waits) }
        for (outcome, waits) in outcomes {
          #expect(outcome.code == 0 || outcome.code == 75 && !waits, "round \(round): \(outcome)")
        }
        let now = try host.lastingDump()
        let found = forms.filter { now.difference(to: $0.dump).isEmpty }
        let nearest = forms.map { $0.dump.difference(to: now) }.min { $0.utf8.count < $1.utf8.count }
        #expect(found.count == 1, "round \(round): \(nearest ?? "")")
        for form in forms {
          expect(try host.vnet("plan", form.file), exits: form.file == found.first?.file ? 0 : 2)
        }
        let kept = try host.kept
        #expect(kept == found.first?.kept, "round \(round)")
        let done = outcomes.count { $0.0.code == 0 }
        print("  round \(round): \(done) applied, \(outcomes.count - done) found the lock taken")
      }
    }
  }

  @Test("whatever was applied before it, a configuration gives what it gives on a fresh host")
  func pairs() throws {
    try Host.with(secondUplink: true) { host in
      let forms = try forms(on: host)
      // Each after each other, once.
      for (old, new) in Campaign.bound == nil ? Self.way.suffix(8) : Self.way[...] {
        let outcome = try host.vnet("apply", forms[new].file)
        expect(outcome, exits: 0)
        expectEqual(
          forms[new].dump, try host.lastingDump(), "\(new + 1).conf after \(old + 1).conf: \(outcome)")
        let kept = try host.kept
        #expect(kept == forms[new].kept)
      }
    }
  }

  /// Through all twenty pairs.
  static let way: [(Int, Int)] = {
    let stops = (1...4).flatMap { step in (0..<5).map { $0 * step % 5 } } + [0]
    return Array(zip(stops, stops.dropFirst()))
  }()

  @Test("five configurations of five names, at once: all are there at the end")
  func names() throws {
    try Host.with(secondUplink: true) { host in
      let texts = [
        "networks: {one: {uplink: eth1}}\nvms: {v1: {nics: {eth0: {network: one}}}}",
        "networks: {two: {uplink: eth2}}\nvms: {v2: {nics: {eth0: {network: two}}}}",
        "networks: {three: {}}\nvms: {v3: {nics: {eth0: {network: three}, eth1: {network: three}}}}",
        "networks: {four: {mtu: 1400}}\nvms: {v4: {nics: {eth0: {network: four, isolated: true}}}}",
        "networks: {five: {}}\nvms: {v5: {owner: nobody, nics: {eth0: {network: five}}}}",
      ]
      let files = try texts.enumerated().map { number, text in
        try host.files.write("n\(number).conf", "name: n\(number)\n\(text)\n")
      }
      let before = try host.space.dump()
      for file in files { expect(try host.vnet("apply", file), exits: 0) }
      let all = try host.lastingDump()
      for file in files { expect(try host.vnet("remove", file), exits: 0) }
      expectEqual(before, try host.space.dump())
      let runs = try files.map {
        try host.space.start([Tools.vnetApply, "apply", "--lock-timeout", "60s", $0])
      }
      for run in runs { expect(run.finish(timeout: 100), exits: 0) }
      expectEqual(all, try host.lastingDump())
      for file in files { expect(try host.vnet("plan", file), exits: 0) }
    }
  }
}

extension Host {
  /// Without what the kernel makes when a link has a carrier, which a TAP has for the moment in which it is made, and its bridge
  /// with it if that is soon: the route of multicast, and a link-local address where it is to make one.
  fileprivate func lastingDump() throws -> Dump {
    let dump = try comparableDump().without("dst=ff00::/8")
    let makers = ["backstage", "lab"].filter {
      !dump.mentioning("link \($0).inet6_addr_gen_mode=eui64").facts.isEmpty
    }
    return Dump(
      dump.facts.filter { fact in
        !makers.contains {
          fact.contains("\($0) ") && (fact.contains("=fe80::") || fact.contains("=33:33:ff:"))
        }
      })
  }

  /// The files of the state folder.
  fileprivate var kept: String {
    get throws { try must(["sh", "-c", "cd \(stateFolder) && find . | sort"]) }
  }
}

extension CrowdTests {
  private func theirs(on host: Host) throws -> Dump {
    for link in ["w0", "w1", "wbr"] { try host.space.settle(link) }
    return try host.space.dump().mentioning("wbr", "w0", "w1", "writer", "=10.7", "=77")
  }

  @Test("somebody writes foreign objects meanwhile: each run exits 0, and the last word of the other stands")
  func foreignWriter() throws {
    try Host.with(secondUplink: true) { host in
      let files = try Self.forms.enumerated().map { try host.files.write("\($0).conf", $1) }
      try must(host.space.command(["sh", "-e", "-c", Writer.foreign]))
      let before = try theirs(on: host)
      let writer = try Writer(in: host.space, Writer.foreignGone + "\n" + Writer.foreign)
      for number in 0..<10 { expect(try host.vnet("apply", files[number % 5]), exits: 0) }
      let said = writer.stop()
      #expect(!said.stdout.contains("failed"), "\(said)")
      expectEqual(before, try theirs(on: host), "\(said)")
      expect(try host.vnet("plan", files[4]), exits: 0)
      print("  foreign writer: ten runs, \(said.stdout.lines.dropLast().last ?? "")")
    }
  }

  /// What is done again and again to something of the configuration. What it leaves behind, facts that have `apart` in them,
  /// is apart from the run's work.
  struct Meddling: CustomTestStringConvertible {
    let testDescription: String
    let object: String
    let commands: String
    var apart: [String] = []
  }

  static let meddlings = [
    Meddling(
      testDescription: "the MTU of a bridge", object: "office",
      commands: "ip link set office mtu 1320\nip link set office mtu 1500"),
    Meddling(
      testDescription: "a TAP goes", object: "a-eth1", commands: "ip link del a-eth1",
      apart: ["a-eth1", "tso_max_size"]),
    Meddling(
      testDescription: "an address more", object: "office",
      commands: "ip addr add 10.66.0.1/24 dev office\nip addr del 10.66.0.1/24 dev office"),
  ]

  @Test(
    "somebody meddles with the objects of a run: it exits 0, or 1 with the object named, and nothing is torn; the next mends it",
    arguments: meddlings)
  func meddled(_ meddling: Meddling) throws {
    try Host.with(secondUplink: true) { host in
      let files = try Self.forms[..<2].enumerated().map { try host.files.write("\($0).conf", $1) }
      func dump() throws -> Dump {
        meddling.apart.reduce(try host.lastingDump()) { $0.without($1) }
      }
      let dumps =
        try files.reversed().map { file in
          expect(try host.vnet("apply", file), exits: 0)
          return try dump()
        }.reversed() as [Dump]
      var failed = 0, rounds: [String] = []
      for number in 1...4 {
        let (old, new) = ((number - 1) % 2, number % 2)
        let writer = try Writer(in: host.space, meddling.commands, mayFail: true)
        let outcome = try host.vnet("apply", files[new])
        rounds.append(writer.stop().stdout.lines.dropLast().last ?? "")
        #expect(outcome.code == 0 || outcome.code == 1, "\(outcome)")
        if outcome.code != 0 {
          failed += 1
          #expect(outcome.stderr.contains(meddling.object), "\(outcome)")
        }
        expectEqual(outcome.code == 0 ? dumps[new] : dumps[old], try dump(), "\(outcome)")
        expect(try host.vnet("apply", files[new]), exits: 0)
        expect(try host.vnet("plan", files[new]), exits: 0)
        expectEqual(dumps[new], try dump(), "mended")
      }
      print("  \(meddling.testDescription): \(failed) of 4 undone, \(rounds.joined(separator: ", "))")
    }
  }
}
