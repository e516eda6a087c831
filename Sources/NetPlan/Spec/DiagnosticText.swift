extension Diagnostic {
  /// `file:line:column: error: message [code]`, the source line, a caret, the hint; the second place likewise.
  package func text(_ files: [SourceFile]) -> String {
    var out = Diagnostic.place(position, files) + "\(severity.rawValue): \(message) [\(code.rawValue)]\n"
    out += Diagnostic.excerpt(position, files)
    if let hint { out += "  hint: \(hint)\n" }
    if let related {
      out += Diagnostic.place(related.position, files) + "note: \(related.message)\n"
      out += Diagnostic.excerpt(related.position, files)
    }
    return out
  }

  private static func place(_ position: SourcePosition?, _ files: [SourceFile]) -> String {
    guard let position, files.indices.contains(position.file) else { return "" }
    return "\(files[position.file].path):\(position.line):\(position.column): "
  }

  /// The line and its caret, cut to a window around the column where the line is long.
  private static func excerpt(_ position: SourcePosition?, _ files: [SourceFile]) -> String {
    guard let position, files.indices.contains(position.file),
      let line = files[position.file].line(position.line)
    else { return "" }
    let width = 100
    let column = min(position.column - 1, line.count)
    let start = column < width - 20 ? 0 : column - width / 2
    let end = min(line.count, start + width)
    let shown = line[start..<end].map { (scalar: UnicodeScalar) -> Character in
      scalar == "\t"
        ? "\t" : scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) ? "\u{fffd}" : Character(scalar)
    }
    let before = start > 0 ? "…" : ""
    let after = end < line.count ? "…" : ""
    // Tabs are kept under tabs, so that the caret stands where the terminal puts the column.
    let indent = String(shown.prefix(column - start).map { $0 == "\t" ? "\t" : " " })
    return "  \(before)\(String(shown))\(after)\n  \(before.isEmpty ? "" : " ")\(indent)^\n"
  }
}

extension SourceFile {
  /// The scalars of a line, counted from 1 as libyaml counts them: LF, CR, CRLF, NEL, LS and PS end one.
  func line(_ number: Int) -> [UnicodeScalar]? {
    var index = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    var current = 1
    var start = index
    while index <= bytes.count {
      let length = index == bytes.count ? 1 : lineBreak(at: index)
      if length > 0 {
        if current == number {
          return Array(String(decoding: bytes[start..<index], as: UTF8.self).unicodeScalars)
        }
        current += 1
        index += length
        start = index
      } else {
        index += 1
      }
    }
    return nil
  }

  /// Bytes of the line break that starts here; 0 where there is none.
  func lineBreak(at index: Int) -> Int {
    func byte(_ offset: Int) -> UInt8? { index + offset < bytes.count ? bytes[index + offset] : nil }
    switch bytes[index] {
    case 0x0a: return 1
    case 0x0d: return byte(1) == 0x0a ? 2 : 1
    case 0xc2: return byte(1) == 0x85 ? 2 : 0
    case 0xe2: return byte(1) == 0x80 && (byte(2) == 0xa8 || byte(2) == 0xa9) ? 3 : 0
    default: return 0
    }
  }

  /// Line and column (from 1, in characters) of a byte.
  func position(ofByte offset: Int, file: Int) -> SourcePosition {
    var index = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    var line = 1
    var column = 1
    while index < min(offset, bytes.count) {
      let length = lineBreak(at: index)
      if length > 0 {
        line += 1
        column = 1
        index += length
      } else {
        if bytes[index] & 0xc0 != 0x80 { column += 1 }
        index += 1
      }
    }
    return SourcePosition(file: file, line: line, column: column)
  }
}
