/// A place in a configuration file, for carets: line and column count from 1, columns in characters.
///
/// One word, because a configuration of ten thousand NICs holds a quarter of a million of them.
package struct SourcePosition: Hashable, Sendable, Comparable {
  private let packed: UInt64

  /// Greatest index of a file, 2¹⁴ − 1.
  static let lastFile = 1 << 14 - 1

  package init(file: Int, line: Int, column: Int) {
    packed =
      UInt64(min(max(file, 0), SourcePosition.lastFile)) << 50 | UInt64(min(max(line, 0), 1 << 25 - 1)) << 25
      | UInt64(min(max(column, 0), 1 << 25 - 1))
  }

  /// Index into the loaded files.
  package var file: Int { Int(packed >> 50) }
  package var line: Int { Int(packed >> 25 & (1 << 25 - 1)) }
  package var column: Int { Int(packed & (1 << 25 - 1)) }

  package static func < (a: SourcePosition, b: SourcePosition) -> Bool { a.packed < b.packed }
}

/// A value with the place it was written at; nil where it is a default.
package struct Sourced<Value: Sendable & Hashable>: Hashable, Sendable {
  package var value: Value
  package var position: SourcePosition?

  package init(_ value: Value, at position: SourcePosition? = nil) {
    self.value = value
    self.position = position
  }
}

/// A configuration file as it was read.
package struct SourceFile: Hashable, Sendable {
  /// As the user named it; `<stdin>` for `-`.
  package let path: String
  package let bytes: [UInt8]

  package init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  package init(path: String, text: String) {
    self.init(path: path, bytes: Array(text.utf8))
  }
}
