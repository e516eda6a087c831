import Testing
import Witness

@Suite("a thousand NICs", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)), .serialized)
struct ScaleTests {
  static func text(_ each: Int) -> String {
    """
    name: k
    networks: {left: {}, right: {}}
    vms:
      l: {count: \(each), nics: {eth0: {network: left}}}
      r: {count: \(each), nics: {eth0: {network: right}}}

    """
  }

  @Test("1,000 bridged TAPs on two bridges are applied, planned empty, and removed by group")
  func thousand() throws {
    try Host.with { host in
      let file = try host.files.write("k.conf", Self.text(500))
      let before = try host.space.dump()
      let folded = try host.vnet("plan", file)
      #expect(folded.stdout.contains("l-{001…500}-eth0") && folded.stdout.lines.count < 20, "\(folded)")
      #expect(try host.vnet("plan", "--full", file).stdout.contains("l-321-eth0"))
      let apply = try host.vnet("apply", file)
      expect(apply, exits: 0)
      guard apply.code == 0 else { return }
      let links = try host.space.json("ip -d -j link show").elements
      for bridge in ["left", "right"] {
        let ports = links.filter { $0["master"].text == bridge }
        #expect(ports.count == 500)
        #expect(
          ports.allSatisfy {
            $0["flags"].elements.contains(.string("UP")) && $0["altnames"].elements.count == 1
          })
      }
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 0)
      let again = try host.vnet("apply", file)
      expect(again, exits: 0)
      try host.files.write(
        "k.conf", Self.text(500).replacing("r: {count: 500, ", with: "r: {count: 500, owner: nobody, "))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.link("r-500-eth0")["linkinfo"]["info_data"]["user"].text == "nobody")
      let remove = try host.vnet("remove", file)
      expect(remove, exits: 0)
      #expect(remove.seconds < 6, "one by one it is 20 s: \(remove.seconds)")
      expectEqual(before, try host.space.dump())
      print(
        "  1,000 TAPs: apply \(apply.seconds) s, empty plan \(plan.seconds) s, empty apply \(again.seconds) s, "
          + "remove \(remove.seconds) s")
    }
  }

  @Test(
    "an apply that fails at the end of 1,000 is undone by group", .enabled(if: Gate.strace, "needs strace"))
  func undone() throws {
    try Host.with { host in
      let file = try host.files.write("k.conf", Self.text(500))
      let before = try host.space.dump()
      let calls = try host.calls("sendmsg,sendto", ["apply", file])
      expect(try host.vnet("remove", file), exits: 0)
      for back in [2, 5, 9] where calls.count > back {
        let injection = Injection(at: calls[calls.count - back], .error("ENOMEM"))
        let (outcome, _) = try host.vnet(["apply", file], injection)
        #expect(outcome.code == 0 || outcome.code == 1, "\(injection): \(outcome)")
        if outcome.code == 1 {
          expectEqual(before, try host.space.dump(), "\(injection)")
        } else {
          expect(try host.vnet("plan", file), exits: 0)
          expect(try host.vnet("remove", file), exits: 0)
        }
        print("  undo of 1,000 TAPs, \(injection): exit \(outcome.code), \(outcome.seconds.rounded(to: 2)) s")
      }
    }
  }

  @Test("more than 1,023 ports on one bridge are refused before anything changes")
  func tooMany() throws {
    try Host.with { host in
      let file = try host.files.write("k.conf", Self.text(1024))
      expect(try host.vnet("check", file), exits: 65)
    }
  }
}
