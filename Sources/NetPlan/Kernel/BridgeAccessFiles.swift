internal import Glibc

/// Files of ours that qemu-bridge-helper's list includes, and the lines of the list that do.
///
/// A file is there before the list includes it, and goes after: the helper passes over one that is missing. The list is
/// somebody else's. Lines of ours stand at its head, so that it is byte for byte what it was once they are gone, however its
/// last line ends. The order means nothing to the helper: a `deny` anywhere wins.
struct BridgeAccessFiles {
  func read() throws(HostError) -> [Object] {
    let paths = try BridgeAccessPaths()
    let list = try HelperList.readable(paths.list)
    let names = try Disk.entries(paths.folder) + list.included
    return try Set(names.compactMap(paths.id)).sorted().map { (id) throws(HostError) in
      .bridgeAccess(try read(id, at: paths.path(of: id), isIncluded: list.includes(paths.path(of: id))))
    }
  }

  private func read(
    _ id: BridgeAccessID, at path: String, isIncluded: Bool
  ) throws(HostError) -> BridgeAccess {
    let bytes: [UInt8]?
    do throws(HostError) {
      bytes = try Disk.read(path)
    } catch {
      if error.errno == EACCES { return BridgeAccess(unread: id) }
      throw error
    }
    var status = stat()
    let isThere = bytes != nil && stat(path, &status) == 0
    return BridgeAccess(
      id: id, text: String(decoding: bytes ?? [], as: UTF8.self),
      permissions: isThere
        ? "\(String(status.st_mode & 0o7777, radix: 8)) \(status.st_uid):\(status.st_gid)" : "none",
      isIncluded: isIncluded)
  }

  /// What a killed run left half written.
  func sweep() {
    guard let paths = try? BridgeAccessPaths() else { return }
    unlink("\(paths.folder)/\(BridgeAccessPaths.unfinished)")
    if let list = try? HelperList.place(paths.list) { unlink(list.unfinished) }
  }

  /// One after the other, in the order of the steps.
  func perform(_ batch: Batch, _ outcomes: inout [StepOutcome]) {
    for (index, step) in batch.steps.enumerated() {
      guard case .bridgeAccess(let id) = step.change.id else { continue }
      do throws(HostError) {
        try set(id, step.change.after?.bridgeAccess)
      } catch {
        outcomes[index] = .unknown(error)
      }
    }
  }

  private func set(_ id: BridgeAccessID, _ access: BridgeAccess?) throws(HostError) {
    let paths = try BridgeAccessPaths()
    let path = paths.path(of: id)
    if access == nil, Glibc.access(paths.folder, F_OK) != 0 { return }
    let isNew = Glibc.access(paths.folder, F_OK) != 0
    try Disk.makeDirectory(paths.folder, exactly: true)
    // Runs in other network namespaces have the same folder and another lock.
    let folder = open(paths.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw HostError("open \(paths.folder)", errno: errno) }
    defer { close(folder) }
    guard flock(folder, LOCK_EX) == 0 else { throw HostError("lock \(paths.folder)", errno: errno) }
    do throws(HostError) {
      try set(path, access, isFolderNew: isNew, paths)
    } catch {
      if isNew { rmdir(paths.folder) }
      throw error
    }
  }

  private func set(
    _ path: String, _ access: BridgeAccess?, isFolderNew isNew: Bool, _ paths: BridgeAccessPaths
  ) throws(HostError) {
    var list = try HelperList(paths.list)
    if let access, access.permissions != "none" {
      try UnfinishedFile(path: "\(paths.folder)/\(BridgeAccessPaths.unfinished)").become(
        path, Array(access.text.utf8), access.permissions)
    }
    if access?.isIncluded ?? false { list.include(path, isFolderNew: isNew) } else { list.exclude(path) }
    try list.write()
    if access.map({ $0.permissions == "none" }) ?? true { try Disk.remove(path) }
    if list.endsFolder { rmdir(paths.folder) }
  }
}

/// Where these files are, by their names: those of a network namespace that somebody can find again bear its name, any
/// other's the number that it has until the next boot.
struct BridgeAccessPaths {
  static let unfinished = "vnet-apply.unfinished"

  /// `CONFIG_QEMU_CONFDIR` of the distributions.
  let folder = "/etc/qemu"
  var list: String { folder + "/bridge.conf" }
  private let suffix: String

  init() throws(HostError) {
    switch try Namespace.identity() {
    case .host: suffix = ".conf"
    case .named(let name)
    where name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) }):
      suffix = "@\(name).conf"
    case .named, .nameless: suffix = "@\(try Namespace.cookie())@.conf"
    }
  }

  /// No configuration's name holds `@`.
  func path(of id: BridgeAccessID) -> String { "\(folder)/vnet-\(id.name)@\(id.group)\(suffix)" }

  /// nil where it is not the name of a file of this namespace.
  func id(_ file: String) -> BridgeAccessID? {
    guard file.hasPrefix("vnet-"), file.hasSuffix(suffix) else { return nil }
    let words = file.dropFirst("vnet-".count).dropLast(suffix.count).split(
      separator: "@", omittingEmptySubsequences: false)
    guard words.count == 2, !words[0].isEmpty, let group = UInt32(words[1]), String(group) == words[1] else {
      return nil
    }
    return BridgeAccessID(name: String(words[0]), group: group)
  }
}
