import Glibc
import NetPlan
import Testing

/// What the random runs do not show: errors that last, and what is said of them.
@Suite("Transaction")
struct TransactionTests {
  private static let text = """
    name: lab
    networks: {office: {uplink: eth0}}
    vms: {a: {nics: {e0: {network: office}, e1: {mode: tap, address: 172.16.0.2}}}}
    """

  private static func situation() throws -> (SimulatedKernel, Plan, Observation) {
    let kernel = RandomHost.make(11)
    let topology = try TopologyTests.load(text)
    let host = kernel.observe()
    let (plan, obstacles) = Planner(topology: topology, host: host).plan()
    try #require(obstacles.isEmpty && !plan.isEmpty)
    return (kernel, plan, host)
  }

  @Test("tables are made at the same time as links, unless something that relies on them comes in between")
  func tablesBesideLinks() throws {
    let table = Change(
      before: nil, after: .table(Table(id: TableID(family: .bridge, name: "vnet-lab"))))
    var link = Link(name: LinkName("a")!, kind: .tap)
    link.alias = "vnet:lab/a/eth0"
    let tap = Change(before: nil, after: .link(link))
    let first = schedule([tap, table])[0]
    #expect(first.stage == .create && first.steps.map(\.change.id) == [table.id, tap.id])
    let forwarding = Change(
      before: .sysctl(Sysctl(key: .ipv6ForwardingOfAll, value: "0")),
      after: .sysctl(Sysctl(key: .ipv6ForwardingOfAll, value: "1")))
    #expect(schedule([tap, table, forwarding]).prefix(3).map(\.stage) == [.filter, .forward, .create])
    let zone = Change(before: nil, after: .zone(ZoneBinding(interface: link.name, zone: "trusted")))
    #expect(schedule([tap, table, zone]).prefix(2).map(\.stage) == [.filter, .create])
  }

  @Test("a full disk stops the run while nothing has changed")
  func fullDisk() throws {
    let (kernel, plan, host) = try Self.situation()
    for event in 0..<4 {
      let machine = Machine(kernel, faults: [.init(.refused, at: event)])
      guard case .undone(let cause) = machine.apply(plan, before: host.state) else {
        Issue.record("it was not undone")
        return
      }
      #expect([EACCES, ENOSPC, EIO].contains(cause[0].errno))
      #expect(machine.kernel.differences(from: kernel).isEmpty)
      #expect(!machine.hasJournal)
    }
  }

  @Test("a request to stop between batches takes everything back")
  func interrupted() throws {
    let (kernel, plan, host) = try Self.situation()
    for patience in 0..<12 {
      let machine = Machine(kernel)
      var left = patience
      var transaction = Transaction(
        host: SimulatedHost(machine), store: SimulatedStore(machine),
        isInterrupted: {
          left -= 1
          return left < 0
        })
      let ending = transaction.apply(plan, before: host.state)
      #expect(ending == .undone(cause: [.interrupted]))
      #expect(machine.kernel.differences(from: kernel).isEmpty)
    }
  }

  @Test(
    "a way back that fails for good is said object by object, and recovery completes it once the cause is gone"
  )
  func stuck() throws {
    let (kernel, plan, host) = try Self.situation()
    let undisturbed = Machine(kernel)
    _ = undisturbed.apply(plan, before: host.state)
    var stuck = 0
    for event in stride(from: 6, to: undisturbed.events - 6, by: 3) {
      let machine = Machine(kernel, faults: [.init(.refused, event..<Int.max)])
      guard case .stuck(let cause, _, _) = machine.apply(plan, before: host.state) else { continue }
      stuck += 1
      #expect(!cause.isEmpty)
      #expect(machine.undecided != nil, "without its journal nothing could finish it")
      machine.restart()
      let recovery = try machine.recover()
      #expect(recovery == .undone(name: "lab"))
      #expect(machine.kernel.differences(from: kernel).isEmpty)
      #expect(!machine.hasJournal)
    }
    #expect(stuck > 3)
  }

  @Test("what remains after a way back that failed names each object that differs")
  func remaining() throws {
    let (kernel, plan, host) = try Self.situation()
    let undisturbed = Machine(kernel)
    _ = undisturbed.apply(plan, before: host.state)
    for event in 6..<undisturbed.events - 6 {
      // Requests fail from here on, but the host can be looked at now and then.
      let machine = Machine(
        kernel, faults: (event..<event + 200).filter { $0 % 7 != 0 }.map { .init(.refused, at: $0) })
      guard case .stuck(_, let remaining, _) = machine.apply(plan, before: host.state) else { continue }
      // A link's forwarding is a setting as well, and one of the two names it.
      let named = Set(
        remaining.flatMap { change in
          [change.before, change.after].compactMap { $0 }.flatMap { object in
            [object.id.description] + (object.sysctl == nil ? [] : object.links.map { "link/\($0)" })
          }
        })
      for line in machine.kernel.differences(from: kernel)
      where line.hasPrefix("link/") || line.hasPrefix("route/") {
        #expect(named.contains { line.hasPrefix($0 + ":") }, "\(line) is not named")
      }
    }
  }

  @Test("recovery of a damaged journal says so and touches nothing")
  func damaged() throws {
    let (kernel, plan, host) = try Self.situation()
    let machine = Machine(kernel, faults: [.init(.killed, at: 14)])
    _ = machine.apply(plan, before: host.state)
    let before = machine.kernel
    machine.undecided![0] = UInt8(ascii: "}")
    machine.restart()
    #expect(throws: HostError.self) { try machine.recover() }
    #expect(machine.kernel.differences(from: before).isEmpty)
    #expect(machine.hasJournal)
  }

  @Test("there is nothing to recover where nothing was left")
  func nothing() throws {
    let machine = Machine(RandomHost.make(11))
    #expect(try machine.recover() == .nothing)
  }
}
