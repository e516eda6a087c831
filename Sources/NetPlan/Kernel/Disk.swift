internal import Glibc

/// Files that must survive a kill: small, whole, replaced by rename.
package enum Disk {
  /// nil where there is no such file.
  package static func read(_ path: String) throws(HostError) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw HostError("open \(path)", errno: errno)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw HostError("read \(path)", errno: errno) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: max(4096, min(Int(status.st_size) + 1, 1 << 20)))
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw HostError("read \(path)", errno: errno)
      }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }

  package static func write(_ bytes: some Collection<UInt8>, to descriptor: Int32, _ path: String)
    throws(HostError)
  {
    let bytes = Array(bytes)
    var start = 0
    while start < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + start, $0.count - start) }
      if count < 0 {
        if errno == EINTR { continue }
        throw HostError("write \(path)", errno: errno)
      }
      start += count
    }
  }

  /// Writes a new file beside and renames it over the old one.
  /// With `exactly`, the mode is that whatever the caller's umask is. With `syncs`, what it says is on the disk before it has
  /// the name: a file system may write down the name first, and after a loss of power the file would be empty.
  package static func replace(
    _ path: String, with bytes: [UInt8], mode: UInt32 = 0o600, exactly: Bool = false, syncs: Bool = false
  ) throws(HostError) {
    let new = path + newSuffix
    let descriptor = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw HostError("create \(new)", errno: errno) }
    do throws(HostError) {
      defer { close(descriptor) }
      guard !exactly || fchmod(descriptor, mode) == 0 else {
        throw HostError("set the mode of \(new)", errno: errno)
      }
      try write(bytes, to: descriptor, new)
      if syncs { try sync(new) }
      try rename(new, to: path)
    } catch {
      unlink(new)
      throw error
    }
  }

  /// Removes the new file that a killed `replace` left beside.
  static func sweep(_ path: String) { unlink(path + newSuffix) }

  /// Of a file that is still being written.
  static let newSuffix = ".new"

  package static func rename(_ old: String, to new: String) throws(HostError) {
    guard Glibc.rename(old, new) == 0 else { throw HostError("rename \(old) to \(new)", errno: errno) }
  }

  /// Written through to the disk, or a folder's list of names: what has to be there after a loss of power.
  static func sync(_ path: String) throws(HostError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw HostError("open \(path)", errno: errno) }
    defer { close(descriptor) }
    // EINVAL, EROFS: a file system that has no such thing (fsync(2)).
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else {
      throw HostError("write \(path) to the disk", errno: errno)
    }
  }

  /// The list of names of a folder; where that is gone, of the nearest that is left.
  static func syncNames(of folder: String) throws(HostError) {
    var path = folder[...]
    while access(String(path), F_OK) != 0, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
      path = path[..<slash]
    }
    try sync(String(path))
  }

  /// Gone is gone.
  package static func remove(_ path: String) throws(HostError) {
    guard unlink(path) == 0 || errno == ENOENT else { throw HostError("remove \(path)", errno: errno) }
  }

  /// What a user's program has left of its sockets in a folder of its own, and that folder, if nothing else is in it.
  ///
  /// Nothing that he puts in the place of either is followed: whatever is taken away stands in a folder of his.
  static func removeSockets(in folder: String, of user: UInt32) throws(HostError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_uid == user, let stream = fdopendir(descriptor) else {
      close(descriptor)
      return
    }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      guard entry.pointee.d_type == UInt8(DT_SOCK) else { continue }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else {
        throw HostError("remove \(folder)/\(name)", errno: errno)
      }
    }
    guard rmdir(folder) == 0 || errno == ENOENT || errno == ENOTEMPTY else {
      throw HostError("remove the folder \(folder)", errno: errno)
    }
  }

  package static func makeDirectory(
    _ path: String, mode: UInt32 = 0o755, exactly: Bool = false
  ) throws(HostError) {
    var prefix = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      prefix += "/" + part
      if mkdir(prefix, mode) == 0 {
        guard !exactly || chmod(prefix, mode) == 0 else {
          throw HostError("set the mode of \(prefix)", errno: errno)
        }
      } else if errno != EEXIST {
        throw HostError("create the folder \(prefix)", errno: errno)
      }
    }
  }
}
