/// A place in a configuration file, for carets: line and column count from 1, columns in characters.
package struct SourcePosition: Hashable, Sendable, Comparable {
  package var file: Int  // index into the loaded files
  package var line: Int
  package var column: Int

  package init(file: Int, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  package static func < (a: SourcePosition, b: SourcePosition) -> Bool {
    (a.file, a.line, a.column) < (b.file, b.line, b.column)
  }
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
