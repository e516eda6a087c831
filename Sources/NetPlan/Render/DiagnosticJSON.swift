extension [Diagnostic] {
  /// For programs: one object each, in the order of the files.
  package func json(_ files: [SourceFile]) -> JSON {
    .array(
      map { diagnostic in
        var members: [JSON.Member] = [
          .init("severity", .string(diagnostic.severity.rawValue)),
          .init("code", .string(diagnostic.code.rawValue)),
        ]
        if let position = diagnostic.position { members += position.members(files) }
        members += [.init("path", .string(diagnostic.path)), .init("message", .string(diagnostic.message))]
        if let hint = diagnostic.hint { members.append(.init("hint", .string(hint))) }
        if let related = diagnostic.related {
          let place = related.position.members(files)
          members.append(.init("related", .object(place + [.init("message", .string(related.message))])))
        }
        return .object(members)
      })
  }
}

extension SourcePosition {
  fileprivate func members(_ files: [SourceFile]) -> [JSON.Member] {
    let path = files.indices.contains(file) ? files[file].path : ""
    return [.init("file", .string(path)), .init("line", line.json), .init("column", column.json)]
  }
}
