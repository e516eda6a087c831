internal import CYAML

/// Reads one YAML document into a `Node`. The only user of libyaml, through its event interface:
/// events carry the place of every node and of every use of an alias.
enum YAML {
  static let byteLimit = 16 << 20
  static let depthLimit = 64
  /// Nodes of a document with its aliases written out.
  static let nodeLimit = 2_000_000

  /// nil where the text is not one well-formed document; what is wrong is in `diagnostics`.
  static func parse(_ file: SourceFile, index: Int, _ diagnostics: inout DiagnosticList) -> Node? {
    let top = SourcePosition(file: index, line: 1, column: 1)
    guard file.bytes.count <= byteLimit else {
      diagnostics.add(
        Diagnostic(.tooLarge, at: top, "the file has \(file.bytes.count) bytes; 16 MiB is the most"))
      return nil
    }
    if let offset = file.firstInvalidByte {
      diagnostics.add(
        Diagnostic(
          .notUTF8, at: file.position(ofByte: offset, file: index),
          "byte 0x\(String(file.bytes[offset], radix: 16)) is not UTF-8", hint: "save the file as UTF-8"))
      return nil
    }
    var reader = EventReader(file: file, index: index)
    let root = file.bytes.withUnsafeBufferPointer { reader.document($0) }
    for diagnostic in reader.diagnostics { diagnostics.add(diagnostic) }
    return root
  }
}

extension SourceFile {
  /// Offset of the first byte that is not part of well-formed UTF-8.
  var firstInvalidByte: Int? {
    if String(validating: bytes, as: UTF8.self) != nil { return nil }
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var offset = 0
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): offset += UTF8.width(scalar)
      case .emptyInput, .error: return min(offset, bytes.count - 1)
      }
    }
  }
}

/// Builds the tree from events. Iterative: depth is a number here, not a stack.
private struct EventReader {
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
  var diagnostics: [Diagnostic] = []
  var stack: [Frame] = []
  var anchors: [String: Anchor] = [:]
  var root: Node?
  var total = 0
  var documents = 0
  var stopped = false

  init(file: SourceFile, index: Int) {
    self.file = file
    self.index = index
  }

  mutating func document(_ bytes: UnsafeBufferPointer<UInt8>) -> Node? {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else {
      fail(.yamlSyntax, SourcePosition(file: index, line: 1, column: 1), "out of memory")
      return nil
    }
    defer { yaml_parser_delete(&parser) }
    // Without an explicit encoding libyaml would take a UTF-16 byte order mark at its word.
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
    let text = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? UnsafeBufferPointer(rebasing: bytes[3...]) : bytes
    yaml_parser_set_input_string(&parser, text.baseAddress, text.count)
    var event = yaml_event_t()
    while !stopped {
      guard yaml_parser_parse(&parser, &event) == 1 else {
        syntaxError(parser, offset: bytes.count - text.count)
        break
      }
      let done = event.type == YAML_STREAM_END_EVENT
      take(event)
      yaml_event_delete(&event)
      if done { break }
    }
    if stopped { return nil }
    return root ?? Node(content: .mapping([]), position: SourcePosition(file: index, line: 1, column: 1))
  }

  private func position(_ mark: yaml_mark_t) -> SourcePosition {
    SourcePosition(file: index, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }

  private mutating func fail(
    _ code: DiagnosticCode, _ at: SourcePosition, _ message: String, hint: String? = nil,
    related: Diagnostic.Related? = nil
  ) {
    diagnostics.append(Diagnostic(code, at: at, message, hint: hint, related: related))
    stopped = true
  }

  private func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?, _ length: Int) -> String {
    String(decoding: UnsafeBufferPointer(start: bytes, count: length), as: UTF8.self)
  }

