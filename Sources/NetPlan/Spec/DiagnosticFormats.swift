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
    let rules = Set(map(\.code.rawValue)).sorted().map { JSON.object([.init("id", .string($0))]) }
    return [
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
      "runs": [
        [
          "tool": ["driver": ["name": "vnet-apply", "rules": .array(rules)]],
          "results": .array(map { $0.sarifResult(files) }),
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
      let file = Diagnostic.escaped(files[position.file].path, property: true)
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

  fileprivate func sarifResult(_ files: [SourceFile]) -> JSON {
    var members: [JSON.Member] = [
      .init("ruleId", .string(code.rawValue)), .init("level", .string(severity.rawValue)),
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
    let path = files.indices.contains(file) ? files[file].path : ""
    return .init(
      "physicalLocation",
      [
        "artifactLocation": ["uri": .string(path)],
        "region": ["startLine": line.json, "startColumn": column.json],
      ])
  }
}
