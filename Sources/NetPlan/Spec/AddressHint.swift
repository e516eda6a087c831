/// The commonest mistake of this language: `::` unquoted where YAML reads a key.
enum AddressHint {
  /// How to mend it, where one of the places has an unquoted IPv6 address in its line.
  static func text(_ file: SourceFile, _ places: [SourcePosition]) -> String? {
    for place in places {
      guard let line = file.line(place.line) else { continue }
      let nearest = unquoted(line).min { abs($0.column - place.column) < abs($1.column - place.column) }
      if let nearest { return "quote the IPv6 address: \"\(nearest.text)\"" }
    }
    return nil
  }

  /// The words of a line that read as IPv6 addresses or prefixes and stand outside quotes, with the columns
  /// they end at.
  private static func unquoted(_ line: [UnicodeScalar]) -> [(text: String, column: Int)] {
    var found: [(text: String, column: Int)] = []
    var quote: UnicodeScalar?
    var word = ""
    var colons = 0
    for (index, scalar) in (line + [" "]).enumerated() {
      if let open = quote {
        if scalar == open { quote = nil }
      } else if scalar.isASCII,
        hexDigit(UInt8(scalar.value)) != nil || scalar == ":" || scalar == "." || scalar == "/"
      {
        word.unicodeScalars.append(scalar)
        if scalar == ":" { colons += 1 }
      } else {
        if scalar == "\"" || scalar == "'" { quote = scalar }
        if colons > 1,
          let text = [word, String(word.dropLast())].first(where: { IPInterface($0)?.family == .ipv6 })
        {
          found.append((text, index))
        }
        word = ""
        colons = 0
      }
    }
    return found
  }
}
