/// A YAML document after aliases and merge keys: what the decoder reads.
struct Node: Sendable {
  enum Content: Sendable {
    case scalar(String, quoted: Bool)
    case sequence([Node])
    case mapping([Entry])
  }

  struct Entry: Sendable {
    let key: String
    let keyPosition: SourcePosition
    let value: Node
  }

  let content: Content
  let position: SourcePosition

  /// A plain scalar that YAML 1.2's core schema reads as null.
  var isNull: Bool {
    guard case .scalar(let text, quoted: false) = content else { return false }
    return text.isEmpty || text == "~" || text == "null" || text == "Null" || text == "NULL"
  }

  var isPlainTrue: Bool {
    guard case .scalar(let text, quoted: false) = content else { return false }
    return text == "true"
  }

  /// A plain scalar that is a boolean here or to another reader of YAML.
  var isBooleanWord: Bool {
    guard case .scalar(let text, quoted: false) = content else { return false }
    return ["true", "false", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
  }

  /// What the node is, for messages.
  var kind: String {
    switch content {
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .scalar(let text, let quoted): isNull ? "nothing" : quoted ? "text" : "`\(text.shown)`"
    }
  }

  /// True when some scalar below has a template or is a range of addresses: it reads differently for each VM
  /// of a `count`.
  var dependsOnNumber: Bool {
    switch content {
    case .scalar(let text, _):
      text.utf8.contains(UInt8(ascii: "{"))
        || text.utf8.contains(UInt8(ascii: "-")) && AddressRange(text)?.isRange == true
    case .sequence(let items): items.contains { $0.dependsOnNumber }
    case .mapping(let entries): entries.contains { $0.value.dependsOnNumber }
    }
  }

  subscript(_ key: String) -> Node? {
    guard case .mapping(let entries) = content else { return nil }
    return entries.first { $0.key == key }?.value
  }
}

extension String {
  /// For messages: control characters made visible, long text cut.
  package var shown: String {
    var out = ""
    var count = 0
    for scalar in unicodeScalars {
      if count == 60 { return out + "…" }
      count += 1
      let hidden =
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar.properties.isBidiControl
      out.unicodeScalars.append(hidden ? "\u{fffd}" : scalar)
    }
    return out
  }
}
