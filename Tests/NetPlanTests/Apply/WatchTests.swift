import NetPlan
import Testing

/// A foreign hand on the objects of a plan while it is carried out.
@Suite("Foreign hands")
struct WatchTests {
  static let name = LinkName("eth0")!
  let machine = Machine(RandomHost.make(1))

  /// Sets the MTU of a link from 1500 or so to 1400.
  private func apply(hearing notice: (Link) -> Notice) -> (Ending, isAsBefore: Bool) {
    let before = machine.kernel.observe().state
    let link = before.link(Self.name)!
    var wanted = link
    wanted.mtu = 1400
    let plan = Plan(name: "lab", changes: [Change(before: .link(link), after: .link(wanted))])
    machine.notices = [notice(link)]
    let ending = machine.apply(plan, before: before)
    return (ending, machine.kernel.observe().state == before)
  }

  private func link(_ link: Link, mtu: Int) -> Notice {
    var seen = link
    seen.mtu = mtu
    return Notice(.link(seen), isGone: false, by: .unknown)
  }

  @Test("a planned attribute with a value of nobody's ends the run, which is undone")
  func foreignValue() throws {
    let (ending, isAsBefore) = apply { link($0, mtu: 1280) }
    guard case .undone(let cause) = ending else { throw Failure(ending) }
    #expect(cause.count == 1)
    #expect(cause[0].operation == "watch link/eth0")
    #expect(cause[0].message.contains("set mtu to 1280"), "\(cause[0])")
    #expect(cause[0].message.contains("1400"), "\(cause[0])")
    #expect(isAsBefore)
  }

  @Test("the values before and after are the run's own", arguments: [true, false])
  func ownValue(after: Bool) {
    let (ending, _) = apply { link($0, mtu: after ? 1400 : $0.mtu!) }
    #expect(ending == .done(warnings: []))
  }

  @Test("a link of the plan that somebody removes ends the run")
  func removed() throws {
    let (ending, _) = apply { Notice(.link($0), isGone: true, by: .unknown) }
    guard case .undone(let cause) = ending else { throw Failure(ending) }
    #expect(cause.map(\.operation) == ["watch link/eth0"])
  }

  @Test("what others do to objects outside the plan is theirs")
  func elsewhere() {
    let (ending, _) = apply { link in
      var other = link
      other.name = LinkName("eth1")!
      other.mtu = 1280
      return Notice(.link(other), isGone: false, by: .others)
    }
    #expect(ending == .done(warnings: []))
  }

  private struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ ending: Ending) { description = "\(ending)" }
  }
}
