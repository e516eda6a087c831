import Glibc
import Testing
import Witness

/// A hardware NIC in the network namespace of its VM.
@Suite(
  "dedicated via netns", .enabled(if: Gate.ready && Gate.nft, Comment(rawValue: Gate.readyComment)))
struct DedicatedNetnsTests {
  /// On a host with `eth2` as `GivenHost` has it. Names of network namespaces are the machine's.
  struct Jail {
    let host: Host
    let netns: String
    var space: Namespace { Namespace(existing: netns) }

    func text(_ keys: String = "") -> String {
      """
      name: j
      allow: [default-route, prune-many]
      vms:
        gw:
          netns: \(netns)
          nics:
            eth0: {mode: dedicated, via: netns, hardware: eth2\(keys)}

      """
    }

    static func with(_ body: (Jail) throws -> Void) throws {
      try GivenHost.with { given in
        var host = given.host
        host.isEnteredByName = true
        let jail = Jail(host: host, netns: "jail-" + host.space.name)
        defer { _ = try? run(["ip", "netns", "delete", jail.netns]) }
        // What a new interface does not begin with.
        for setting in [
          "ipv4.conf.eth2.rp_filter=2", "ipv6.conf.eth2.use_tempaddr=1", "ipv6.conf.eth2.accept_ra=2",
        ] {
          try host.space.sysctl("net.\(setting)")
        }
        try body(jail)
      }
    }

    func applied(_ text: String? = nil, _ body: (String) throws -> Void = { _ in }) throws {
      let file = try host.files.write("j.conf", text ?? self.text())
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      try body(file)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
      #expect(access("/run/netns/\(netns)", F_OK) != 0, "the namespace has gone")
    }
  }

  @Test("the NIC itself is there by its name, bare; the host has it no more, and gets all of it back")
  func moved() throws {
    try Jail.with { jail in
      let words = try jail.host.vnet("plan", try jail.host.files.write("j.conf", jail.text()))
      for line in [
        "netns none → \(jail.netns)", "interrupts: the host gives up 'eth2': its traffic there ends",
        "- address 198.51.100.10/24 dev eth2", "+ netns \(jail.netns)",
      ] { #expect(words.stdout.contains(line), "\(line)\n\(words)") }
      #expect(!words.stdout.contains("sysctl"), "\(words)")
      try jail.applied { file in
        #expect(try !jail.host.linkNames.contains("eth2"))
        let nic = try jail.space.json("ip -d -j addr show dev eth2")[0]
        #expect(nic["address"].text == GivenHost.mac && nic["mtu"].int == 1480)
        #expect(nic["addr_info"].elements.isEmpty && !nic["flags"].elements.contains(.string("UP")))
        #expect(try jail.host.vnet("plan", file).stdout == "No changes.\n")
        let attach = try jail.host.vnet("attach", "gw", "-c", file)
        #expect(attach.code != 0 && attach.stderr.contains("where its software finds it"), "\(attach)")
      }
    }
  }

  @Test("what the VM's software makes of it there is its own affair: up, another name, address, MAC, MTU")
  func used() throws {
    try Jail.with { jail in
      try jail.applied { file in
        try jail.space.ip(
          "link set eth2 name wan0\nlink set wan0 up mtu 1300\naddr add 198.51.100.50/24 dev wan0\nroute add default via 198.51.100.1"
        )
        #expect(try lost(from: jail.space, to: "198.51.100.1") == 0)
        #expect(try lost(from: jail.host.space, to: "192.0.2.1") == 0)
        #expect(try jail.host.vnet("plan", file).stdout == "No changes.\n")
      }
    }
  }

  @Test("brought back by hand it is drift; the next apply gives it again")
  func drift() throws {
    try Jail.with { jail in
      try jail.applied { file in
        try jail.space.ip("link set eth2 netns \(jail.host.space.name)")
        try jail.host.space.ip("link set eth2 up\naddr add 198.51.100.10/24 dev eth2")
        expect(try jail.host.vnet("plan", file), exits: 2)
        expect(try jail.host.vnet("apply", file), exits: 0)
        expect(try jail.host.vnet("plan", file), exits: 0)
        #expect(try !jail.host.linkNames.contains("eth2"))
      }
    }
  }

  @Test("a NIC that was down comes back down, with its addresses")
  func down() throws {
    try Jail.with { jail in
      let host = jail.host
      try host.space.ip("link set eth2 down")
      let addresses = try host.addresses("eth2")
      #expect(addresses.count == 5, "IPv6 ones go with that")
      let file = try host.files.write("j.conf", jail.text())
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try host.addresses("eth2") == addresses)
      #expect(try !host.link("eth2")["flags"].elements.contains(.string("UP")))
    }
  }

