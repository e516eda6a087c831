import Glibc
import NetPlan
import Testing

/// `Fixtures/plan/CASE`: a configuration, a recorded host, and what the plan looks like to people and programs.
struct PlanFixture: Sendable, CustomTestStringConvertible {
  let name: String
  private static let root =
    #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/Fixtures/plan"

  static let all = Fixture.list(root).map(PlanFixture.init)

  var testDescription: String { name }
  private func path(_ file: String) -> String { "\(PlanFixture.root)/\(name)/\(file)" }

  func bytes(_ file: String) throws -> [UInt8] { try #require(Fixture.bytes(path(file)), "\(name)/\(file)") }

  func load() throws -> Loaded {
    let source = SourceFile(path: "config.conf", bytes: try bytes("config.conf"))
    return try Configuration.load(
      [source], defaultName: name, seed: Seed(machineID: host().facts.machineID ?? ""))
  }

  func host() throws -> Observation {
    try #require(Observation(json: JSON(parsing: bytes("host.json"))), "host.json is no snapshot")
  }

  /// Compares with the file; with UPDATE_FIXTURES=1 in the environment rewrites it instead.
  func expect(_ text: String, _ file: String, _ location: SourceLocation = #_sourceLocation) {
    if getenv("UPDATE_FIXTURES") != nil {
      let descriptor = open(path(file), O_WRONLY | O_CREAT | O_TRUNC, 0o644)
      let bytes = Array(text.utf8)
      #expect(write(descriptor, bytes, bytes.count) == bytes.count)
      close(descriptor)
      return
    }
    let expected = Fixture.bytes(path(file)).map { String(decoding: $0, as: UTF8.self) }
    #expect(text == expected, "\(name)/\(file)", sourceLocation: location)
  }
}

@Suite("Plans against recorded hosts")
struct PlanFixtureTests {
  @Test("a plan reads exactly so, as text, JSON and Markdown", arguments: PlanFixture.all)
  func rendered(_ fixture: PlanFixture) throws {
    let loaded = try fixture.load()
    let (plan, obstacles) = Planner(topology: loaded.topology, host: try fixture.host()).plan()
    guard obstacles.isEmpty else {
      fixture.expect(obstacles.map(\.diagnostic).text(loaded.files), "plan.txt")
      return
    }
    fixture.expect(plan.text(), "plan.txt")
    fixture.expect(plan.json.text(indent: 2) + "\n", "plan.json")
    fixture.expect(plan.markdown, "plan.md")
  }

  @Test("`--only` takes along the number of functions of a NIC, and not the functions of others")
  func onlyDivided() throws {
    let fixture = try #require(PlanFixture.all.first { $0.name == "sriov" })
    var planner = Planner(topology: try fixture.load().topology, host: try fixture.host())
    planner.only = ["old"]
    let (plan, obstacles) = planner.plan()
    #expect(obstacles.isEmpty)
    let lines = plan.text().split(separator: "\n").map(String.init)
    #expect(lines.contains { $0.hasPrefix("~ link eth1 ") && $0.contains("vfs 0 → 4") })
    #expect(lines.filter { $0.hasPrefix("+ vf ") }.count == 1)
    #expect(plan.changes.contains { $0.after?.former?.id.object == "link/eth1" })
    #expect(!lines.contains { $0.contains("eth1v0") || $0.contains("jail") })
  }

  @Test("a recorded host reads back as it was written", arguments: PlanFixture.all)
  func snapshot(_ fixture: PlanFixture) throws {
    let host = try fixture.host()
    #expect(try Observation(json: JSON(parsing: Array(host.json().text().utf8))) == host)
  }

  @Test("there are a dozen of them")
  func number() { #expect(PlanFixture.all.count >= 12) }
}
