import NetPlan
import Testing

@Suite("Plan text")
struct PlanTextTests {
  private static func taps(_ count: Int, of stem: String = "run", width: Int = 4) -> [Change] {
    (1...count).map { number in
      let digits = String(number)
      let name = "\(stem)-\(String(repeating: "0", count: width - digits.count))\(digits)-eth0"
      var link = Link(name: LinkName(name)!, kind: .tap)
      link.mtu = 1500
      link.master = .link(LinkName("lab")!)
      return Change(before: nil, after: .link(link))
    }
  }

  @Test("alike lines of a count are one, with how many they are")
  func folded() {
    let changes = Self.taps(1000, of: "run", width: 4)
    let reasons = changes.map { ($0.id, "vms.\($0.after!.link!.name.text.dropLast(5)).nics.eth0") }
    let plan = Plan(
      name: "lab", changes: changes, reasons: Dictionary(reasons, uniquingKeysWith: { first, _ in first }))
    #expect(
      plan.text() == """
        + tap run-{0001…1000}-eth0  master lab, mtu 1500  (1000)
        Plan: 1000 to create, 0 to change, 0 to delete.

        """)
  }

  @Test("the ledger is shown where nothing else changes, and only there")
  func ledgerAlone() {
    let former = Former(
      id: FormerID(object: "link/eth0", attribute: "up"), value: "false", set: "true", users: ["lab"])
    let kept = Change(before: nil, after: .former(former))
    let text = Plan(name: "lab", changes: [kept]).text()
    #expect(
      text.hasPrefix("+ ledger link/eth0") && text.hasSuffix("Plan: 1 to create, 0 to change, 0 to delete.\n")
    )
    #expect(!Plan(name: "lab", changes: Self.taps(1) + [kept]).text().contains("ledger"))
  }

  @Test("--full lists each of them")
  func full() {
    let plan = Plan(name: "lab", changes: Self.taps(20))
    let lines = plan.text(TextStyle(full: true)).split(separator: "\n")
    #expect(lines.count == 21)
    #expect(lines[9] == "+ tap run-0010-eth0  master lab, mtu 1500")
  }

  @Test("two alike lines stay two, and what differs in more than a number is not folded")
  func notFolded() {
    #expect(Plan(name: "lab", changes: Self.taps(2)).text().split(separator: "\n").count == 3)
    var changes = Self.taps(6)
    for index in changes.indices where index % 2 == 0 {
      guard case .link(var link)? = changes[index].after else { continue }
      link.master = .link(LinkName("other")!)
      changes[index] = Change(before: nil, after: .link(link))
    }
    #expect(Plan(name: "lab", changes: changes).text().split(separator: "\n").count == 7)
  }

  @Test("a plan without changes says so")
  func empty() {
    #expect(Plan(name: "lab", changes: []).text() == "No changes.\n")
    #expect(Plan(name: "lab", changes: []).summary.text == "No changes.")
  }

  @Test("the ledger and the settings of a new link are no lines of their own")
  func hidden() {
    var link = Link(name: LinkName("lab")!, kind: .bridge)
    link.mtu = 1500
    let setting = Sysctl(key: SysctlKey(family: .ipv6, link: link.name, name: "accept_ra"), value: "0")
    let former = Former(
      id: FormerID(object: "link/eth0", attribute: "up"), value: "false", set: "true", users: ["lab"])
    let plan = Plan(
      name: "lab",
      changes: [.link(link), .sysctl(setting), .former(former)].map { Change(before: nil, after: $0) })
    #expect(plan.text() == "+ bridge lab  mtu 1500\nPlan: 1 to create, 0 to change, 0 to delete.\n")
  }

  @Test("each action has its symbol, what it interrupts stands below, risks at the end")
  func symbols() {
    let plan = Self.mixed
    #expect(
      plan.text() == """
        + bridge a  mtu 1500
        - tap b
        ~ tap c  mtu 1500 → 9000
            interrupts: its VM
        -/+ tap d  multi_queue false → true
        ! in-use link/b: a process holds it (refused until accepted)
            shut it down first
        ! foreign-object link/x: it is not ours (notice)
        Plan: 1 to create, 1 to change, 1 to delete, 1 to replace.

        """)
  }

  private static var mixed: Plan {
    func link(_ name: String, _ kind: Link.Kind = .tap, mtu: Int = 1500, queues: Bool = false) -> Object {
      var link = Link(name: LinkName(name)!, kind: kind)
      link.mtu = mtu
      if kind == .tap { link.tap.multiQueue = queues }
      return .link(link)
    }
    var plan = Plan(
      name: "lab",
      changes: [
        Change(before: nil, after: link("a", .bridge)), Change(before: link("b"), after: nil),
        Change(before: link("c"), after: link("c", mtu: 9000)),
        Change(before: link("d"), after: link("d", queues: true)),
      ])
    plan.interruptions[.link(LinkName("c")!)] = ["its VM"]
    plan.risks = [
      Risk("in-use", object: "link/b", "a process holds it", remedy: "shut it down first"),
      Risk("foreign-object", object: "link/x", "it is not ours", refusable: false),
    ]
    return plan
  }

  @Test("on a terminal each line has the colour of its action")
  func colour() {
    let text = Self.mixed.text(TextStyle(colour: true))
    #expect(text.contains("\u{1b}[32m+ bridge a  mtu 1500\u{1b}[0m\n"))
    #expect(text.contains("\u{1b}[31m- tap b\u{1b}[0m\n"))
    #expect(!Self.mixed.text().contains("\u{1b}"))
  }

  @Test("Markdown shows the plan as a diff and the risks as a table")
  func markdown() {
    #expect(
      Self.mixed.markdown == """
        ### Network plan for `lab`

        ```diff
        + + bridge a  mtu 1500
        - - tap b
        ! ~ tap c  mtu 1500 → 9000
        #     interrupts: its VM
        - -/+ tap d  multi_queue false → true
        ```

        **Plan: 1 to create, 1 to change, 1 to delete, 1 to replace.**

        | risk | object | what | accepted |
        |---|---|---|---|
        | `in-use` | `link/b` | a process holds it | **no** |
        | `foreign-object` | `link/x` | it is not ours | notice |

        """)
  }

  @Test("a saved plan is the plan again, and is stale on a host where an object of it changed")
  func saved() throws {
    let plan = Self.mixed
    let json = try JSON(parsing: Array(plan.savedJSON.text(indent: 1).utf8))
    let read = try #require(Plan(savedJSON: json))
    #expect(read.changes == plan.changes)
    #expect(read.risks == plan.risks)
    #expect(read.interruptions.filter { !$0.value.isEmpty } == plan.interruptions)
    var state = State(plan.changes.compactMap(\.before))
    #expect(plan.stale(on: state).isEmpty)
    guard case .link(var link)? = state[.link(LinkName("c")!)] else { return }
    link.mtu = 1400
    state.insert(.link(link))
    #expect(plan.stale(on: state) == ["link/c"])
  }

  @Test("a snapshot reads back as the host it shows")
  func snapshot() throws {
    for seed in 1...30 as ClosedRange<UInt64> {
      let host = RandomHost.make(seed).observe()
      let read = Observation(json: try JSON(parsing: Array(host.json().text(indent: 1).utf8)))
      #expect(read == host)
    }
  }
}
