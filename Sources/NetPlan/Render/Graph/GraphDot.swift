extension Graph {
  /// For dot(1) of Graphviz.
  package var dot: String {
    var out = "graph \"\(Graph.dot([name]))\" {\n"
    out += "  rankdir=LR; ranksep=1.2;\n"
    out += "  node [shape=box, fontname=\"monospace\", fontsize=11];\n"
    out += "  edge [fontname=\"monospace\", fontsize=10];\n"
    for (place, node) in nodes.enumerated() {
      out +=
        "  n\(place) [label=\"\(Graph.dot(node.text))\\l\", shape=\(node.kind.shape)\(Graph.dot(node.mark))];\n"
    }
    for layer in 0...Kind.vm.layer {
      let alike = nodes.indices.filter { nodes[$0].kind.layer == layer }.map { "n\($0);" }
      if alike.count > 1 { out += "  {rank=same; \(alike.joined(separator: " "))}\n" }
    }
    for edge in edges {
      let style = edge.isRouted && edge.mark != .deleted ? ", style=dotted" : ""
      out +=
        "  n\(edge.from) -- n\(edge.to) [label=\"\(Graph.dot([edge.label]))\"\(style)\(Graph.dot(edge.mark))];\n"
    }
    return out + "}\n"
  }

  /// Inside quotes a backslash begins an escape, and in labels `&` a character's name; `\l` ends a line on the left.
  private static func dot(_ lines: [String]) -> String {
    lines.map { line in
      line.unicodeScalars.map { scalar in
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "&": "&amp;"
        case _ where scalar.value < 0x20 || scalar.value == 0x7f: " "
        default: String(scalar)
        }
      }.joined()
    }.joined(separator: "\\l")
  }

  private static func dot(_ mark: Mark?) -> String {
    guard let mark else { return "" }
    return ", color=\"\(mark.colour)\", penwidth=2\(mark == .deleted ? ", style=dashed" : "")"
  }
}

extension Graph.Kind {
  fileprivate var shape: String {
    switch self {
    case .hardware: "parallelogram"
    case .host: "ellipse"
    case .network: "hexagon"
    case .portGroup: "octagon"
    case .vm: "box"
    }
  }
}
