internal import Glibc

/// The journal as files: `journal` while undecided, `journal.committed` from the decision on.
package struct FileJournal: JournalStore, ~Copyable {
  private let directory: String
  private var descriptor: Int32 = -1

  package init(directory: String) { self.directory = directory }

  deinit { if descriptor >= 0 { close(descriptor) } }

  private var undecided: String { directory + "/journal" }
  private var committed: String { directory + "/journal.committed" }

  package var pid: Int32 { getpid() }
  package var location: String { undecided }

  package mutating func begin(_ opening: [UInt8], room: Int) throws(HostError) {
    let fd = open(undecided, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard fd >= 0 else { throw HostError("create the journal \(undecided)", errno: errno) }
    do throws(HostError) {
      // Reserved before anything is written, so that a full file system stops us while nothing has changed.
      let result = posix_fallocate(fd, 0, off_t(opening.count + room))
      guard result == 0 else { throw HostError("reserve space for the journal \(undecided)", errno: result) }
      try Disk.write(opening, to: fd, undecided)
    } catch {
      close(fd)
      unlink(undecided)
      throw error
    }
    descriptor = fd
  }

  package mutating func announce() throws(HostError) {
    try Disk.write(Journal.mark, to: descriptor, undecided)
  }

  package mutating func commit() throws(HostError) { try Disk.rename(undecided, to: committed) }

  package mutating func end() throws(HostError) {
    if descriptor >= 0 {
      close(descriptor)
      descriptor = -1
    }
    try Disk.remove(undecided)
    try Disk.remove(committed)
  }

  package mutating func load(committed: Bool) throws(HostError) -> [UInt8]? {
    try Disk.read(committed ? self.committed : undecided)
  }
}
