// Configuration of programs that manage interfaces: which files count, and what of them decides.

/// A file as it was found.
package struct FoundFile: Sendable {
  package var path: String
  package var text: String

  package init(_ path: String, _ text: String) {
    self.path = path
    self.text = text
  }
}

extension InterfaceManager {
  /// Where its files are; the first folder wins where two have a file of one name (systemd.network(5),
  /// NetworkManager.conf(5)).
  package var folders: [String] {
    switch self {
    case .networkd:
      [
        "/etc/systemd/network", "/run/systemd/network", "/usr/local/lib/systemd/network",
        "/usr/lib/systemd/network", "/lib/systemd/network",
      ]
    case .networkManager:
      ["/etc/NetworkManager/conf.d", "/run/NetworkManager/conf.d", "/usr/lib/NetworkManager/conf.d"]
    }
  }

  /// The one that is in no such folder.
  package var mainFile: String? { self == .networkd ? nil : "/etc/NetworkManager/NetworkManager.conf" }

  /// What its configuration comes to, without files of ours, which are objects of the plan.
  package func configuration(_ found: [FoundFile]) -> [ManagerFile] {
    var files: [ManagerFile] = []
    for file in found where !file.path.contains(".network.d/") {
      let ours = DropInID(program: self, fileName: ManagerFile(file.path).name)
      if ours?.path == file.path { continue }
      guard file.path.hasSuffix(self == .networkd ? ".network" : ".conf") else { continue }
      let more = self == .networkd ? additions(to: ManagerFile(file.path).name, found) : ""
      files.append(reduced(file.path, file.text, more))
    }
    return counting(files)
  }

  /// What decides of a file, and of what is added to it.
  func reduced(_ path: String, _ text: String, _ more: String = "") -> ManagerFile {
    switch self {
    case .networkd: ManagerFile(path, Self.matches(text + "\n" + more), isMasked: text.isEmpty)
    case .networkManager: ManagerFile(path, Self.specifications(text))
    }
  }

  /// `NAME.network.d/*.conf`, which come after the file that they are about.
  private func additions(to name: Substring, _ found: [FoundFile]) -> String {
    let mine = found.filter { file in folders.contains { file.path.hasPrefix("\($0)/\(name).d/") } }
    var seen: [Substring: FoundFile] = [:]
    for folder in folders.reversed() {
      for file in mine where file.path.hasPrefix("\(folder)/") { seen[ManagerFile(file.path).name] = file }
    }
    return seen.sorted { $0.key < $1.key }.map(\.value.text).joined(separator: "\n")
  }

  /// Of files of one name the one in the first folder, and all in the order in which they are read.
  func counting(_ files: [ManagerFile]) -> [ManagerFile] {
    func folder(_ file: ManagerFile) -> Int {
      folders.firstIndex { file.path == "\($0)/\(file.name)" } ?? folders.count
    }
    let ranked = files.map { (file: $0, folder: folder($0)) }
    let first = Dictionary(
      ranked.filter { $0.file.path != mainFile }.map { ($0.file.name, $0.folder) }, uniquingKeysWith: min)
    return ranked.filter { $0.file.path == mainFile || first[$0.file.name] == $0.folder }.sorted { a, b in
      switch self {
      case .networkd: a.file.name < b.file.name
      case .networkManager: (order(a.file, a.folder), a.file.name) < (order(b.file, b.folder), b.file.name)
      }
    }.map(\.file)
  }

  /// NetworkManager.conf comes after /usr/lib and /run, and before /etc.
  private func order(_ file: ManagerFile, _ folder: Int) -> Int {
    file.path == mainFile ? 2 : [3, 1, 0][min(folder, 2)]
  }

  // MARK: What decides

  private static let decided: Set<Substring> = ["Name", "Type", "Kind", "Driver"]

  private static func matches(_ text: String) -> [String] {
    entries(text, comments: "#;", continues: true).compactMap { entry in
      switch (entry.section, entry.key) {
      case ("Match", let key) where decided.contains(key): "Match.\(key)=\(entry.value)"
      case ("Match", _): entry.value.isEmpty ? nil : "Match.?"
      case ("Link", "Unmanaged"): "Link.Unmanaged=\(entry.value)"
      default: nil
      }
    }
  }

  private static func specifications(_ text: String) -> [String] {
    var settings: [(key: String, value: Substring)] = []
    for entry in entries(text, comments: "#", continues: false) {
      let isDevice = entry.section.hasPrefix("device")
      guard
        entry.section == "keyfile" && entry.key.hasPrefix("unmanaged-devices")
          || isDevice && (entry.key == "match-device" || entry.key == "managed")
      else { continue }
      let key = "\(entry.section).\(entry.key)"
      settings.removeAll { $0.key == key }
      settings.append((key, entry.value))
    }
    return settings.map { "\($0.key)=\($0.value)" }
  }

  private static func entries(
    _ text: String, comments: String, continues: Bool
  ) -> [(section: Substring, key: Substring, value: Substring)] {
    var entries: [(section: Substring, key: Substring, value: Substring)] = []
    var section: Substring = ""
    let text = continues ? text.replacing("\\\n", with: " ") : text
    for line in text.split(whereSeparator: \.isNewline).map(\.bare) {
      if line.first.map(comments.contains) ?? true { continue }
      if line.hasPrefix("["), line.hasSuffix("]") {
        section = line.dropFirst().dropLast()
      } else if let sign = line.firstIndex(of: "=") {
        // `+=` and `-=` belong to the key.
        entries.append((section, line[..<sign].bare, line[line.index(after: sign)...].bare))
      }
    }
    return entries
  }
}

extension Substring {
  /// Without blanks around it.
  var bare: Substring {
    var text = self
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
