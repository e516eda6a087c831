/// Diagnostics for programs.
package enum DiagnosticFormat: String, Sendable, CaseIterable {
  case text, json, github, sarif

  package func render(_ diagnostics: [Diagnostic], _ files: [SourceFile]) -> String {
    switch self {
    case .text: diagnostics.map { $0.text(files) }.joined()
    case .json: SchemaText.array(diagnostics.map { $0.json(files) }).text() + "\n"
    case .github: diagnostics.map { $0.workflowCommand(files) }.joined()
    case .sarif: DiagnosticFormat.sarifLog(diagnostics, files).text() + "\n"
    }
  }

  /// SARIF 2.1.0 (OASIS), as code scanning services read it.
  private static func sarifLog(_ diagnostics: [Diagnostic], _ files: [SourceFile]) -> SchemaText {
    let rules = Set(diagnostics.map(\.code.rawValue)).sorted().map {
      SchemaText.object([("id", .string($0))])
    }
    return [
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
      "runs": [
        [
          "tool": ["driver": ["name": "vnet-apply", "rules": .array(rules)]],
          "results": .array(diagnostics.map { $0.sarifResult(files) }),
        ]
      ],
    ]
  }
}

extension Diagnostic {
  private func placeMembers(_ position: SourcePosition?, _ files: [SourceFile]) -> [(
    key: String, value: SchemaText
  )] {
    guard let position, files.indices.contains(position.file) else { return [] }
    return [
      ("file", .string(files[position.file].path)), ("line", .integer(position.line)),
      ("column", .integer(position.column)),
    ]
  }

  fileprivate func json(_ files: [SourceFile]) -> SchemaText {
    var members: [(key: String, value: SchemaText)] = [
      ("severity", .string(severity.rawValue)), ("code", .string(code.rawValue)),
    ]
    members += placeMembers(position, files)
    members += [("path", .string(path)), ("message", .string(message))]
    if let hint { members.append(("hint", .string(hint))) }
    if let related {
      members.append(
        ("related", .object([("message", .string(related.message))] + placeMembers(related.position, files))))
    }
    return .object(members)
  }

  private var messageWithHint: String { hint.map { "\(message) (\($0))" } ?? message }

  /// `::error file=…,line=…,col=…,title=…::…`; `%`, line breaks, and in properties `:` and `,` are escaped.
  fileprivate func workflowCommand(_ files: [SourceFile]) -> String {
    func escape(_ text: String, property: Bool) -> String {
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
    var properties = ["title=\(code.rawValue)"]
    if let position, files.indices.contains(position.file) {
      let file = escape(files[position.file].path, property: true)
      properties = ["file=\(file)", "line=\(position.line)", "col=\(position.column)"] + properties
    }
    return
      "::\(severity.rawValue) \(properties.joined(separator: ","))::\(escape(messageWithHint, property: false))\n"
  }

  fileprivate func sarifResult(_ files: [SourceFile]) -> SchemaText {
    var members: [(key: String, value: SchemaText)] = [
      ("ruleId", .string(code.rawValue)), ("level", .string(severity.rawValue)),
      ("message", ["text": .string(messageWithHint)]),
    ]
    if let position { members.append(("locations", [sarifLocation(position, files)])) }
    if let related {
      guard case .object(let place) = sarifLocation(related.position, files) else { return .object(members) }
      members.append(
        ("relatedLocations", [.object(place + [("message", ["text": .string(related.message)])])]))
    }
    return .object(members)
  }

  private func sarifLocation(_ position: SourcePosition, _ files: [SourceFile]) -> SchemaText {
    let path = files.indices.contains(position.file) ? files[position.file].path : ""
    return [
      "physicalLocation": [
        "artifactLocation": ["uri": .string(path)],
        "region": ["startLine": .integer(position.line), "startColumn": .integer(position.column)],
      ]
    ]
  }
}
