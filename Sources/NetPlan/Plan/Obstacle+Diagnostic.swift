extension Obstacle {
  /// As every other fault of a configuration is shown: with its place, source line and caret.
  package var diagnostic: Diagnostic {
    Diagnostic(kind == .conflict ? .hostConflict : .hostLacks, at: position, path: path, shown, hint: hint)
  }

  /// Without a place the path says what is meant.
  private var shown: String { position == nil ? "\(path): \(message)" : message }
}
