internal import ArgumentParser
internal import NetPlan

extension Session {
  private static func path(_ name: String, in directory: String) -> String {
    "\(directory)/\(name).nics.json"
  }

  /// What the last apply of `name` said about its NICs.
  func attachments(of name: String) throws -> Attachments {
    let bytes = (try? Disk.read(Session.path(name, in: stateDirectory))).flatMap { $0 }
    guard let bytes, let json = try? JSON(parsing: bytes), let attachments = Attachments(json: json) else {
      Output.error("error: nothing is applied here by the name '\(name)'")
      throw Exit.invalid
    }
    return attachments
  }

  /// Keeps it for later; nothing but `attach --name` misses it where that fails.
  static func keep(_ attachments: Attachments?, of name: String, in directory: String) {
    let path = path(name, in: directory)
    guard let attachments, !attachments.list.isEmpty else {
      try? Disk.remove(path)
      return
    }
    let bytes = Array(attachments.json.text().utf8)
    if let there = try? Disk.read(path), there == bytes { return }
    try? Disk.replace(path, with: bytes, mode: 0o644)
  }
}
