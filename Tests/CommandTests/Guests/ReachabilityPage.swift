import Glibc
import Testing

/// docs/reachability.md: a table of what guests were seen to reach, and one of the configurations they had.
///
/// With UPDATE_FIXTURES=1 in the environment each scenario writes its row.
enum ReachabilityPage {
  private static let page = Page(name: "docs/reachability.md")

  private static let head =
    ["| NIC | " + Scenario.Way.allCases.map(\.rawValue).joined(separator: " | ") + " |"]
    + ["|---" + Scenario.Way.allCases.map { _ in "|---" }.joined() + "|"]
  private static let shownHead = ["| NIC | configuration |", "|---|---|"]

  /// The columns of VirtualBox's own table (its manual's "Overview of Networking Modes"), in its order of modes.
  private static let columns: [(String, Scenario.Way)] = [
    ("VM → host", .toHost), ("host → VM", .fromHost), ("VM1 ↔ VM2", .betweenVMs), ("VM → net/LAN", .toLAN),
    ("net/LAN → VM", .fromLAN),
  ]
  private static let virtualBoxHead = [
    "| VirtualBox's mode | here | " + columns.map(\.0).joined(separator: " | ") + " |",
    "|---|---" + columns.map { _ in "|---" }.joined() + "|",
  ]

  /// What VirtualBox's users look up, out of the rows of what was seen.
  private static func virtualBox(_ seen: [String]) -> [String] {
    virtualBoxHead
      + Scenario.all.compactMap { scenario in
        guard let mode = scenario.virtualBox,
          let row = seen.last(where: { $0.hasPrefix("| \(scenario.title) | ") })
        else { return nil }
        let answers = row.dropFirst("| \(scenario.title) | ".count).dropLast(2).split(separator: " | ")
        let ways = Scenario.Way.allCases
        let cells = columns.map { name, way in
          let answer = String(answers[ways.firstIndex(of: way)!])
          // Which `ServedTests` holds.
          return way == .fromLAN && scenario.isTranslated && answer == "no" ? "by `forward`" : answer
        }
        return "| \(mode) | \(scenario.kind) | " + cells.joined(separator: " | ") + " |"
      }
  }

  static func row(_ scenario: Scenario, _ seen: [Scenario.Way: Reach]) -> String {
    "| \(scenario.title) | "
      + Scenario.Way.allCases.map { "\(seen[$0] ?? .none)" }.joined(separator: " | ") + " |"
  }

  /// The row of what was seen stands on the page.
  static func expect(_ scenario: Scenario, _ seen: [Scenario.Way: Reach]) {
    let row = row(scenario, seen)
    do {
      if Tools.environment("UPDATE_FIXTURES") != nil { try update(scenario, row) }
      let lines = try page.lines
      #expect(
        lines.contains(row),
        "\(page.name) says something else than what was seen:\n\(row)\nUPDATE_FIXTURES=1 writes it")
    } catch {
      Issue.record(error)
    }
  }

  /// The tables, with the given rows, in the order of the scenarios.
  static func tables(_ rows: [String]) -> (seen: [String], shown: [String]) {
    let ordered = Scenario.all.compactMap { scenario in rows.last { $0.hasPrefix("| \(scenario.title) | ") } }
    return (head + ordered, shownHead + Scenario.all.map { "| \($0.title) | \($0.shown) |" })
  }

  /// The rows of the table that begins with `head`.
  static func table(_ head: String, in lines: [String]) -> [String] {
    Array(lines.drop { $0 != head }.prefix { $0.hasPrefix("|") })
  }

  /// The page has exactly the scenarios' rows and configurations.
  static func expectTables() throws {
    let lines = try page.lines
    let seen = table(head[0], in: lines)
    #expect(seen.count == head.count + Scenario.all.count)
    #expect(seen == tables(seen).seen, "UPDATE_FIXTURES=1 writes docs/reachability.md")
    #expect(
      table(shownHead[0], in: lines) == tables([]).shown, "UPDATE_FIXTURES=1 writes docs/reachability.md")
    #expect(
      table(virtualBoxHead[0], in: lines) == virtualBox(seen), "UPDATE_FIXTURES=1 writes docs/reachability.md"
    )
  }

  private static func update(_ scenario: Scenario, _ row: String) throws {
    let lines = try page.lines
    let old = table(head[0], in: lines)
    let new = tables(old + [row])
    var text = lines.joined(separator: "\n")
    for (old, new) in [
      (old, new.seen), (table(shownHead[0], in: lines), new.shown),
      (table(virtualBoxHead[0], in: lines), virtualBox(new.seen)),
    ] {
      text = text.replacing(old.joined(separator: "\n"), with: new.joined(separator: "\n"))
    }
    try must(["tee", "\(Tools.repository)/\(page.name)"], input: text)
  }
}

@Suite("docs/reachability.md")
struct ReachabilityPageTests {
  @Test("it has a row and a configuration for each scenario that is tested, and no others")
  func tables() throws { try ReachabilityPage.expectTables() }
}
