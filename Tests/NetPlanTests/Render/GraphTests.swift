import Glibc
import NetPlan
import Testing

@Suite("Drawings of topologies")
struct GraphTests {
  private func topology(_ text: String) throws -> Topology {
    let file = SourceFile(path: "lab.conf", text: text)
    return try Configuration.load([file], defaultName: "lab", seed: Seed(machineID: "")).topology
  }

  /// What the second file changes on a host that has the first.
  private func graph(from old: String, to new: String) throws -> Graph {
    let comparison = Comparison(from: try topology(old), to: try topology(new))
    let (host, obstacles) = comparison.basis()
    #expect(obstacles == [])
    let planner = Planner(topology: comparison.new, host: host)
    return Graph(comparison.new, plan: planner.plan().plan, target: planner.target)
  }

  private func node(_ title: String, _ graph: Graph) throws -> Graph.Node {
    try #require(graph.nodes.first { $0.title == title }, "\(graph.nodes.map(\.title))")
  }

  @Test("a thousand alike VMs are one node that says so, with one line")
  func folded() throws {
    let graph = Graph(
      try topology("vms: {runner: {count: 1000, nics: {eth0: {mode: tap, address: 10.9.0.1-10.9.3.232}}}}\n"))
    #expect(graph.nodes.filter { $0.kind == .vm }.count == 1)
    #expect(graph.edges.count == 1)
    let runner = try #require(graph.nodes.first { $0.kind == .vm })
    #expect(runner.caption == "runner-0001 … runner-1000 × 1000")
    #expect(runner.lines.contains("  10.9.0.1 … 10.9.3.232"), "\(runner.lines)")
  }

