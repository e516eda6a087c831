/// Lays several files over each other: mappings merge deeply, and a leaf is said once.
enum Merge {
  /// `documents` in the order of their files.
  static func documents(_ documents: [Node], _ diagnostics: inout DiagnosticList) -> Node? {
    guard var result = documents.first else { return nil }
    if documents.count == 1 { return result }
    for document in documents.dropFirst() {
      result = merge(result, document, path: [], &diagnostics)
    }
    return result
  }

  private static func merge(_ a: Node, _ b: Node, path: [String], _ diagnostics: inout DiagnosticList) -> Node
  {
    let first = entries(a)
    let second = entries(b)
    if let first, let second, a.isMapping || b.isMapping || a.isNull && b.isNull {
      return Node(
        content: .mapping(merge(first, second, path: path, &diagnostics)), position: a.position)
    }
    if path.count == 1, path[0] == "version" || path[0] == "name", a.scalar == b.scalar, a.scalar != nil {
      return a
    }
    // The top level itself: what it should be is the decoder's word.
    if path.isEmpty { return first == nil ? a : b }
    diagnostics.add(
      Diagnostic(
        .givenTwice, at: b.position, path: path.joined(separator: "."),
        "`\(path.joined(separator: ".").shown)` is given twice",
        hint: "files merge, and a value is said once",
        related: .init(message: "first here", position: a.position)))
    return a
  }

  private static func merge(
    _ a: [Node.Entry], _ b: [Node.Entry], path: [String], _ diagnostics: inout DiagnosticList
  ) -> [Node.Entry] {
    var out = a
    var places = Dictionary(a.enumerated().map { ($1.key, $0) }) { first, _ in first }
    for entry in b {
      if let at = places[entry.key] {
        if path.isEmpty, entry.key.hasPrefix("x-") { continue }
        let value = merge(out[at].value, entry.value, path: path + [entry.key], &diagnostics)
        out[at] = Node.Entry(key: entry.key, keyPosition: out[at].keyPosition, value: value)
      } else {
        places[entry.key] = out.count
        out.append(entry)
      }
    }
    return out
  }

  /// A mapping's entries; none for `true` and nothing, which are the mapping without keys.
  private static func entries(_ node: Node) -> [Node.Entry]? {
    if case .mapping(let entries) = node.content { return entries }
    return node.isNull || node.isPlainTrue ? [] : nil
  }
}

extension Node {
  fileprivate var isMapping: Bool {
    if case .mapping = content { true } else { false }
  }

  fileprivate var scalar: String? {
    guard case .scalar(let text, _) = content else { return nil }
    return text
  }
}
