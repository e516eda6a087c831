/// Where the boxes and lines of a graph are: a column for each layer, boxes one below the other, and lines that pass a
/// column by a lane of their own. Lengths are pixels; the same graph has the same layout.
struct GraphLayout: Sendable, Equatable {
  struct Box: Sendable, Equatable {
    var x: Int
    var y: Int
    var width: Int
    var height: Int
  }

  struct Point: Sendable, Equatable {
    var x: Int
    var y: Int
  }

  /// One for each node.
  private(set) var boxes: [Box] = []
  /// One for each edge, from box to box: in pairs, each of which is joined by a curve, what lies between by a line.
  private(set) var lines: [[Point]] = []
  private(set) var width = 0
  private(set) var height = 0

  static let lineHeight = 16
  static let padding = 10
  static let margin = 16
  /// Of a letter, in a monospaced type of 12 pixels.
  static let letter = 7.3
  private static let gap = 18
  private static let laneHeight = 12

  /// What stands in a column: a node, or an edge that goes by.
  private enum Item: Hashable {
    case node(Int)
    case lane(edge: Int, layer: Int)
  }

  init(_ graph: Graph) {
    boxes = GraphLayout.sizes(of: graph)
    var columns = GraphLayout.columns(of: graph)
    GraphLayout.order(&columns, graph)
    columns.removeAll(where: \.isEmpty)
    place(columns, graph)
  }

  // MARK: Sizes

  static func width(of text: String) -> Int {
    let letters = text.unicodeScalars.reduce(0) {
      $0
        + ($1.value >= 0x1100 && $1.value != 0x2026 && $1.value < 0x20000 && $1.properties.isIdeographic
          ? 2 : 1)
    }
    return Int((Double(letters) * letter).rounded(.up))
  }

  /// As large as its text, and high enough for each line that ends at it to have a label.
  private static func sizes(of graph: Graph) -> [Box] {
    var into = Array(repeating: 0, count: graph.nodes.count)
    var out = into
    for edge in graph.edges {
      into[edge.to] += 1
      out[edge.from] += 1
    }
    return graph.nodes.enumerated().map { place, node in
      let width = node.text.map(self.width).max() ?? 0
      let rows = max(node.text.count, into[place] + 1)
      return Box(
        x: 0, y: 0, width: width + 2 * padding + 4,
        height: max(rows * lineHeight + 2 * padding, (out[place] + 1) * 4))
    }
  }

  // MARK: Columns

  private static func columns(of graph: Graph) -> [[Item]] {
    var columns = Array(repeating: [Item](), count: Graph.Kind.vm.layer + 1)
    for (place, node) in graph.nodes.enumerated() { columns[node.kind.layer].append(.node(place)) }
    for (number, edge) in graph.edges.enumerated() {
      for layer in lanes(of: edge, graph) where !columns[layer].isEmpty {
        columns[layer].append(.lane(edge: number, layer: layer))
      }
    }
    return columns
  }

  /// Layers that an edge passes.
  private static func lanes(of edge: Graph.Edge, _ graph: Graph) -> Range<Int> {
    let first = graph.nodes[edge.from].kind.layer + 1
    return first..<max(first, graph.nodes[edge.to].kind.layer)
  }

  /// Each item moves to the middle of what it is joined to, four times from left to right and back: few lines cross.
  private static func order(_ columns: inout [[Item]], _ graph: Graph) {
    var before: [Item: [Item]] = [:]
    var after: [Item: [Item]] = [:]
    let present = Set(columns.joined())
    for (number, edge) in graph.edges.enumerated() {
      let way =
        [Item.node(edge.from)]
        + lanes(of: edge, graph).map { .lane(edge: number, layer: $0) }.filter(present.contains)
        + [.node(edge.to)]
      for (a, b) in zip(way, way.dropFirst()) {
        after[a, default: []].append(b)
        before[b, default: []].append(a)
      }
    }
    for _ in 0..<4 {
      for layer in columns.indices { sort(&columns, layer, by: before) }
      for layer in columns.indices.reversed() { sort(&columns, layer, by: after) }
    }
  }

