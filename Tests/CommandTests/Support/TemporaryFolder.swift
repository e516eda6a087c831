import Glibc

/// A folder that every user may read; `delete` removes it.
struct TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/vt-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil, chmod(template, 0o755) == 0 else {
      throw CommandFailure(description: "mkdtemp failed: errno \(errno)")
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Writes a file; its path.
  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    let file = path + "/" + name
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw CommandFailure(description: "\(file): errno \(errno)")
    }
    return file
  }

  func read(_ name: String) throws -> String { try must(["cat", path + "/" + name]) }

  func delete() { _ = try? run(["rm", "-rf", path]) }
}
