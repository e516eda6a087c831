/// How diagnostics are written: for people, for programs, for the services that show them beside a change.
package enum DiagnosticFormat: String, Sendable, CaseIterable {
  case text, json, github, sarif

  package func render(_ diagnostics: [Diagnostic], _ files: [SourceFile]) -> String {
    switch self {
    case .text: diagnostics.text(files)
    case .json: diagnostics.json(files).text(indent: 2) + "\n"
    case .github: diagnostics.github(files)
    case .sarif: diagnostics.sarif(files).text(indent: 2) + "\n"
    }
  }
}

extension [Diagnostic] {
  /// One object each, in the order of the files.
  package func json(_ files: [SourceFile]) -> JSON { .array(map { $0.json(files) }) }

  /// One workflow command each, as GitHub's runners read them from a log:
  /// `::error file=…,line=…,col=…,title=…::…`.
  package func github(_ files: [SourceFile]) -> String { map { $0.workflowCommand(files) }.joined() }

  /// SARIF 2.1.0 (OASIS), as code scanning services read it.
  package func sarif(_ files: [SourceFile]) -> JSON {
    let rules = Set(map(\.code.rawValue)).sorted()
    let places = Dictionary(uniqueKeysWithValues: rules.enumerated().map { ($1, $0) })
    return [
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
      "runs": [
        [
          "tool": ["driver": ["name": "vnet-apply", "rules": .array(rules.map(Diagnostic.sarifRule))]],
          // As libyaml counts (yaml_mark_t), where SARIF would take them for UTF-16 otherwise (3.14.17).
          "columnKind": "unicodeCodePoints",
          "results": .array(map { $0.sarifResult(files, places[$0.code.rawValue] ?? 0) }),
        ]
      ],
    ]
  }
}

extension Diagnostic {
  private var messageWithHint: String { hint.map { "\(message) (\($0))" } ?? message }

  fileprivate func json(_ files: [SourceFile]) -> JSON {
    var members: [JSON.Member] = [
      .init("severity", .string(severity.rawValue)), .init("code", .string(code.rawValue)),
    ]
    if let position { members += position.members(files) }
    members += [.init("path", .string(path)), .init("message", .string(message))]
    if let hint { members.append(.init("hint", .string(hint))) }
    if let related {
      members.append(
        .init(
          "related", .object(related.position.members(files) + [.init("message", .string(related.message))])))
    }
    return .object(members)
  }

  fileprivate func workflowCommand(_ files: [SourceFile]) -> String {
    var properties = ["title=\(code.rawValue)"]
    if let position, files.indices.contains(position.file) {
      let file = Diagnostic.escaped(String(files[position.file].plainPath), property: true)
      properties = ["file=\(file)", "line=\(position.line)", "col=\(position.column)"] + properties
    }
    let text = Diagnostic.escaped(messageWithHint, property: false)
    return "::\(severity.rawValue) \(properties.joined(separator: ","))::\(text)\n"
  }

  /// A command ends with its line; in a property `:` and `,` have a meaning too.
  private static func escaped(_ text: String, property: Bool) -> String {
    text.unicodeScalars.map { scalar in
      switch scalar {
      case "%": "%25"
      case "\r": "%0D"
      case "\n": "%0A"
      case ":" where property: "%3A"
      case "," where property: "%2C"
      default: String(scalar)
      }
    }.joined()
  }

  /// With the texts that GitHub's code scanning asks of a rule.
  fileprivate static func sarifRule(_ code: String) -> JSON {
    let words: JSON = ["text": .string(code.replacing("-", with: " "))]
    return [
      "id": .string(code), "shortDescription": words, "fullDescription": words,
      "help": [
        "text": .string("docs/diagnostics.md of vnet-apply says what is wrong where it reads '\(code)'.")
      ],
    ]
  }

  fileprivate func sarifResult(_ files: [SourceFile], _ rule: Int) -> JSON {
    var members: [JSON.Member] = [
      .init("ruleId", .string(code.rawValue)), .init("ruleIndex", rule.json),
      .init("level", .string(severity.rawValue)),
      .init("message", ["text": .string(messageWithHint)]),
    ]
    if let position {
      members.append(.init("locations", [.object([position.sarif(files)])]))
    }
    if let related {
      let message = JSON.Member("message", ["text": .string(related.message)])
      members.append(.init("relatedLocations", [.object([related.position.sarif(files), message])]))
    }
    return .object(members)
  }
}

extension SourcePosition {
  fileprivate func members(_ files: [SourceFile]) -> [JSON.Member] {
    let path = files.indices.contains(file) ? files[file].path : ""
    return [.init("file", .string(path)), .init("line", line.json), .init("column", column.json)]
  }

  fileprivate func sarif(_ files: [SourceFile]) -> JSON.Member {
    let uri = files.indices.contains(file) ? files[file].uri : ""
    return .init(
      "physicalLocation",
      [
        "artifactLocation": ["uri": .string(uri)],
        "region": ["startLine": line.json, "startColumn": column.json],
      ])
  }
}

extension SourceFile {
  /// As a repository names it.
  fileprivate var plainPath: Substring {
    var rest = path[...]
    while rest.hasPrefix("./") { rest = rest.dropFirst(2).drop { $0 == "/" } }
    return rest
  }

  /// A reference of RFC 3986: relative to where the program runs, or a file: URI.
  fileprivate var uri: String {
    let encoded = plainPath.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: "/"):
        return String(UnicodeScalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        return "%" + (digits.count < 2 ? "0" : "") + digits
      }
    }.joined()
    return path.hasPrefix("/") ? "file://" + encoded : encoded
  }
}
