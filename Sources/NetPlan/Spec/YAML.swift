internal import CYAML

/// Reads one YAML document into a `Node`. The only user of libyaml, through its event interface:
/// events carry the place of every node and of every use of an alias.
enum YAML {
  static let byteLimit = 16 << 20

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
    for diagnostic in reader.builder.diagnostics { diagnostics.add(diagnostic) }
    return root
  }
}

/// Turns libyaml's events into a tree.
private struct EventReader {
  var builder: NodeBuilder

  private var file: SourceFile { builder.file }
  private var start: SourcePosition { SourcePosition(file: builder.index, line: 1, column: 1) }

  init(file: SourceFile, index: Int) { builder = NodeBuilder(file: file, index: index) }

  mutating func document(_ bytes: UnsafeBufferPointer<UInt8>) -> Node? {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else {
      builder.fail(.yamlSyntax, start, "out of memory")
      return nil
    }
    defer { yaml_parser_delete(&parser) }
    // Without an explicit encoding libyaml would take a UTF-16 byte order mark at its word.
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
    let text = UnsafeBufferPointer(rebasing: bytes[file.textStart...])
    // libyaml asserts that there is an address.
    guard text.baseAddress != nil, !text.isEmpty else { return Node(content: .mapping([]), position: start) }
    yaml_parser_set_input_string(&parser, text.baseAddress, text.count)
    var event = yaml_event_t()
    while !builder.isStopped {
      guard yaml_parser_parse(&parser, &event) == 1 else {
        syntaxError(parser)
        break
      }
      let isLast = event.type == YAML_STREAM_END_EVENT
      take(event)
      yaml_event_delete(&event)
      if isLast { break }
    }
    if builder.isStopped { return nil }
    return builder.root ?? Node(content: .mapping([]), position: start)
  }

  private func position(_ mark: yaml_mark_t) -> SourcePosition {
    SourcePosition(file: builder.index, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }

  private func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    bytes.map { String(cString: $0) }
  }

  private mutating func take(_ event: yaml_event_t) {
    let at = position(event.start_mark)
    switch event.type {
    case YAML_DOCUMENT_START_EVENT:
      builder.startDocument(at)
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      guard tagAllowed(scalar.tag, at) else { return }
      let value = UnsafeBufferPointer(start: scalar.value, count: Int(scalar.length))
      builder.scalar(
        String(decoding: value, as: UTF8.self), quoted: scalar.style != YAML_PLAIN_SCALAR_STYLE,
        anchor: text(scalar.anchor), at)
    case YAML_ALIAS_EVENT:
      builder.alias(text(event.data.alias.anchor) ?? "", at)
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      if tagAllowed(start.tag, at) { builder.open(isMapping: false, at, anchor: text(start.anchor)) }
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      if tagAllowed(start.tag, at) { builder.open(isMapping: true, at, anchor: text(start.anchor)) }
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
      builder.close()
    default:
      break
    }
  }

  private mutating func tagAllowed(_ tag: UnsafeMutablePointer<yaml_char_t>?, _ at: SourcePosition) -> Bool {
    guard let tag = text(tag) else { return true }
    builder.fail(.unsupportedTag, at, "the tag `\(tag.shown)` is not understood", hint: "leave the tag out")
    return false
  }

  private mutating func syntaxError(_ parser: yaml_parser_t) {
    let problem = parser.problem.map { String(cString: $0) } ?? "not YAML"
    if parser.error == YAML_READER_ERROR {
      // The reader fails before the scanner knows a line; its offset counts from the text's first byte.
      let byte = min(Int(parser.problem_offset) + file.textStart, max(0, file.bytes.count - 1))
      return builder.fail(.yamlSyntax, file.position(ofByte: byte, file: builder.index), problem)
    }
    let at = position(parser.problem_mark)
    let context = position(parser.context_mark)
    var message = problem
    var related: Diagnostic.Related?
    if let what = parser.context {
      message = "\(String(cString: what)): \(problem)"
      if context != at { related = .init(message: "it starts here", position: context) }
    }
    let before = SourcePosition(file: builder.index, line: at.line - 1, column: 1)
    let hint = AddressHint.text(file, [at, context, before]) ?? tabHint(at)
    builder.fail(.yamlSyntax, at, message, hint: hint, related: related)
  }

  private func tabHint(_ at: SourcePosition) -> String? {
    guard let line = file.line(at.line), line.indices.contains(at.column - 1), line[at.column - 1] == "\t"
    else {
      return nil
    }
    return "indent with spaces"
  }
}