  private func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    bytes.map { String(cString: $0) }
  }

  private mutating func take(_ event: yaml_event_t) {
    let at = position(event.start_mark)
    switch event.type {
    case YAML_DOCUMENT_START_EVENT:
      documents += 1
      if documents > 1 {
        fail(.severalDocuments, at, "a second document starts here", hint: "one document per file")
      }
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      guard tagAllowed(scalar.tag, at) else { return }
      let quoted = scalar.style != YAML_PLAIN_SCALAR_STYLE
      let value = text(scalar.value, Int(scalar.length))
      let node = Node(content: .scalar(value, quoted: quoted), position: at)
      guard grow(by: 1, at) else { return }
      if let anchor = text(scalar.anchor) { anchors[anchor] = Anchor(node: node, count: 1, height: 0) }
      place(node, count: 1, height: 0)
    case YAML_ALIAS_EVENT:
      let name = text(event.data.alias.anchor) ?? ""
      guard let anchor = anchors[name] else {
        return fail(.unknownAlias, at, "no anchor `&\(name.shown)` is complete before this alias")
      }
      guard stack.count + anchor.height <= YAML.depthLimit else { return tooDeep(at) }
      guard grow(by: anchor.count, at) else { return }
      place(anchor.node, count: anchor.count, height: anchor.height)
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      guard tagAllowed(start.tag, at) else { return }
      open(isMapping: false, at, anchor: text(start.anchor))
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      guard tagAllowed(start.tag, at) else { return }
      open(isMapping: true, at, anchor: text(start.anchor))
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
      close()
    default:
      break
    }
  }

  private mutating func tagAllowed(_ tag: UnsafeMutablePointer<yaml_char_t>?, _ at: SourcePosition) -> Bool {
    guard let tag = text(tag) else { return true }
    fail(.unsupportedTag, at, "the tag `\(tag.shown)` is not understood", hint: "leave the tag out")
    return false
  }

  private mutating func tooDeep(_ at: SourcePosition) {
    fail(.tooDeep, at, "more than \(YAML.depthLimit) levels deep")
  }

  private mutating func grow(by count: Int, _ at: SourcePosition) -> Bool {
    total += count
    guard total <= YAML.nodeLimit else {
      fail(.aliasBomb, at, "with its aliases written out the document has more than \(YAML.nodeLimit) values")
      return false
    }
    return true
  }

  private mutating func open(isMapping: Bool, _ at: SourcePosition, anchor: String?) {
    guard stack.count < YAML.depthLimit else { return tooDeep(at) }
    if let top = stack.last, top.isMapping, top.key == nil {
      return fail(
        .badKey, at, "a key is text, not \(isMapping ? "a mapping" : "a list")", hint: bracesHint(at))
    }
    guard grow(by: 1, at) else { return }
    stack.append(Frame(isMapping: isMapping, position: at, anchor: anchor))
  }

  private func bracesHint(_ at: SourcePosition) -> String? {
    addressHint([at]) ?? "quote text that starts with `{` or `[`"
  }

  private mutating func close() {
    let frame = stack.removeLast()
    let content: Node.Content =
      frame.isMapping ? .mapping(merged(frame)) : .sequence(frame.items)
    let node = Node(content: content, position: frame.position)
    if let name = frame.anchor {
      anchors[name] = Anchor(node: node, count: frame.count, height: frame.height)
    }
    place(node, count: frame.count, height: frame.height)
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

  private mutating func syntaxError(_ parser: yaml_parser_t, offset: Int) {
    let problem = parser.problem.map { String(cString: $0) } ?? "not YAML"
    if parser.error == YAML_READER_ERROR {
      // The reader fails before the scanner knows a line; its offset counts from the text's first byte.
      let byte = min(Int(parser.problem_offset) + offset, max(0, file.bytes.count - 1))
      return fail(.yamlSyntax, file.position(ofByte: byte, file: index), problem)
    }
    let at = position(parser.problem_mark)
    var message = problem
    var related: Diagnostic.Related?
    if let context = parser.context {
      let place = position(parser.context_mark)
      message = "\(String(cString: context)): \(problem)"
      if place != at, place.line > 0 { related = .init(message: "it starts here", position: place) }
    }
    let context = position(parser.context_mark)
    let hint =
      addressHint([at, context, SourcePosition(file: index, line: at.line - 1, column: 1)]) ?? tabHint(at)
    fail(.yamlSyntax, at, message, hint: hint, related: related)
  }

  /// The commonest mistake of this language: `::` unquoted where YAML reads a key.
  private func addressHint(_ places: [SourcePosition]) -> String? {
    for place in places {
      guard let line = file.line(place.line) else { continue }
      let found = unquotedIPv6(line)
      let nearest = found.min { abs($0.column - place.column) < abs($1.column - place.column) }
      if let nearest { return "quote the IPv6 address: \"\(nearest.text)\"" }
    }
    return nil
  }

  private func tabHint(_ at: SourcePosition) -> String? {
    guard let line = file.line(at.line), line.indices.contains(at.column - 1), line[at.column - 1] == "\t"
    else {
      return nil
    }
    return "indent with spaces"
  }
}

/// The words of a line that read as IPv6 addresses or prefixes and stand outside quotes, with the columns they end at.
func unquotedIPv6(_ line: [UnicodeScalar]) -> [(text: String, column: Int)] {
  var found: [(text: String, column: Int)] = []
  var quote: UnicodeScalar?
  var word = ""
  var colons = 0
  for (index, scalar) in (line + [" "]).enumerated() {
    if let open = quote {
      if scalar == open { quote = nil }
    } else if scalar.isASCII,
      hexDigit(UInt8(scalar.value)) != nil || scalar == ":" || scalar == "." || scalar == "/"
    {
      word.unicodeScalars.append(scalar)
      if scalar == ":" { colons += 1 }
    } else {
      if scalar == "\"" || scalar == "'" { quote = scalar }
      if colons > 1,
        let text = [word, String(word.dropLast())].first(where: { IPInterface($0)?.family == .ipv6 })
      {
        found.append((text, index))
      }
      word = ""
      colons = 0
    }
  }
  return found
}