  @Test("what would be lost on the way, or is somewhere else, is said")
  func obstacles() throws {
    try Jail.with { jail in
      let file = try jail.host.files.write("j.conf", jail.text())
      try jail.host.space.ip("neigh add 198.51.100.99 lladdr 02:00:00:00:00:99 dev eth2")
      let refused = try jail.host.vnet("apply", file)
      expect(refused, exits: 65)
      #expect(refused.stderr.contains("permanent neighbour 198.51.100.99"), "\(refused)")
      try jail.host.space.ip("neigh del 198.51.100.99 dev eth2")
      expect(try jail.host.vnet("apply", file), exits: 0)
      let bridged = try jail.host.files.write(
        "b.conf", "name: b\nnetworks: {office: {uplink: eth2}}\nvms: {a: {nics: {eth0: {network: office}}}}\n"
      )
      let other = try jail.host.vnet("apply", bridged)
      #expect(other.code != 0 && other.stderr.contains("eth2"), "\(other)")
      expect(try jail.host.vnet("remove", file), exits: 0)
    }
  }

  @Test("killed or failing at any of its calls: old or new, never between", arguments: ["SIGKILL", "ENOMEM"])
  func faults(_ effect: String) throws {
    try Jail.with { jail in
      let file = try jail.host.files.write("j.conf", jail.text())
      let before = try jail.host.space.dump()
      func isOld() throws -> Bool {
        let names = try jail.host.linkNames
        guard names.contains("eth2") else {
          expect(try jail.host.vnet("plan", file), exits: 0)
          return false
        }
        expectEqual(before, try jail.host.space.dump())
        return true
      }
      for command in ["apply", "remove"] {
        var seen: Set<Bool> = []
        for call in ["sendto", "setns"] {
          let count = try calls(call, command, jail, file)
          for point in Campaign.some(of: Array(1...count), usually: 4) {
            if command == "remove" { expect(try jail.host.vnet("apply", file), exits: 0) }
            let inject = effect == "SIGKILL" ? "signal=SIGKILL" : "error=ENOMEM"
            let outcome = try run(
              [
                "strace", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
                "inject=\(call):\(inject):when=\(point)", Tools.vnetApply, command, "--netns",
                jail.host.space.name, file,
              ])
            // Who cannot come back from a namespace ends there and then.
            if effect == "SIGKILL" || outcome.code > 128 { expect(try jail.host.vnet("recover"), exits: 0) }
            #expect(outcome.code != 3, "\(command) \(call) \(point): \(outcome)")
            seen.insert(try isOld())
            expect(try jail.host.vnet("remove", file), exits: 0)
            expectEqual(before, try jail.host.space.dump(), "\(command) \(call) \(point): \(outcome)")
          }
        }
        #expect(!seen.isEmpty)
      }
    }
  }

  /// How many of them a run of the command makes.
  private func calls(_ call: String, _ command: String, _ jail: Jail, _ file: String) throws -> Int {
    if command == "remove" { expect(try jail.host.vnet("apply", file), exits: 0) }
    let trace = jail.host.files.path + "/calls"
    expect(
      try run([
        "strace", "-qq", "-o", trace, "-e", "trace=\(call)", Tools.vnetApply, command, "--netns",
        jail.host.space.name, file,
      ]), exits: 0)
    let count = try jail.host.files.read("calls").lines.count { $0.hasPrefix(call) }
    #expect(count > 0)
    expect(try jail.host.vnet("remove", file), exits: 0)
    return count
  }
}
