internal import Glibc

/// `/etc/qemu/bridge.conf`: what qemu-bridge-helper lets whom do, an administrator's file in which lines of ours include files
/// of ours.
///
/// Of a list that was not there before, the first line says so; it goes with our last line, and a list in which then nothing
/// is left goes with it.
struct HelperList {
  private let place: Place
  private var lines: [ArraySlice<UInt8>]
  private let before: [UInt8]?
  private var isGone = false
  /// The folder came with this list, and may go with it.
  private(set) var endsFolder = false

  private static let title = Array(
    "# Made by vnet-apply, and gone with the last line that includes a file of it.".utf8)
  private static let titleOfFolder = Array(
    "# Made by vnet-apply with its folder, and gone with the last line that includes a file of it.".utf8)
  private static let verb = Array("include ".utf8)

  init(_ path: String) throws(HostError) {
    let place = try HelperList.place(path)
    self.init(place, try Disk.read(place.path))
  }

  private init(_ place: Place, _ bytes: [UInt8]?) {
    (self.place, before) = (place, bytes)
    lines = bytes.map { $0.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) } ?? []
  }

  /// As far as this process may read it.
  static func readable(_ path: String) throws(HostError) -> HelperList {
    do throws(HostError) {
      return try HelperList(path)
    } catch {
      guard error.errno == EACCES else { throw error }
      return HelperList(Place(path: path), nil)
    }
  }

  func includes(_ path: String) -> Bool { lines.contains { Array($0) == HelperList.line(path) } }

  /// Names of files of ours that it includes.
  var included: [String] {
    lines.filter { $0.starts(with: HelperList.verb) }.compactMap {
      String(decoding: $0, as: UTF8.self).split(separator: "/").last.map(String.init)
    }.filter { $0.hasPrefix("vnet-") }
  }

  mutating func include(_ path: String, isFolderNew: Bool) {
    if includes(path) { return }
    if before == nil { lines = [(isFolderNew ? HelperList.titleOfFolder : HelperList.title)[...], []] }
    lines.insert(HelperList.line(path)[...], at: 0)
  }

  mutating func exclude(_ path: String) {
    lines.removeAll { Array($0) == HelperList.line(path) }
    guard included.isEmpty,
      let title = lines.firstIndex(where: {
        Array($0) == HelperList.title || Array($0) == HelperList.titleOfFolder
      })
    else { return }
    let isFolders = Array(lines.remove(at: title)) == HelperList.titleOfFolder
    isGone = lines.allSatisfy(\.isEmpty)
    endsFolder = isGone && isFolders
  }

  private static func line(_ path: String) -> [UInt8] { verb + Array(path.utf8) }

  func write() throws(HostError) {
    let bytes = Array(lines.joined(separator: CollectionOfOne(UInt8(ascii: "\n"))))
    if isGone { return try Disk.remove(place.path) }
    if bytes == before ?? [] { return }
    var status = stat()
    let isThere = stat(place.path, &status) == 0
    // The helper reads it as whoever calls it.
    let permissions =
      isThere
      ? "\(String(status.st_mode & 0o7777, radix: 8)) \(status.st_uid):\(status.st_gid)" : "644 0:0"
    try UnfinishedFile(path: place.unfinished).become(place.path, bytes, permissions)
  }

  // MARK: Where it is

  struct Place {
    /// What a symbolic link leads to: another file in its place would be another list.
    var path: String
    var unfinished: String {
      path.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/\(BridgeAccessPaths.unfinished)"
    }
  }

  static func place(_ path: String) throws(HostError) -> Place {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return Place(path: path) }
    guard let real = realpath(path, nil) else { throw HostError("follow the link \(path)", errno: errno) }
    defer { free(real) }
    return Place(path: String(cString: real))
  }
}

/// A file that becomes another when it is whole, with the mode and owner that that is to have.
struct UnfinishedFile {
  let path: String

  /// `permissions` as in `640 0:1000`.
  func become(_ target: String, _ bytes: [UInt8], _ permissions: String) throws(HostError) {
    let words = permissions.split { $0 == " " || $0 == ":" }
    guard words.count == 3, let mode = UInt32(words[0], radix: 8), let user = UInt32(words[1]),
      let group = UInt32(words[2])
    else {
      throw HostError(operation: "write \(target)", errno: EINVAL, message: "mode and owner '\(permissions)'")
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw HostError("create \(path)", errno: errno) }
    do throws(HostError) {
      defer { close(descriptor) }
      try Disk.write(bytes, to: descriptor, path)
      guard fchown(descriptor, user, group) == 0, fchmod(descriptor, mode) == 0 else {
        throw HostError("set owner and mode of \(path)", errno: errno)
      }
      try Disk.rename(path, to: target)
    } catch {
      unlink(path)
      throw error
    }
  }
}