  @Test("what a plan creates, changes, deletes and replaces is marked, and nothing else")
  func marks() throws {
    let old = """
      networks: {office: {uplink: eth1}, lab: {address: 10.7.0.1/24}, old: {}}
      vms:
        web: {nics: {eth0: {network: office}}}
        same: {nics: {eth0: {network: office}}}
        gone: {nics: {eth0: {network: old}}}
        queued: {nics: {eth0: {network: office}}}

      """
    let new = """
      networks: {office: {uplink: eth1}, lab: {address: 10.7.0.1/24}, wide: {uplink: eth2}}
      vms:
        web: {nics: {eth0: {network: office, isolated: true}}}
        same: {nics: {eth0: {network: office}}}
        queued: {nics: {eth0: {network: office, queues: 4}}}
        fresh: {nics: {eth0: {network: wide}}}

      """
    let graph = try graph(from: old, to: new)
    #expect(try node("web", graph).mark == .changed)
    #expect(try node("same", graph).mark == nil)
    #expect(try node("gone", graph).mark == .deleted)
    #expect(try node("old", graph).mark == .deleted)
    #expect(try node("queued", graph).mark == .replaced)
    #expect(try node("fresh", graph).mark == .created)
    #expect(try node("wide", graph).mark == .created)
    #expect(try node("office", graph).mark == nil)
    #expect(try node("eth1", graph).mark == nil)
    #expect(try node("eth2", graph).mark == .changed)
    let ends = graph.edges.map {
      "\(graph.nodes[$0.from].title)-\(graph.nodes[$0.to].title) \($0.mark?.rawValue ?? "")"
    }
    #expect(
      ends.contains("eth2-wide created") && ends.contains("old-gone deleted") && ends.contains("eth1-office ")
    )
  }

  @Test("of a count that grows the new ones are a node of their own")
  func grows() throws {
    let old = "networks: {n: {}}\nvms: {w: {count: 3, nics: {eth0: {network: n}}}}\n"
    let graph = try graph(from: old, to: old.replacing("3", with: "7"))
    let vms = graph.nodes.filter { $0.kind == .vm }.map { "\($0.caption) \($0.mark?.rawValue ?? "")" }
    #expect(vms == ["w-1 … w-3 × 3 ", "w-4 … w-7 × 4 created"])
  }

  @Test("every mode hangs where its packets go")
  func modes() throws {
    let graph = Graph(
      try topology(
        """
        networks:
          office: {uplink: eth1}
          theirs: {existing: virbr0}
          servers: {network: office, vlan: 20, address: 10.20.0.1/24}
          lab: {nat: {out: eth9}}
        vms:
          a: {nics: {eth0: {network: office, vlan: 7}}}
          b: {nics: {eth0: {network: theirs}}}
          c: {nics: {eth0: {network: servers}}}
          d: {nics: {eth0: {network: lab, forward: ["8080 -> 80"]}}}
          e: {nics: {eth0: {mode: tap, address: 203.0.113.7, proxy: eth1}}}
          f: {nics: {eth0: {mode: shared}}}
          g: {nics: {eth0: {mode: shared, via: nat}}}
          h: {nics: {eth0: {mode: bridged, via: macvtap, hardware: eth5}}}

        """))
    let ends = Set(
      graph.edges.map { "\(graph.nodes[$0.from].title) -> \(graph.nodes[$0.to].title): \($0.label)" })
    #expect(
      ends == [
        "eth1 -> office: uplink, VLAN 7 20", "office -> servers: VLAN 20", "host -> servers: address",
        "host -> lab: nat out eth9", "office -> a: eth0, VLAN 7", "theirs -> b: eth0", "servers -> c: eth0",
        "lab -> d: eth0", "host -> e: eth0, proxy eth1", "host -> f: eth0", "host -> g: eth0",
        "eth5 -> h: eth0",
      ])
    #expect(try node("d", graph).lines.contains("  tcp 8080 -> 80"))
    #expect(try node("lab", graph).lines.contains("address auto"))
    #expect(try node("theirs", graph).lines.contains("existing bridge virbr0"))
  }

  /// Names and words that would mean something to each of the languages.
  private static let hostile = Graph(
    name: "a\"--]]>&<script>",
    nodes: [
      .init(kind: .network, title: "\"];end", lines: ["\\", "&amp;", "<b>#35;`</b>", "\u{1}\n]}"]),
      .init(kind: .vm, title: "1. x - y", lines: ["{{|}}", "%% click n0"], count: 2, mark: .deleted),
    ],
    edges: [.init(from: 0, to: 1, label: "\" --- n0\n&<|", mark: .created, isRouted: true)])

  @Test("nothing that is written breaks out of a label of Mermaid's")
  func mermaidLabels() {
    let text = Self.hostile.mermaid
    for line in text.split(separator: "\n").dropFirst() where line.contains("\"") {
      #expect(line.count { $0 == "\"" } == 2, "\(line)")
      let label = line.split(separator: "\"", omittingEmptySubsequences: false)[1]
      let bare = label.replacing("<br/>", with: "")
      #expect(!bare.contains { "<>&`{}[]|%\\;#".contains($0) && $0 != "#" && $0 != ";" }, "\(line)")
      #expect(bare.replacing(/#\d+;/, with: "").allSatisfy { $0 != "#" && $0 != ";" }, "\(line)")
    }
  }

  /// Whether a program takes a text on its standard input.
  private func isTaken(_ text: String, by command: String) -> Bool {
    guard let pipe = popen(command, "w") else { return false }
    fputs(text, pipe)
    return pclose(pipe) == 0
  }

  @Test("an XML parser takes what is written, whatever the words")
  func svgLabels() {
    let text = Self.hostile.svg
    #expect(!text.contains("<script") && !text.contains("<b>"))
    let parser = "python3 -c 'import sys, xml.etree.ElementTree as E; E.fromstring(sys.stdin.buffer.read())'"
    #expect(isTaken(text, by: parser), "\(text)")
  }

  @Test(
    "dot takes what is written, whatever the words",
    .enabled(if: system("command -v dot >/dev/null") == 0, "needs graphviz"))
  func dotLabels() {
    let text = Self.hostile.dot
    #expect(isTaken(text, by: "dot -Tplain | grep -c '^node ' | grep -qx 2"), "\(text)")
  }

  @Test(
    "no two boxes of a drawing overlap, all are on the paper, and no line crosses a box", arguments: 1...150)
  func layout(seed: UInt64) throws {
    let tried = TopologyCase(seed: seed, length: 2)
    var host = tried.host.observe()
    for sketch in tried.sketches {
      guard let topology = sketch.topology else { continue }
      let planner = Planner(topology: topology, host: host)
      let (plan, obstacles) = planner.plan()
      guard obstacles.isEmpty else { continue }
      let graph = Graph(topology, plan: plan, target: planner.target)
      host.state = host.state.after(plan.changes)
      check(graph, sketch.text)
      check(Graph(topology), sketch.text)
    }
  }

  private func check(_ graph: Graph, _ text: String) {
    let picture = Picture(graph.svg)
    let words = graph.nodes.flatMap(\.text).filter { !$0.isEmpty }
    #expect(picture.words.count >= words.count, "\(text)")
    #expect(picture.boxes.count == graph.nodes.count, "\(text)")
    for (place, box) in picture.boxes.enumerated() {
      #expect(
        box.x >= 0 && box.y >= 0 && box.right <= picture.width && box.bottom <= picture.height, "\(text)")
      for other in picture.boxes[..<place] { #expect(!box.overlaps(other), "\(text)\n\(graph.svg)") }
      for point in picture.points { #expect(!box.holds(point), "\(text)\n\(graph.svg)") }
    }
    for edge in graph.edges {
      #expect(graph.nodes[edge.from].kind.rawValue < graph.nodes[edge.to].kind.rawValue, "\(text)")
    }
    #expect(graph.svg == graph.svg)
  }
}

