extension Graph {
  /// A picture by itself: no script, no font or image from elsewhere, its own paper in light and dark.
  package var svg: String {
    let layout = GraphLayout(self)
    let size =
      "width=\"\(layout.width)\" height=\"\(layout.height)\" viewBox=\"0 0 \(layout.width) \(layout.height)\""
    var out = "<svg xmlns=\"http://www.w3.org/2000/svg\" \(size) role=\"img\">\n"
    out += "<title>\(Graph.xml("The network of \(name)"))</title>\n<style>\n\(Graph.style)</style>\n"
    out += "<rect class=\"paper\" width=\"\(layout.width)\" height=\"\(layout.height)\"/>\n"
    for (edge, line) in zip(edges, layout.lines) { out += Graph.path(edge, line) }
    for (node, box) in zip(nodes, layout.boxes) { out += Graph.box(node, box) }
    // Above all lines.
    for (edge, line) in zip(edges, layout.lines) where !edge.label.isEmpty {
      let end = line[line.count - 1]
      out += "<text class=\"label\" x=\"\(end.x - 6)\" y=\"\(end.y - 4)\">\(Graph.xml(edge.label))</text>\n"
    }
    return out + "</svg>\n"
  }

  private static func path(_ edge: Edge, _ line: [GraphLayout.Point]) -> String {
    var way = "M\(line[0].x) \(line[0].y)"
    for place in stride(from: 1, to: line.count, by: 2) {
      let (a, b) = (line[place - 1], line[place])
      let middle = (a.x + b.x) / 2
      way += " C\(middle) \(a.y) \(middle) \(b.y) \(b.x) \(b.y)"
      if place + 1 < line.count { way += " H\(line[place + 1].x)" }
    }
    let classes = ["line", edge.isRouted ? "routed" : nil, edge.mark?.rawValue].compactMap(\.self)
    return "<path class=\"\(classes.joined(separator: " "))\" d=\"\(way)\"/>\n"
  }

  private static func box(_ node: Node, _ box: GraphLayout.Box) -> String {
    let classes = ["box", "\(node.kind)", node.mark?.rawValue].compactMap(\.self).joined(separator: " ")
    var out = "<g class=\"\(classes)\">\n"
    let place = "width=\"\(box.width)\" height=\"\(box.height)\" rx=\"\(node.kind == .host ? 14 : 4)\""
    if node.count > 1 { out += "<rect x=\"\(box.x + 4)\" y=\"\(box.y + 4)\" \(place)/>\n" }
    out += "<rect x=\"\(box.x)\" y=\"\(box.y)\" \(place)/>\n"
    let left = box.x + GraphLayout.padding
    var y = box.y + GraphLayout.padding + 12
    for (number, line) in node.text.enumerated() {
      let isMark = number == node.text.count - 1 && node.mark != nil
      let kind = number == 0 ? "title" : isMark ? "mark" : "word"
      // What begins with spaces is set in.
      let spaces = line.prefix { $0 == " " }.count
      let x = left + Int((Double(spaces) * GraphLayout.letter).rounded())
      out += "<text class=\"\(kind)\" x=\"\(x)\" y=\"\(y)\">\(xml(String(line.dropFirst(spaces))))</text>\n"
      y += GraphLayout.lineHeight
    }
    return out + "</g>\n"
  }

  /// XML 1.0 has no characters below a space but tab and the ends of lines.
  private static func xml(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      switch scalar {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\"": "&quot;"
      case _ where scalar.value < 0x20 || (0xfffe...0xffff).contains(scalar.value): "\u{fffd}"
      default: String(scalar)
      }
    }.joined()
  }

  private static let style = """
    text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2328; }
    .title { font-weight: bold; }
    .label { text-anchor: end; font-size: 11px; fill: #59636e; paint-order: stroke; stroke: #ffffff; stroke-width: 3px; }
    .paper { fill: #ffffff; }
    .box rect { fill: #f6f8fa; stroke: #818b98; stroke-width: 1.2; }
    .hardware rect { fill: #e4e8ed; }
    .host rect { fill: #eef6ff; }
    .network rect, .portGroup rect { fill: #eafaf0; }
    .line { fill: none; stroke: #818b98; stroke-width: 1.2; }
    .routed { stroke-dasharray: 2 3; }
    .created rect, .line.created { stroke: #1a7f37; stroke-width: 2; }
    .changed rect, .line.changed { stroke: #9a6700; stroke-width: 2; }
    .deleted rect, .line.deleted { stroke: #cf222e; stroke-width: 2; stroke-dasharray: 6 4; }
    .replaced rect, .line.replaced { stroke: #8250df; stroke-width: 2; }
    .created .mark { fill: #1a7f37; }
    .changed .mark { fill: #9a6700; }
    .deleted .mark { fill: #cf222e; }
    .replaced .mark { fill: #8250df; }
    @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .label { fill: #b7bdc8; stroke: #0d1117; }
    .paper { fill: #0d1117; }
    .box rect { fill: #161b22; stroke: #9198a1; }
    .hardware rect { fill: #2a313c; }
    .host rect { fill: #121d2f; }
    .network rect, .portGroup rect { fill: #12261e; }
    .line { stroke: #9198a1; }
    .created rect, .line.created { stroke: #3fb950; }
    .changed rect, .line.changed { stroke: #d29922; }
    .deleted rect, .line.deleted { stroke: #f85149; }
    .replaced rect, .line.replaced { stroke: #ab7df8; }
    .created .mark { fill: #3fb950; }
    .changed .mark { fill: #d29922; }
    .deleted .mark { fill: #f85149; }
    .replaced .mark { fill: #ab7df8; }
    }

    """
}
