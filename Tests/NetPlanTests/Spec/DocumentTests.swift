import NetPlan
import Testing

/// The pages that promise to be complete.
@Suite("Documents")
struct DocumentTests {
  static let root = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()

  static func page(_ path: String) -> String {
    String(decoding: Fixture.bytes("\(root)/\(path)") ?? [], as: UTF8.self)
  }

  /// The fenced blocks of YAML, with the line each starts at.
  static func blocks(_ path: String) -> [(line: Int, text: String)] {
    var blocks: [(line: Int, text: String)] = []
    var open: Int?
    for (index, line) in page(path).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line == "```yaml" {
        open = index + 2
        blocks.append((index + 2, ""))
      } else if line == "```" {
        open = nil
      } else if open != nil {
        blocks[blocks.count - 1].text += line + "\n"
      }
    }
    return blocks
  }

  static let pages =
    (["README.md"] + Fixture.list(root + "/docs").filter { $0.hasSuffix(".md") }.map { "docs/" + $0 })
    .filter { !blocks($0).isEmpty }

  @Test("the stages of an apply stand in their table, in their order")
  func stages() {
    let table = Self.page("docs/atomicity.md").split(separator: "\n").drop { !$0.hasPrefix("| stage |") }
      .prefix { $0.hasPrefix("|") }
    let rows = table.filter { $0.hasPrefix("| `") }
      .compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
    #expect(rows == Stage.allCases.map { "\($0)" })
  }

  @Test("every YAML block of a page is a sound configuration", arguments: pages)
  func blocksAreSound(_ path: String) {
    for block in Self.blocks(path) {
      let padding = String(repeating: "\n", count: block.line - 1)
      do throws(ConfigurationError) {
        _ = try Configuration.load(
          [SourceFile(path: path, text: padding + block.text)], defaultName: "page",
          seed: Seed(machineID: "m"))
      } catch {
        Issue.record("\(error.text)")
      }
    }
  }

  @Test("every key of the language stands in the reference, and in an example of it")
  func everyKey() throws {
    let text = Self.page("docs/spec.md")
    let examples = Self.blocks("docs/spec.md").map(\.text).joined()
    guard case .object(let definitions)? = Schema.json["$defs"] else {
      Issue.record("no definitions")
      return
    }
    var tables = [Schema.json]
    for definition in definitions { tables += definition.value["anyOf"]?.array ?? [] }
    var count = 0
    for case .object(let properties)? in tables.map({ $0["properties"] }) {
      for property in properties {
        count += 1
        #expect(text.contains("`\(property.name)`"), "\(property.name) is not in the reference")
        #expect(
          ["{\(property.name):", " \(property.name):", "\n\(property.name):"].contains {
            examples.contains($0)
          },
          "\(property.name) has no example")
      }
    }
    #expect(count > 150)
  }

  @Test("every code of a diagnostic stands in its table, and nothing else does")
  func everyCode() {
    let rows = Self.page("docs/diagnostics.md").split(separator: "\n").filter { $0.hasPrefix("| `") }
    let codes = rows.compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
    #expect(codes == DiagnosticCode.allCases.map(\.rawValue))
  }

  @Test(
    "every example is a sound configuration",
    arguments: Fixture.list(root + "/examples").filter { $0.hasSuffix(".conf") })
  func examples(_ name: String) throws {
    let bytes = try #require(Fixture.bytes("\(Self.root)/examples/\(name)"))
    do throws(ConfigurationError) {
      let loaded = try Configuration.load(
        [SourceFile(path: name, bytes: bytes)], defaultName: String(name.dropLast(5)),
        seed: Seed(machineID: "m"))
      #expect(loaded.warnings.isEmpty)
    } catch {
      Issue.record("\(error.text)")
    }
  }
}
