import NetPlan
import Testing

@Suite("The difference of two configurations")
struct ComparisonTests {
  private func topology(_ text: String, name: String = "lab") throws -> Topology {
    let file = SourceFile(path: "lab.conf", text: text)
    return try Configuration.load([file], defaultName: name, seed: Seed(machineID: "")).topology
  }

  private func plan(from old: String, to new: String) throws -> (Plan, [Obstacle]) {
    let comparison = Comparison(from: try topology(old), to: try topology(new))
    let (host, before) = comparison.basis()
    let (plan, obstacles) = Planner(topology: comparison.new, host: host).plan()
    return (plan, before + obstacles)
  }

  @Test("a change of one number is one line, whatever hardware, bridge and account the file names")
  func oneLine() throws {
    let old = """
      networks:
        office: {uplink: eth1}
        way: {uplink: default-route}
        fast: {uplink: {pci: "0000:03:00.1"}, mtu: 9000}
        slow: {uplink: {mac: "52:54:00:00:00:07"}}
        theirs: {existing: virbr0}
        lab: {nat: {out: eth9}}
      vms:
        web:
          owner: {user: alice, group: kvm}
          nics:
            eth0: {network: office, limit: {in: 10mbit}}
            eth1: {network: theirs, vlan: 7}
            eth2: {network: fast}
            eth3: {mode: tap, address: 203.0.113.7, proxy: eth5}
            eth4: {network: lab, forward: ["8080 -> 80"]}
            eth5: {network: way}

      """
    let (plan, obstacles) = try plan(from: old, to: old.replacing("10mbit", with: "20mbit"))
    #expect(obstacles == [])
    #expect(plan.visibleChanges.map { "\($0.id)" } == ["qdisc/web-eth0"])
    #expect(plan.text().contains("rate 10mbit → 20mbit"), "\(plan.text())")
    let (same, _) = try self.plan(from: old, to: old)
    #expect(same.changes == [])
  }

  @Test("chosen addresses are the same for both, so that a guest more is nothing to the others")
  func reservations() throws {
    let old = "networks: {lab: {nat: true}}\nvms: {web: {count: 5, nics: {eth0: {network: lab}}}}\n"
    let (plan, _) = try plan(from: old, to: old.replacing("5", with: "6"))
    let reserved = plan.changes.filter { $0.after?.reservation != nil || $0.before?.reservation != nil }
    #expect(reserved.map { "\($0.id)" } == ["reservation/lab/vms.web-6.nics.eth0"])
    #expect(!plan.changes.contains { if case .address = $0.id { true } else { false } }, "\(plan.text())")
  }

  @Test("a host that is told apart by its uplink's return plans the way back")
  func uplinkReturns() throws {
    let (plan, obstacles) = try plan(
      from: "networks: {office: {uplink: default-route}}\n", to: "vms: {}\n")
    #expect(obstacles == [])
    let text = plan.text()
    #expect(text.contains("- bridge office\n"), "\(text)")
    #expect(text.contains("route default dev default-route"), "\(text)")
  }

  @Test(
    "what a plan leaves of a state is what its configuration asks for: planned again, nothing is left to do")
  func settled() {
    Campaign("VNET_TOPOLOGIES", 200, from: 40_000).hold { seed in
      TopologyCase(seed: seed, length: 2).shrunk { tried in
        var host = tried.host.observe()
        for sketch in tried.sketches {
          guard let topology = sketch.topology else { continue }
          let (plan, obstacles) = Planner(topology: topology, host: host).plan()
          guard obstacles.isEmpty else { continue }
          host.state = host.state.after(plan.changes)
          let (second, later) = Planner(topology: topology, host: host).plan()
          if !later.isEmpty { return "obstacles: \(later)\n\(plan.text())" }
          if !second.changes.isEmpty {
            return "left: \(second.changes.map { $0.json.text() })\nafter\n\(plan.text())"
          }
        }
        return nil
      }.map { "\($1)\n\($0)" }
    }
  }

  @Test("the next plan is the one that is made after the same changes were done by a kernel")
  func asDone() {
    Campaign("VNET_TOPOLOGIES", 200, from: 50_000).hold { seed in
      TopologyCase(seed: seed, length: 2).shrunk { tried in
        let topologies = tried.sketches.compactMap(\.topology)
        guard topologies.count == 2 else { return nil }
        let machine = Machine(tried.host)
        let before = machine.kernel.observe()
        let (first, obstacles) = Planner(topology: topologies[0], host: before).plan()
        guard obstacles.isEmpty, TopologyPropertyTests.apply(topologies[0], to: machine) == nil else {
          return nil
        }
        var after = before
        after.state = before.state.after(first.changes)
        let seen = Planner(topology: topologies[1], host: machine.kernel.observe()).plan()
        let foreseen = Planner(topology: topologies[1], host: after).plan()
        if seen.obstacles != foreseen.obstacles {
          return "\(seen.obstacles)\nforeseen\n\(foreseen.obstacles)"
        }
        let (done, thought) = (text(seen.plan), text(foreseen.plan))
        return done == thought ? nil : "\(done)\nforeseen\n\(thought)"
      }.map { "\($1)\n\($0)" }
    }
  }

  /// What it shows, but for link-local addresses that the kernel makes itself once a link has carrier.
  private func text(_ plan: Plan) -> String {
    var plan = plan
    plan.changes.removeAll { change in
      if case .address(_, let local, _) = change.id, local.address.isLinkLocal {
        return (change.before ?? change.after)?.origin != Ownership.origin
      }
      return false
    }
    return plan.text(TextStyle(full: true))
  }
}