  private static func sort(_ columns: inout [[Item]], _ layer: Int, by others: [Item: [Item]]) {
    var places: [Item: Double] = [:]
    for column in columns {
      for (place, item) in column.enumerated() { places[item] = Double(place) / Double(column.count) }
    }
    let middles = columns[layer].enumerated().map { place, item -> (middle: Double, place: Int, item: Item) in
      let joined = (others[item] ?? []).compactMap { places[$0] }
      let middle = joined.isEmpty ? places[item]! : joined.reduce(0, +) / Double(joined.count)
      return (middle, place, item)
    }
    columns[layer] = middles.sorted { ($0.middle, $0.place) < ($1.middle, $1.place) }.map(\.item)
  }

  // MARK: Places

  private mutating func place(_ columns: [[Item]], _ graph: Graph) {
    var lanes: [Item: Point] = [:]
    func height(_ item: Item) -> Int {
      if case .node(let place) = item { boxes[place].height } else { GraphLayout.laneHeight }
    }
    let heights = columns.map { $0.map(height).reduce(0, +) + max(0, $0.count - 1) * GraphLayout.gap }
    self.height = (heights.max() ?? 0) + 2 * GraphLayout.margin
    var x = GraphLayout.margin
    var right: [Item: Int] = [:]
    for (number, column) in columns.enumerated() {
      if number > 0 { x += gap(before: column, graph) }
      let width =
        column.map { item in if case .node(let place) = item { boxes[place].width } else { 0 } }.max() ?? 0
      var y = (self.height - heights[number]) / 2
      for item in column {
        switch item {
        case .node(let place):
          boxes[place].x = x
          boxes[place].y = y
        case .lane:
          lanes[item] = Point(x: x, y: y + GraphLayout.laneHeight / 2)
          right[item] = x + width
        }
        y += height(item) + GraphLayout.gap
      }
      x += width
    }
    width = x + GraphLayout.margin
    draw(graph, lanes, right)
  }

  /// Wide enough for the labels of lines that end in the column.
  private func gap(before column: [Item], _ graph: Graph) -> Int {
    let ends = Set(column)
    let widest = graph.edges.filter { ends.contains(.node($0.to)) }.map { GraphLayout.width(of: $0.label) }
      .max()
    return 56 + (widest ?? 0)
  }

  private mutating func draw(_ graph: Graph, _ lanes: [Item: Point], _ right: [Item: Int]) {
    let starts = ports(graph, of: \.from, towards: \.to)
    let ends = ports(graph, of: \.to, towards: \.from)
    for (number, edge) in graph.edges.enumerated() {
      let (from, to) = (boxes[edge.from], boxes[edge.to])
      var line = [Point(x: from.x + from.width, y: starts[number])]
      for layer in GraphLayout.lanes(of: edge, graph) {
        let item = Item.lane(edge: number, layer: layer)
        guard let lane = lanes[item], let end = right[item] else { continue }
        line += [lane, Point(x: end, y: lane.y)]
      }
      lines.append(line + [Point(x: to.x, y: ends[number])])
    }
  }

  /// The heights at which lines end at a box: one below the other in the order of their other ends.
  private func ports(
    _ graph: Graph, of end: KeyPath<Graph.Edge, Int>, towards other: KeyPath<Graph.Edge, Int>
  ) -> [Int] {
    var edges = Array(repeating: [Int](), count: boxes.count)
    for (number, edge) in graph.edges.enumerated() { edges[edge[keyPath: end]].append(number) }
    var heights = Array(repeating: 0, count: graph.edges.count)
    for (place, numbers) in edges.enumerated() {
      let sorted = numbers.sorted { a, b in
        let (x, y) = (boxes[graph.edges[a][keyPath: other]], boxes[graph.edges[b][keyPath: other]])
        return (x.y, a) < (y.y, b)
      }
      for (turn, number) in sorted.enumerated() {
        heights[number] = boxes[place].y + boxes[place].height * (turn + 1) / (sorted.count + 1)
      }
    }
    return heights
  }
}