/// An SVG as far as these drawings need it, read from its text.
private struct Picture {
  struct Box {
    var x: Int
    var y: Int
    var right: Int
    var bottom: Int

    func overlaps(_ other: Box) -> Bool {
      x < other.right && other.x < right && y < other.bottom && other.y < bottom
    }

    /// Inside, not on the edge.
    func holds(_ point: (x: Double, y: Double)) -> Bool {
      Double(x) < point.x && point.x < Double(right) && Double(y) < point.y && point.y < Double(bottom)
    }
  }

  var width = 0
  var height = 0
  var boxes: [Box] = []
  var words: [String] = []
  /// On all lines, close by each other.
  var points: [(x: Double, y: Double)] = []

  init(_ svg: String) {
    if let size = svg.firstMatch(of: /width="(\d+)" height="(\d+)"/) {
      (width, height) = (Int(size.1)!, Int(size.2)!)
    }
    for group in svg.matches(of: /<g class="box[^>]*>\n((?:<rect[^>]*>\n)+)/) {
      let last = group.1.split(separator: "\n").last!
      let numbers = last.matches(of: /(?:x|y|width|height)="(\d+)"/).map { Int($0.1)! }
      boxes.append(
        Box(x: numbers[0], y: numbers[1], right: numbers[0] + numbers[2], bottom: numbers[1] + numbers[3]))
    }
    words = svg.matches(of: /<text[^>]*>([^<]*)<\/text>/).map { String($0.1) }
    for path in svg.matches(of: /d="(M[^"]*)"/) { trace(String(path.1)) }
  }

  /// `M x y`, then `C` with its two handles and `H` in turn.
  private mutating func trace(_ path: String) {
    var at = (x: 0.0, y: 0.0)
    for part in path.matches(of: /([MCH])([-0-9 ]+)/) {
      let n = part.2.split(separator: " ").map { Double($0)! }
      switch part.1 {
      case "M": at = (n[0], n[1])
      case "H":
        for step in 0...20 { points.append((at.x + (n[0] - at.x) * Double(step) / 20, at.y)) }
        at.x = n[0]
      default:
        for step in 1..<20 {
          let t = Double(step) / 20
          let u = 1 - t
          let (a, b, c, d) = (u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t)
          points.append(
            (a * at.x + b * n[0] + c * n[2] + d * n[4], a * at.y + b * n[1] + c * n[3] + d * n[5]))
        }
        at = (n[4], n[5])
      }
    }
  }
}
