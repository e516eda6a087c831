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
    return names.sorted()
  }

  /// Those in `/proc` that are numbers: processes, and descriptors of one.
  static func numbers(_ path: String) throws(HostError) -> [Int32] {
    try entries(path).compactMap { Int32($0) }
  }
}
