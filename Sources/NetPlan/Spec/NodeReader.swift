/// Reads nodes into values, collects what is wrong, and goes on.
struct NodeReader {
  var diagnostics: DiagnosticList
  /// Keys from the document's top to the node being read.
  var path: [String] = []
  /// The VM whose stanza is being read, for `{n}`.
  var number: VMNumber?
  /// Braces are templates in what belongs to VMs, and plain text elsewhere.
  var readsTemplates = false

  init(_ diagnostics: DiagnosticList) { self.diagnostics = diagnostics }

  mutating func report(
    _ code: DiagnosticCode, _ at: SourcePosition?, _ message: String, hint: String? = nil,
    related: Diagnostic.Related? = nil
  ) {
    diagnostics.add(
      Diagnostic(
        code, at: at, path: path.joined(separator: "."), message, hint: hint, related: related))
  }

  mutating func within<Result>(_ key: String, _ body: (inout NodeReader) -> Result) -> Result {
    path.append(key)
    defer { path.removeLast() }
    return body(&self)
  }

  /// `expected` says what would be right: "a VLAN, 1 … 4094".
  mutating func wrongType(_ node: Node, _ expected: String) {
    var hint: String?
    if let address = NodeReader.addressInBraces(node) {
      hint = "quote the IPv6 address: \"\(address)\""
    } else if case .mapping(let entries) = node.content, entries.count == 1, entries[0].value.isNull {
      hint = "quote text that holds `: ` or stands in braces"
    }
    report(.wrongType, node.position, "this should be \(expected), and is \(node.kind)", hint: hint)
  }

  /// `fd00::` at the end of a plain value reads as a key without a value, `[::1]` as a list.
  private static func addressInBraces(_ node: Node) -> String? {
    switch node.content {
    case .mapping(let entries):
      guard entries.count == 1, entries[0].value.isNull else { return nil }
      return IPInterface(entries[0].key + ":") == nil ? nil : entries[0].key + ":"
    case .sequence(let items):
      guard items.count == 1, case .scalar(let text, _) = items[0].content, let address = IPAddress(text),
        address.family == .ipv6
      else { return nil }
      return "[\(text)]"
    case .scalar: return nil
    }
  }

  /// A scalar that is not null, its template expanded.
  mutating func text(_ node: Node, _ expected: String) -> (text: String, isNumeric: Bool)? {
    guard case .scalar(let text, let quoted) = node.content, !node.isNull else {
      wrongType(node, expected)
      return nil
    }
    guard readsTemplates, text.utf8.contains(UInt8(ascii: "{")) else { return (text, !quoted) }
    do throws(Template.Failure) {
      return (try Template.expand(text, number), true)
    } catch {
      switch error {
      case .malformed(let reason):
        report(
          .badTemplate, node.position, "`\(text.shown)`: \(reason)",
          hint: "`{n}`, `{20000+n}`, `{(n-1)%250}`; `{{` is a brace")
      case .notCounted:
        report(
          .badTemplate, node.position,
          "`\(text.shown)`: `n` is the number of a VM, and this VM has no `count`",
          hint: "write `count: N` at the VM, or `{{` for a brace")
      }
      return nil
    }
  }
}
