import Glibc
import Testing
import Witness

@Suite("the pages, as they are written")
struct ReadmeTests {
  static let pages = ["README.md", "docs/atomicity.md"].map(Page.init)

  @Test("every configuration shown passes check", arguments: pages)
  func configurations(page: Page) throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    let shown = try page.blocks("yaml").map(\.text) + page.rows
    #expect(page.name != "README.md" || shown.count > 10)
    for text in shown {
      let outcome = try run([Tools.vnetApply, "check", files.write("shown.conf", text)])
      #expect(outcome.code == 0, "\(page.name) shows:\n\(text)\n\(outcome)")
    }
  }

  @Test(
    "every command shown ends as shown and prints what is shown, in the order of the page",
    .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)), arguments: pages)
  func commands(page: Page) throws {
    try Host.with { host in
      try host.space.ip(
        """
        route del default via 2001:db8::1 dev eth1
        addr del 2001:db8::10/64 dev eth1
        """)
      for block in try page.blocks("yaml") {
        if let name = block.file { try host.files.write(name, block.text) }
      }
      let commands = try page.commands
      #expect(page.name != "README.md" || commands.count > 10)
      for command in commands {
        let outcome = try host.space.run(
          ["env", "-C", host.files.path, Tools.vnetApply] + command.words.dropFirst())
        #expect(outcome.code == command.code, "\(page.name): \(outcome)")
        guard let output = command.output else { continue }
        let printed = outcome.output.lines.map(\.withoutChance).filter { $0 != "" }
        expectShown(output.map(\.withoutChance), printed, "\(page.name): \(outcome)")
      }
    }
  }

  @Test(
    "the host of nothing that README.md offers for a try is made, used and gone as it is written",
    .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
  func hostOfNothing() throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    let page = Page(name: "README.md")
    for block in try page.blocks("yaml") {
      if let name = block.file { try files.write(name, block.text) }
    }
    let block = try #require(page.blocks("sh").first { $0.text.contains("ip netns add h\n") })
    // Another run of this test, or a host of nothing that somebody tries, may be there under the same name.
    let name = "vt-\(getpid())-h"
    defer { _ = try? run(["ip", "netns", "delete", name]) }
    let script = block.text.replacing(/\bh\b/, with: name).replacing("vnet-apply ", with: "\"$0\" ")
    let outcome = try run(["env", "-C", files.path, "sh", "-ec", script, Tools.vnetApply])
    expect(outcome, exits: 0)
    #expect(outcome.stdout.lines.contains("Applied."), "\(outcome)")
    #expect(try !must(["ip", "netns", "list"]).lines.contains { $0.words.first == name })
  }

  /// `…` on a line of its own stands for lines left out.
  private func expectShown(_ shown: [String], _ printed: [String], _ comment: String) {
    var rest = printed[...]
    var skips = false
    for line in shown {
      if line == "…" {
        skips = true
        continue
      }
      if skips { rest = rest.drop { $0 != line } }
      #expect(rest.first == line, "\(comment)")
      guard rest.first == line else { return }
      rest = rest.dropFirst()
      skips = false
    }
    #expect(skips || rest.isEmpty, "\(rest) is not shown; \(comment)")
  }
}

/// A page of documentation.
struct Page: Sendable, CustomTestStringConvertible {
  let name: String

  struct Block {
    let language: String
    let lines: [String]
    var text: String { lines.joined(separator: "\n") + "\n" }

    /// The name in a first line `# NAME.conf`.
    var file: String? {
      guard let words = lines.first?.words, words.count == 2, words[0] == "#" else { return nil }
      return words[1]
    }
  }

  struct Command {
    let words: [String]
    var code: Int32 = 0
    /// What it prints; nil where that is not shown.
    var output: [String]?
  }

  var testDescription: String { name }

  var lines: [String] {
    get throws { try must(["cat", "\(Tools.repository)/\(name)"]).lines }
  }

  private var allBlocks: [Block] {
    get throws {
      var blocks: [Block] = []
      var open: (language: String, lines: [String])?
      for line in try lines {
        if let block = open {
          if line == "```" {
            blocks.append(Block(language: block.language, lines: block.lines))
            open = nil
          } else {
            open?.lines.append(line)
          }
        } else if line.hasPrefix("```") {
          open = (String(line.dropFirst(3)), [])
        }
      }
      return blocks
    }
  }

  func blocks(_ languages: String...) throws -> [Block] {
    try allBlocks.filter { languages.contains($0.language) }
  }

  /// The configurations in code spans of table rows; those of one row are one configuration.
  var rows: [String] {
    get throws {
      try lines.filter { $0.hasPrefix("| ") }.compactMap { row in
        let spans = row.split(separator: "`").filter { $0.hasPrefix("networks: ") || $0.hasPrefix("vms: ") }
        return spans.isEmpty ? nil : spans.joined(separator: "\n") + "\n"
      }
    }
  }

  /// `$ vnet-apply …` with its output and `(exit N)` in console blocks, `vnet-apply … # exit N` in sh blocks.
  var commands: [Command] {
    get throws {
      var commands: [Command] = []
      for block in try blocks("console", "sh") {
        for line in block.lines {
          if block.language == "sh" {
            // One inside another namespace is part of a script.
            guard line.hasPrefix("vnet-apply "), !line.contains("--netns") else { continue }
            let parts = line.split(separator: "#").map { String($0).words }
            var command = Command(words: parts[0])
            if parts.count > 1, parts[1].first == "exit", let code = Int32(parts[1][1]) {
              command.code = code
            }
            commands.append(command)
          } else if line.hasPrefix("$ ") {
            commands.append(Command(words: Array(line.words.dropFirst()), output: []))
          } else if line.hasPrefix("(exit "), let code = Int32(line.dropFirst(6).dropLast()) {
            commands[commands.count - 1].code = code
          } else {
            commands[commands.count - 1].output?.append(line)
          }
        }
      }
      return commands
    }
  }
}

extension String {
  /// Derived MACs follow from the machine id.
  /// Without addresses that were chosen, and moments.
  fileprivate var withoutChance: String {
    replacing(/[0-9a-f]{2}(:[0-9a-f]{2}){5}/, with: "MAC")
      .replacing(/([0-9]{4}-[0-9]{2}-[0-9]{2}T)?[0-9]{2}:[0-9]{2}:[0-9]{2}Z?/, with: "TIME")
  }
}
