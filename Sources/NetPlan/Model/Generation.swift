/// A configuration as it was applied.
package struct Generation: Described, JSONRepresentable {
  package struct File: Described, JSONRepresentable {
    package var path: String
    package var text: String

    package static let fields: [Field<File>] = [.always("path", \.path), .always("text", \.text)]
    package static var blank: File { File(path: "", text: "") }

    package init(path: String, text: String) { (self.path, self.text) = (path, text) }
  }

  package var format = Generation.format
  /// 1 for the first of a name.
  package var number = 0
  /// Seconds since 1970.
  package var time = 0
  /// Of the command line, in its order; none where the name was removed.
  package var files: [File]
  /// The risks that it accepted, `risk` or `risk=object`.
  package var allow: [String]

  package static let format = 1

  package static let fields: [Field<Generation>] = [
    .always("format", \.format), .always("number", \.number), .always("time", \.time),
    .always("files", \.files), .always("allow", \.allow),
  ]
  package static var blank: Generation { Generation(files: [], allow: []) }

  package init(files: [File], allow: [String]) { (self.files, self.allow) = (files, allow) }

  /// Whether to apply one is to apply the other.
  package func says(thatOf other: Generation) -> Bool { files == other.files && allow == other.allow }
}
