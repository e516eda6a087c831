/// What a value of the file may be: how it is read, and how the schema says it.
struct ValueShape<Value: Sendable>: Sendable {
  private let described: @Sendable () -> JSON
  /// nil when something is wrong and has been reported.
  let read: @Sendable (Node, inout NodeReader) -> Value?

  var schema: JSON { described() }

  init(
    _ schema: @autoclosure @escaping @Sendable () -> JSON,
    _ read: @escaping @Sendable (Node, inout NodeReader) -> Value?
  ) {
    described = schema
    self.read = read
  }

  /// Text that `parse` understands; else `code`, with what would be right.
  static func parsed(
    _ expected: String, _ code: DiagnosticCode,
    schema: @autoclosure @escaping @Sendable () -> JSON = ["type": "string"], hint: String? = nil,
    _ parse: @escaping @Sendable (String) -> Value?
  ) -> ValueShape {
    ValueShape(schema()) { node, reader in
      guard let (text, _) = reader.text(node, expected) else { return nil }
      if let value = parse(text) { return value }
      reader.report(code, node.position, "`\(text.shown)` is not \(expected)", hint: hint)
      return nil
    }
  }

  /// A list; a single value is a list of one.
  var list: ValueShape<[Value]> {
    ValueShape<[Value]>(["anyOf": [schema, ["type": "array", "items": schema]]]) { node, reader in
      guard case .sequence(let items) = node.content else { return read(node, &reader).map { [$0] } }
      var values: [Value] = []
      for (index, item) in items.enumerated() {
        let value = reader.within(String(index)) { read(item, &$0) }
        if let value { values.append(value) }
      }
      return values.count == items.count ? values : nil
    }
  }
}

extension ValueShape where Value: Hashable {
  /// The value with its place.
  var sourced: ValueShape<Sourced<Value>> {
    ValueShape<Sourced<Value>>(schema) { node, reader in
      read(node, &reader).map { Sourced($0, at: node.position) }
    }
  }
}

/// A mapping that `false` turns off and `true` or nothing turns on with its defaults.
enum Toggle<Value: Sendable>: Sendable {
  case off
  case on(Value)
}
