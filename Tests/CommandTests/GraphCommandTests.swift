import Testing
import Witness

@Suite("graph")
struct GraphCommandTests {
  private static let examples =
    ((try? must(["ls", "\(Tools.repository)/examples"])) ?? "").words.map {
      "\(Tools.repository)/examples/\($0)"
    }

  private func graph(_ arguments: [String]) throws -> String {
    let outcome = try run([Tools.vnetApply, "graph"] + arguments)
    expect(outcome, exits: 0)
    return outcome.stdout
  }

  /// With what a plan makes, and without one.
  private static let ways = [["--no-plan"], ["--from", "/dev/null"]]

  @Test("Graphviz takes every example", .enabled(if: Tools.has("dot"), "needs graphviz"), arguments: examples)
  func dot(example: String) throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    for way in Self.ways {
      let file = try files.write("g.dot", graph(way + ["--format", "dot", example]))
      let outcome = try run(["dot", "-Tplain", file])
      expect(outcome, exits: 0)
      #expect(outcome.stderr == "", "\(outcome)")
      let plain = outcome.stdout.lines
      #expect(
        plain.filter { $0.hasPrefix("node ") }.count
          == (try graph(way + [example])).lines.filter { $0.contains(/^  n\d+[\[({]/) }.count)
    }
  }

  @Test(
    "an SVG is well-formed, has no script, nothing from elsewhere, and every VM of the example",
    arguments: examples)
  func svg(example: String) throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    let names = try must([
      "python3", "-c",
      "import re,sys; t=re.sub('#.*','',open(sys.argv[1]).read()); print(*re.findall(r'(?m)^  ([a-z][a-z0-9]*):', t.split('vms:')[1]))",
      example,
    ]).words
    #expect(!names.isEmpty)
    for way in Self.ways {
      let text = try graph(way + ["--format", "svg", example])
      let file = try files.write("g.svg", text)
      let words = try must([
        "python3", "-c",
        """
        import sys, xml.etree.ElementTree as E
        root = E.parse(sys.argv[1]).getroot()
        tags = {e.tag.split('}')[1] for e in root.iter()}
        assert tags <= {'svg', 'title', 'style', 'rect', 'path', 'g', 'text'}, tags
        assert not any('href' in name for e in root.iter() for name in e.attrib)
        print('\\n'.join(e.text or '' for e in root.iter() if e.tag.endswith('}text')))
        """, file,
      ])
      for name in names { #expect(words.contains(name), "\(name): \(words)") }
    }
  }

  @Test("Mermaid is the usual form, and --no-plan marks nothing")
  func mermaid() throws {
    let example = "\(Tools.repository)/examples/port-groups.conf"
    let text = try graph(["--no-plan", example])
    #expect(text.hasPrefix("flowchart LR\n"))
    #expect(!text.contains("classDef") && !text.contains("created"))
    let marked = try graph(["--from", "/dev/null", example])
    #expect(marked.contains("  classDef created "))
    #expect(try graph(["--from", example, example]).contains("classDef") == false)
  }

  @Test(
    "this host's plan is marked, or a recorded host's; after the apply nothing is",
    .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
  func hosts() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let before = try host.files.write("before.json", host.vnet("snapshot").stdout)
      let live = try host.vnet("graph", file)
      expect(live, exits: 0)
      #expect(live.stdout.contains("classDef created"), "\(live)")
      let recorded = try run([Tools.vnetApply, "graph", "--against", before, file])
      #expect(recorded.stdout == live.stdout)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try !host.vnet("graph", file).stdout.contains("classDef"))
    }
  }

  @Test(
    "a host that cannot have it ends as plan does, and says what draws it all the same",
    .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
  func lacking() throws {
    try Host.with { host in
      let file = try host.files.write("q.conf", "networks: {n: {uplink: eth77}}\n")
      let outcome = try host.vnet("graph", file)
      expect(outcome, exits: 69)
      #expect(outcome.stderr.contains("eth77") && outcome.stderr.contains("--no-plan"), "\(outcome)")
      expect(try host.vnet("graph", "--no-plan", file), exits: 0)
    }
  }

  @Test(
    "what excludes each other is refused",
    arguments: [
      ["--no-plan", "--against", "x"], ["--no-plan", "--from", "x"], ["--from", "x", "--netns", "h"],
    ])
  func usage(words: [String]) throws {
    expect(try run([Tools.vnetApply, "graph"] + words + ["/dev/null"]), exits: 64)
  }
}
