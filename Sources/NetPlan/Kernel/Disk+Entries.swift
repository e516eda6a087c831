internal import Glibc

extension Disk {
  /// Names in a folder, in order; none where there is no such folder, or none that this process may look into.
  ///
  /// Whatever else keeps it from being read is an error: what is not seen would be taken for what is not there.
  static func entries(_ path: String) throws(HostError) -> [String] {
    guard let directory = opendir(path) else {
      if [ENOENT, ENOTDIR, EACCES, EPERM].contains(errno) { return [] }
      throw HostError("read the folder \(path)", errno: errno)
    }
    defer { closedir(directory) }
    return try names(in: directory, path).sorted()
  }

  private static func names(in directory: OpaquePointer, _ path: String) throws(HostError) -> [String] {
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(directory) else { break }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    // A process that ends meanwhile takes its folder along.
    guard errno == 0 || errno == ENOENT || errno == ESRCH else {
      throw HostError("read the folder \(path)", errno: errno)
    }
    return names
  }

  /// Those in `/proc` that are numbers: processes, and descriptors of one.
  static func numbers(_ path: String) throws(HostError) -> [Int32] {
    try entries(path).compactMap { Int32($0) }
  }
}

extension Disk {
  /// Takes out of a folder whatever is in it, by name and followed nowhere; nothing where there is none.
  ///
  /// It may be somebody else's, who is at it: it is taken from him first, and so is each folder in it.
  static func empty(_ folder: String) throws(HostError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return }
      throw HostError("open the folder \(folder)", errno: errno)
    }
    try empty(descriptor, folder, depth: 64)
  }

  private static func empty(_ descriptor: Int32, _ folder: String, depth: Int) throws(HostError) {
    if geteuid() == 0 {
      fchown(descriptor, 0, 0)
      fchmod(descriptor, 0o700)
    }
    guard let stream = fdopendir(descriptor) else {
      close(descriptor)
      throw HostError("read the folder \(folder)", errno: errno)
    }
    defer { closedir(stream) }
    for name in try names(in: stream, folder) where unlinkat(descriptor, name, 0) != 0 && errno != ENOENT {
      let path = "\(folder)/\(name)"
      guard depth > 0 else { throw HostError("remove \(path)", errno: ELOOP) }
      let inner = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard inner >= 0 else { throw HostError("remove \(path)", errno: errno) }
      try empty(inner, path, depth: depth - 1)
      guard unlinkat(descriptor, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
        throw HostError("remove the folder \(path)", errno: errno)
      }
    }
  }
}
