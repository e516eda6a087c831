/// Builds one file's tree out of what a parser meets. Iterative: depth is a number here, not a stack.
struct NodeBuilder {
  /// Greatest depth, in levels.
  static let depthLimit = 64
  /// Most nodes of a document with its aliases written out.
  static let nodeLimit = 2_000_000

  struct Frame {
    let isMapping: Bool
    let position: SourcePosition
    let anchor: String?
    var entries: [Node.Entry] = []
    var items: [Node] = []
    /// Key whose value comes next.
    var key: (text: String, position: SourcePosition, isMerge: Bool)?
    var merges: [Node] = []
    /// First places of the keys, once there are too many to compare one by one.
    var places: [String: SourcePosition] = [:]
    /// Nodes and levels below, aliases written out.
    var count = 1
    var height = 1
  }

  struct Anchor {
    let node: Node
    let count: Int
    let height: Int
  }

  let file: SourceFile
  let index: Int
  private(set) var diagnostics: [Diagnostic] = []
  private(set) var root: Node?
  /// Something was met after which nothing makes sense.
  private(set) var isStopped = false
  private var stack: [Frame] = []
  private var anchors: [String: Anchor] = [:]
  private var total = 0
  private var documents = 0

  init(file: SourceFile, index: Int) {
    self.file = file
    self.index = index
  }

  mutating func fail(
    _ code: DiagnosticCode, _ at: SourcePosition, _ message: String, hint: String? = nil,
    related: Diagnostic.Related? = nil
  ) {
    diagnostics.append(Diagnostic(code, at: at, message, hint: hint, related: related))
    isStopped = true
  }

  // MARK: What a parser meets

  mutating func startDocument(_ at: SourcePosition) {
    documents += 1
    if documents > 1 {
      fail(.severalDocuments, at, "a second document starts here", hint: "one document per file")
    }
  }

  mutating func scalar(_ text: String, quoted: Bool, anchor: String?, _ at: SourcePosition) {
    guard grow(by: 1, at) else { return }
    let node = Node(content: .scalar(text, quoted: quoted), position: at)
    if let anchor { anchors[anchor] = Anchor(node: node, count: 1, height: 0) }
    place(node, count: 1, height: 0)
  }

  mutating func alias(_ name: String, _ at: SourcePosition) {
    guard let anchor = anchors[name] else {
      return fail(.unknownAlias, at, "no anchor `&\(name.shown)` is complete before this alias")
    }
    guard stack.count + anchor.height <= NodeBuilder.depthLimit else { return tooDeep(at) }
    guard grow(by: anchor.count, at) else { return }
    place(anchor.node, count: anchor.count, height: anchor.height)
  }

  mutating func open(isMapping: Bool, _ at: SourcePosition, anchor: String?) {
    guard stack.count < NodeBuilder.depthLimit else { return tooDeep(at) }
    if let top = stack.last, top.isMapping, top.key == nil {
      return fail(
        .badKey, at, "a key is text, not \(isMapping ? "a mapping" : "a list")",
        hint: AddressHint.text(file, [at]) ?? "quote text that starts with `{` or `[`")
    }
    guard grow(by: 1, at) else { return }
    stack.append(Frame(isMapping: isMapping, position: at, anchor: anchor))
  }

  mutating func close() {
    let frame = stack.removeLast()
    let content: Node.Content =
      frame.isMapping ? .mapping(merged(frame)) : .sequence(frame.items)
    let node = Node(content: content, position: frame.position)
    if let name = frame.anchor {
      anchors[name] = Anchor(node: node, count: frame.count, height: frame.height)
    }
    place(node, count: frame.count, height: frame.height)
  }

  // MARK: Building

  private mutating func tooDeep(_ at: SourcePosition) {
    fail(.tooDeep, at, "more than \(NodeBuilder.depthLimit) levels deep")
  }

  private mutating func grow(by count: Int, _ at: SourcePosition) -> Bool {
    total += count
    guard total <= NodeBuilder.nodeLimit else {
      fail(
        .aliasBomb, at,
        "with its aliases written out the document has more than \(NodeBuilder.nodeLimit) values")
      return false
    }
    return true
  }

  /// Gives a complete node to what is open around it.
  private mutating func place(_ node: Node, count: Int, height: Int) {
    guard !stack.isEmpty else {
      root = node
      return
    }
    let top = stack.count - 1
    stack[top].count += count
    stack[top].height = max(stack[top].height, height + 1)
    guard stack[top].isMapping else {
      stack[top].items.append(node)
      return
    }
    guard let key = stack[top].key else {
      guard case .scalar(let name, let quoted) = node.content else {
        return fail(.badKey, node.position, "a key is text, not \(node.kind)")
      }
      stack[top].key = (name, node.position, !quoted && name == "<<")
      return
    }
    stack[top].key = nil
    if key.isMerge {
      takeMerge(node, key.position, top)
    } else if let first = firstPlace(of: key.text, top) {
      diagnostics.append(
        Diagnostic(
          .duplicateKey, at: key.position, "the key `\(key.text.shown)` is there twice",
          related: .init(message: "first here", position: first)))
    } else {
      if stack[top].entries.count >= 16 { stack[top].places[key.text] = key.position }
      stack[top].entries.append(Node.Entry(key: key.text, keyPosition: key.position, value: node))
    }
  }

  private func firstPlace(of key: String, _ top: Int) -> SourcePosition? {
    for entry in stack[top].entries.prefix(16) where entry.key == key { return entry.keyPosition }
    return stack[top].places[key]
  }

  private mutating func takeMerge(_ node: Node, _ at: SourcePosition, _ top: Int) {
    switch node.content {
    case .mapping:
      stack[top].merges.append(node)
    case .sequence(let items):
      for item in items {
        guard case .mapping = item.content else {
          return fail(.badMergeKey, at, "`<<` merges mappings, not \(item.kind)")
        }
        stack[top].merges.append(item)
      }
    case .scalar:
      fail(.badMergeKey, at, "`<<` merges mappings, not \(node.kind)")
    }
  }

  /// Keys written out win over merged ones, earlier merges over later ones.
  private func merged(_ frame: Frame) -> [Node.Entry] {
    guard !frame.merges.isEmpty else { return frame.entries }
    var entries = frame.entries
    var known = Set(entries.map(\.key))
    for case .mapping(let more) in frame.merges.map(\.content) {
      for entry in more where known.insert(entry.key).inserted { entries.append(entry) }
    }
    return entries
  }

}
