extension Diagnostic {
  /// `file:line:column: error: message [code]`, the source line, a caret, the hint; the second place
  /// likewise.
  package func text(_ files: [SourceFile]) -> String { [self].text(files) }

  fileprivate func write(to out: inout String, _ files: [SourceFile], _ lines: inout [Int: SourceLines]) {
    Diagnostic.write(position, "\(severity.rawValue): \(message) [\(code.rawValue)]", to: &out, files, &lines)
    if let hint { out += "  hint: \(hint)\n" }
    if let related { Diagnostic.write(related.position, "note: \(related.message)", to: &out, files, &lines) }
  }

  private static func write(
    _ position: SourcePosition?, _ message: String, to out: inout String, _ files: [SourceFile],
    _ lines: inout [Int: SourceLines]
  ) {
    guard let position, files.indices.contains(position.file) else {
      out += message + "\n"
      return
    }
    let file = files[position.file]
    out += "\(file.path):\(position.line):\(position.column): \(message)\n"
    if lines[position.file] == nil { lines[position.file] = SourceLines(file) }
    out += lines[position.file]?.excerpt(file, position) ?? ""
  }
}

extension [Diagnostic] {
  /// All of them, one after the other.
  package func text(_ files: [SourceFile]) -> String {
    var out = ""
    var lines: [Int: SourceLines] = [:]
    for diagnostic in self { diagnostic.write(to: &out, files, &lines) }
    return out
  }
}
