internal import Glibc

/// Reads what the command line names: files, a folder of them, or standard input.
enum SourceFiles {
  /// The files in order, the name that a configuration without `name` gets, and what could not be read.
  static func read(_ inputs: [String]) -> (files: [SourceFile], defaultName: String?, failures: [Diagnostic])
  {
    var files: [SourceFile] = []
    var failures: [Diagnostic] = []
    for input in inputs {
      if input == "-" {
        load(descriptor: STDIN_FILENO, path: "<stdin>", &files, &failures)
      } else if isFolder(input) {
        folder(input, &files, &failures)
      } else {
        file(input, &files, &failures)
      }
    }
    if inputs.isEmpty { failures.append(Diagnostic(.noFiles, at: nil, "no configuration is named")) }
    if files.count > SourcePosition.lastFile {
      failures.append(Diagnostic(.noFiles, at: nil, "more than \(SourcePosition.lastFile) files"))
    }
    return (files, inputs.count == 1 ? defaultName(inputs[0]) : nil, failures)
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The file's name without extension, or the folder's.
  private static func defaultName(_ input: String) -> String? {
    if input == "-" { return nil }
    guard isFolder(input) else {
      let name = lastPart(input)
      guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
      return String(name[..<dot])
    }
    guard let resolved = realpath(input, nil) else { return nil }
    defer { free(resolved) }
    return lastPart(String(cString: resolved))
  }

  private static func lastPart(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? ""
  }

  private static func folder(_ path: String, _ files: inout [SourceFile], _ failures: inout [Diagnostic]) {
    guard let stream = opendir(path) else { return fail(path, "open the folder", &failures) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix("."), [".conf", ".yaml", ".yml"].contains(where: name.hasSuffix) {
        names.append(name)
      }
    }
    if names.isEmpty {
      failures.append(
        Diagnostic(
          .noFiles, at: nil, "\(path.shown): the folder holds no configuration",
          hint: "files are named *.conf, *.yaml or *.yml"))
    }
    for name in names.sorted() {
      file(path.hasSuffix("/") ? path + name : "\(path)/\(name)", &files, &failures)
    }
  }

  private static func file(_ path: String, _ files: inout [SourceFile], _ failures: inout [Diagnostic]) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { return fail(path, "open", &failures) }
    defer { close(descriptor) }
    load(descriptor: descriptor, path: path, &files, &failures)
  }

  /// Stops just past the limit: the parser says that it is too large.
  private static func load(
    descriptor: Int32, path: String, _ files: inout [SourceFile], _ failures: inout [Diagnostic]
  ) {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= YAML.byteLimit {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        return fail(path, "read", &failures)
      }
      bytes += buffer[..<count]
    }
    files.append(SourceFile(path: path, bytes: bytes))
  }

  private static func fail(_ path: String, _ operation: String, _ failures: inout [Diagnostic]) {
    let reason = String(cString: strerror(errno))
    failures.append(Diagnostic(.cannotRead, at: nil, "\(path.shown): cannot \(operation): \(reason)"))
  }
}
