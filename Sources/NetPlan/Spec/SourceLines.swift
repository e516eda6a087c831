/// Where the lines of a file begin: found once, however many diagnostics are shown.
///
/// Lines end as libyaml ends them: at LF, CR, CRLF, NEL, LS and PS.
struct SourceLines {
  /// Offsets in bytes.
  let starts: [Int]
  /// Where the last window began, so that the next one on a long line is not counted from the line's start.
  private var cursor = (line: 0, scalars: 0, byte: 0)

  init(_ file: SourceFile) {
    var index = file.textStart
    var starts = [index]
    while index < file.bytes.count {
      let length = file.lineBreak(at: index)
      index += max(1, length)
      if length > 0 { starts.append(index) }
    }
    self.starts = starts
  }

  /// The bytes of a line, counted from 1, without its break.
  func range(_ number: Int, in file: SourceFile) -> Range<Int> {
    let start = starts[number - 1]
    guard number < starts.count else { return start..<file.bytes.count }
    let next = starts[number]
    let length = [3, 2, 1].first { next - $0 >= start && file.lineBreak(at: next - $0) == $0 } ?? 0
    return start..<next - length
  }

  /// A line and its caret, cut to a window around the column where the line is long.
  mutating func excerpt(_ file: SourceFile, _ position: SourcePosition) -> String {
    guard starts.indices.contains(position.line - 1) else { return "" }
    let width = 100
    let bytes = range(position.line, in: file)
    let column = position.column - 1
    let first = column < width - 20 ? 0 : column - width / 2
    // Only the window is decoded: a line may be as long as the file.
    var (scalars, byte) = (0, bytes.lowerBound)
    if cursor.line == position.line, cursor.scalars <= first {
      (scalars, byte) = (cursor.scalars, cursor.byte)
    }
    func skip(to count: Int) {
      while scalars < count, byte < bytes.upperBound {
        byte += 1
        while byte < bytes.upperBound, file.bytes[byte] & 0xc0 == 0x80 { byte += 1 }
        scalars += 1
      }
    }
    skip(to: first)
    cursor = (position.line, scalars, byte)
    let start = byte
    skip(to: first + width)
    let window = start..<byte
    let shown = String(decoding: file.bytes[window], as: UTF8.self).unicodeScalars.map(SourceLines.visible)
    let before = first > 0 ? "…" : ""
    let after = window.upperBound < bytes.upperBound ? "…" : ""
    // Tabs are kept under tabs, so that the caret stands where the terminal puts the column.
    let indent = String(shown.prefix(column - first).map { $0 == "\t" ? "\t" : " " })
    return "  \(before)\(String(shown))\(after)\n  \(first > 0 ? " " : "")\(indent)^\n"
  }

  /// Nothing in a file moves a terminal's cursor.
  private static func visible(_ scalar: UnicodeScalar) -> Character {
    if scalar == "\t" { return "\t" }
    let isHidden =
      scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar.properties.isBidiControl
    return isHidden ? "\u{fffd}" : Character(scalar)
  }
}

extension SourceFile {
  /// The scalars of a line, counted from 1.
  func line(_ number: Int) -> [UnicodeScalar]? {
    let lines = SourceLines(self)
    guard lines.starts.indices.contains(number - 1) else { return nil }
    return Array(String(decoding: bytes[lines.range(number, in: self)], as: UTF8.self).unicodeScalars)
  }

  /// A byte order mark is no part of the text.
  var textStart: Int { bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0 }

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
    var index = textStart
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
