import Glibc
import NetPlan
import Testing

/// Configurations under `Fixtures/`, each a file or a folder, beside the text that is expected of it.
struct Fixture: Sendable, CustomTestStringConvertible {
  let folder: String
  let name: String
  /// As diagnostics show it: `case.conf`, or the files of the folder `case`.
  let files: [SourceFile]

  var testDescription: String { name }

  private static let root =
    #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/Fixtures"

  /// All cases of `Fixtures/FOLDER`, by name.
  static func all(_ folder: String) -> [Fixture] {
    let path = "\(root)/\(folder)"
    return list(path).compactMap { entry in
      if entry.hasSuffix(".conf") {
        return Fixture(
          folder: folder, name: String(entry.dropLast(5)),
          files: [SourceFile(path: entry, bytes: bytes("\(path)/\(entry)") ?? [])])
      }
      let parts = list("\(path)/\(entry)").filter { !$0.hasSuffix(".txt") }
      guard !parts.isEmpty else { return nil }
      return Fixture(
        folder: folder, name: entry,
        files: parts.map { SourceFile(path: "\(entry)/\($0)", bytes: bytes("\(path)/\(entry)/\($0)") ?? []) })
    }
  }

  var seed: Seed { Seed(machineID: "0123456789abcdef0123456789abcdef") }

  /// A single file names the configuration, as on the command line; several do not.
  func load() throws(ConfigurationError) -> Loaded {
    try Configuration.load(files, defaultName: files.count == 1 ? name : nil, seed: seed)
  }

  /// Compares with `NAME.txt`; with UPDATE_FIXTURES=1 in the environment rewrites it instead.
  func expect(_ text: String, _ location: SourceLocation = #_sourceLocation) {
    let path = "\(Fixture.root)/\(folder)/\(name).txt"
    if getenv("UPDATE_FIXTURES") != nil {
      let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
      let bytes = Array(text.utf8)
      #expect(write(descriptor, bytes, bytes.count) == bytes.count)
      close(descriptor)
      return
    }
    let expected = Fixture.bytes(path).map { String(decoding: $0, as: UTF8.self) }
    #expect(text == expected, sourceLocation: location)
  }

  static func list(_ path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  static func bytes(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
    }
  }
}
