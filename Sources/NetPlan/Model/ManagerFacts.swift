/// What a program that manages interfaces by itself is to this network namespace.
package struct ManagerFacts: Hashable, Sendable, JSONRepresentable {
  package var program: InterfaceManager
  package var place: Place
  /// What its configuration says of which interfaces are its own, where it runs here; in the order in which it counts.
  package var files: [ManagerFile]

  package enum Place: String, Hashable, Sendable, JSONRepresentable {
    /// It runs in this network namespace.
    case running
    /// It would run in this one.
    case installed
    /// It runs, or would, in another one, and these interfaces are nothing to it.
    case elsewhere
  }

  package init(_ program: InterfaceManager, _ place: Place, _ files: [ManagerFile] = []) {
    self.program = program
    self.place = place
    self.files = files
  }

  package var json: JSON {
    let members = [JSON.Member("program", program.json), JSON.Member("place", place.json)]
    return .object(members + (files.isEmpty ? [] : [JSON.Member("files", files.json)]))
  }

  package init?(json: JSON) {
    guard let program = json["program"].flatMap(InterfaceManager.init(json:)),
      let place = json["place"].flatMap(Place.init(json:))
    else { return nil }
    self.init(program, place)
    guard let list = json["files"] else { return }
    guard let files = [ManagerFile](json: list) else { return nil }
    self.files = files
  }
}

/// A file of such a program's configuration, reduced to what decides whose an interface is.
package struct ManagerFile: Hashable, Sendable, JSONRepresentable {
  package var path: String
  /// `Match.Name=en*`, `keyfile.unmanaged-devices+=type:tun`, in the file's order; `Match.?` for a condition of which a
  /// planner knows nothing.
  package var settings: [String]
  /// It is there to have no file of its name in other folders counted.
  package var isMasked: Bool

  package init(_ path: String, _ settings: [String] = [], isMasked: Bool = false) {
    self.path = path
    self.settings = settings
    self.isMasked = isMasked
  }

  package var json: JSON {
    .object([
      JSON.Member("path", .string(path)),
      isMasked ? JSON.Member("masked", true.json) : JSON.Member("settings", settings.json),
    ])
  }

  package init?(json: JSON) {
    guard let path = json["path"]?.string else { return nil }
    let settings = json["settings"].flatMap([String].init(json:))
    let isMasked = json["masked"].flatMap(Bool.init(json:)) ?? false
    guard settings != nil || isMasked else { return nil }
    self.init(path, settings ?? [], isMasked: isMasked)
  }

  package var name: Substring {
    path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...]
  }
}
