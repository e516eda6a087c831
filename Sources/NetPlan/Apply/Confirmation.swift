/// What became of a change that waited to be confirmed: for whoever waits for that, and whoever comes back later.
package struct Confirmation: Described, JSONRepresentable {
  package var name: String
  /// Of the change, in milliseconds since boot, by which it is known.
  package var deadline: UInt64
  package var kept: Bool

  package static let fields: [Field<Confirmation>] = [
    .always("name", \.name), .always("deadline", \.deadline), .always("kept", \.kept),
  ]
  package static var blank: Confirmation { Confirmation() }

  private init() { (name, deadline, kept) = ("", 0, false) }

  /// nil for a change that did not wait.
  package init?(name: String, deadline: UInt64?, kept: Bool) {
    guard let deadline else { return nil }
    (self.name, self.deadline, self.kept) = (name, deadline, kept)
  }

  /// Whoever misses it looks at the host.
  package func write(in directory: String) {
    try? Disk.replace(Confirmation.path(directory), with: Array(json.text().utf8), mode: 0o644)
  }

  /// The last one.
  package init?(in directory: String) {
    guard let bytes = (try? Disk.read(Confirmation.path(directory))).flatMap(\.self),
      let json = try? JSON(parsing: bytes)
    else { return nil }
    self.init(json: json)
  }

  /// It is forgotten with the next change.
  package static func forget(in directory: String) throws(HostError) { try Disk.remove(path(directory)) }

  private static func path(_ directory: String) -> String { directory + "/confirmation.json" }
}
