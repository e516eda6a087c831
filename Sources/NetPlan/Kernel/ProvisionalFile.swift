internal import Glibc

/// A file that changes with a decision and not before: what it is to be lies beside it until then.
package struct ProvisionalFile: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  private static let suffix = ".pending"

  package var pending: String { path + ProvisionalFile.suffix }

  /// Takes away all that are in a folder and that nobody will decide about.
  package static func sweep(_ folder: String) throws(HostError) {
    for name in try Disk.entries(folder) where name.hasSuffix(suffix) { try Disk.remove("\(folder)/\(name)") }
  }

  /// What it is to be; nothing, for it to go. Written through to the disk: it may be the next boot that asks.
  package func propose(_ bytes: [UInt8]?, mode: UInt32 = 0o644) throws(HostError) {
    if try Disk.read(path) == bytes { return }
    try Disk.replace(pending, with: bytes ?? [], mode: mode)
    try Disk.sync(pending)
  }

  /// It becomes that, under another name where one is given, or stays what it is; false where nothing was proposed.
  @discardableResult
  package func settle(keep: Bool, as other: String? = nil) throws(HostError) -> Bool {
    guard let bytes = try Disk.read(pending) else { return false }
    if keep, !bytes.isEmpty {
      try Disk.rename(pending, to: other ?? path)
    } else {
      if keep { try Disk.remove(path) }
      try Disk.remove(pending)
    }
    return true
  }
}
