import NetPlan
import Testing

@Suite("What a switch is told, and when it stops and starts")
struct VDEWordsTests {
  private static let tap = LinkName(kernel: "web-eth0")

  private func host(_ objects: [Object] = []) -> Observation {
    var host = SimulatedKernel().observe()
    host.facts.user = 0
    host.facts.vde = true
    host.facts.nft = true
    host.facts.users = [.init(name: "root", id: 0, group: 0), .init(name: "alice", id: 1000, group: 100)]
    host.facts.groups = [.init(name: "kvm", id: 104)]
    for object in objects { host.state.insert(object) }
    return host
  }

  private func planner(_ nic: String, vm: String = "owner: alice,", on host: Observation) throws -> Planner {
    let text = "vms: {web: {\(vm) nics: {eth0: {mode: tap, via: vde, \(nic)}}}}\n"
    let topology = try Configuration.load(
      [SourceFile(path: "lab.conf", text: text)], defaultName: "lab", seed: Seed(machineID: "m")
    ).topology
    return Planner(topology: topology, host: host)
  }

  private func words(_ nic: String, vm: String = "owner: alice,") throws -> [String] {
    let target = try planner(nic, vm: vm, on: host()).target
    #expect(target.obstacles.isEmpty, "\(target.obstacles)")
    return try #require(Array(target.wanted.services).first).configuration
  }

  private let folder = "--sock=/run/vnet-apply/services/lab/vde-web:eth0/guest"

  @Test("the owner alone has its sockets, and the TAP is the switch's")
  func usual() throws {
    #expect(
      try words("") == ["--runas=1000:100", folder, "--tap=web-eth0", "--mode=0600", "--dirmode=0700"])
    let tap = try planner("", on: host()).target.wanted.link(Self.tap)
    #expect(tap?.tap.owner == .id(1000) && tap?.tap.group == Link.TAP.Account.none)
  }

  @Test(
    "the members of a group that is written may plug in too, and that of nobody's is enough",
    arguments: ["owner: {user: alice, group: kvm},": "1000:104", "owner: {group: kvm},": "65534:104"])
  func shared(vm: String, ids: String) throws {
    #expect(
      try words("socket: /srv/switch, device: tap7,", vm: vm)
        == ["--runas=\(ids)", "--sock=/srv/switch", "--tap=tap7", "--mode=0660", "--dirmode=2770"])
  }

  @Test(
    "a switch whose TAP is made anew stops before that and starts after it, also where nothing else changes")
  func replaced() throws {
    let first = try planner("", on: host()).target
    var tap = try #require(first.wanted.link(Self.tap))
    // Somebody has given it to another user while the switch holds it.
    tap.tap.owner = .id(7)
    tap.facts = LinkFacts()
    tap.facts?.carrier = true
    var service = try #require(Array(first.wanted.services).first)
    service.inUse = false
    let (plan, obstacles) = try planner("", on: host([.link(tap), .service(service)])).plan()
    #expect(obstacles.isEmpty, "\(obstacles)")
    #expect(plan.risks.filter(\.refusable).isEmpty, "\(plan.risks)")
    let change = try #require(plan.changes.first { $0.id == .service(service.id) })
    #expect(change.action == .replace)
    let steps = schedule(plan.changes).flatMap { batch in batch.steps.map { (batch.stage, $0.change) } }
    let states = steps.filter { $0.1.id == change.id }.map { ($0.0, $0.1.after?.service?.state) }
    #expect(states.map(\.0) == [.prepare, .serve] && states.map(\.1) == [.stopped, .running])
    #expect(steps.contains { $0.0 == .free && $0.1.id == .link(Self.tap) })
    // With something plugged in that is a risk, of the switch alone.
    service.inUse = true
    let plugged = try planner("", on: host([.link(tap), .service(service)])).plan().plan
    #expect(plugged.risks.filter(\.refusable).map(\.object) == [ObjectID.service(service.id).description])
  }

  @Test("a TAP that somebody else holds is none that a switch could open; one that its own switch holds is")
  func held() throws {
    let first = try planner("", on: host()).target
    var tap = try #require(first.wanted.link(Self.tap))
    tap.facts = LinkFacts()
    tap.facts?.carrier = true
    #expect(
      try planner("", on: host([.link(tap)])).target.obstacles.map(\.message)
        == ["a process holds 'web-eth0', which the switch is to open"])
    var service = try #require(Array(first.wanted.services).first)
    service.state = .stopped
    service.inUse = false
    #expect(try planner("", on: host([.link(tap), .service(service)])).target.obstacles.isEmpty)
  }
}
