extension Graph {
  /// For Markdown as GitHub, GitLab and others show it (mermaid.js.org, "Flowcharts").
  package var mermaid: String {
    var out = "flowchart LR\n"
    for (place, node) in nodes.enumerated() {
      let (open, close) = node.kind.brackets
      out += "  n\(place)\(open)\"\(node.text.map(Graph.mermaid).joined(separator: "<br/>"))\"\(close)\n"
    }
    for edge in edges {
      let (open, close) = edge.isRouted ? ("-.", ".-") : ("--", "---")
      out += "  n\(edge.from) \(open) \"\(Graph.mermaid(edge.label))\" \(close) n\(edge.to)\n"
    }
    for mark in Mark.allCases {
      let marked = nodes.indices.filter { nodes[$0].mark == mark }.map { "n\($0)" }
      let lines = edges.indices.filter { edges[$0].mark == mark }.map(String.init)
      let dashes = mark == .deleted ? ",stroke-dasharray:5 4" : ""
      if !marked.isEmpty {
        out += "  classDef \(mark.rawValue) stroke:\(mark.colour),stroke-width:2px\(dashes)\n"
        out += "  class \(marked.joined(separator: ",")) \(mark.rawValue)\n"
      }
      if !lines.isEmpty {
        out += "  linkStyle \(lines.joined(separator: ",")) stroke:\(mark.colour),stroke-width:2px\(dashes)\n"
      }
    }
    return out
  }

  /// Letters, digits and what means nothing there as they are, everything else by its number: `#35;` is Mermaid's way.
  private static func mermaid(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", " ", ".", ",", ":", "/", "(", ")", "-", "…", "×": String(scalar)
      case _ where scalar.value > 0xbf && scalar.properties.isAlphabetic: String(scalar)
      default: "#\(scalar.value);"
      }
    }.joined()
  }
}

extension Graph.Mark {
  /// Seen on white and on black.
  var colour: String {
    switch self {
    case .created: "#2da44e"
    case .changed: "#bf8700"
    case .deleted: "#cf222e"
    case .replaced: "#8250df"
    }
  }
}

extension Graph.Kind {
  fileprivate var brackets: (String, String) {
    switch self {
    case .hardware: ("[/", "/]")
    case .host: ("([", "])")
    case .network: ("{{", "}}")
    case .portGroup: ("(", ")")
    case .vm: ("[", "]")
    }
  }
}
