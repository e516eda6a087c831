internal import Glibc

/// The journal as files: `journal` while undecided, `journal.waiting` while somebody is to decide, `journal.committed`
/// from the decision on.
package struct FileJournal: JournalStore, ~Copyable {
  private let directory: String
  private var descriptor: Int32 = -1
  /// Where the text of an earlier run's ends.
  private var length: off_t = 0

  package init(directory: String) { self.directory = directory }

  deinit { if descriptor >= 0 { close(descriptor) } }

  package func path(_ place: JournalPlace) -> String {
    switch place {
    case .undecided: directory + "/journal"
    case .waiting: directory + "/journal.waiting"
    case .committed: directory + "/journal.committed"
    }
  }

  /// A look without a lock: whether there is a journal.
  package func has(_ place: JournalPlace) -> Bool { access(path(place), F_OK) == 0 }

  package var isThere: Bool { has(.undecided) || has(.waiting) || has(.committed) }

  /// A look, without a lock, at the change that waits; nil where none does, or its journal cannot be understood.
  package func waiting() throws(HostError) -> (name: String, deadline: UInt64)? {
    guard let bytes = try Disk.read(path(.waiting)), let journal = try? Journal.parse(bytes),
      let deadline = journal.deadline
    else { return nil }
    return (journal.header.name, deadline)
  }

  /// A look without a lock: whose change it is; nil where that cannot be read.
  package func name(_ place: JournalPlace) -> String? {
    guard let bytes = (try? Disk.read(path(place))).flatMap(\.self) else { return nil }
    return (try? Journal.parse(bytes)).flatMap(\.self)?.header.name
  }

  package var pid: Int32 { getpid() }
  package var location: String { path(.undecided) }
  package var now: UInt64 { Deadline.now }

  package mutating func begin(_ opening: [UInt8], room: Int) throws(HostError) {
    let part = Stopwatch.part()
    defer { Stopwatch.end(part, "journal") }
    let undecided = path(.undecided)
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

  package mutating func append(_ mark: [UInt8]) throws(HostError) {
    let part = Stopwatch.part()
    defer { Stopwatch.end(part, "journal") }
    let undecided = path(.undecided)
    if descriptor < 0 {
      descriptor = open(undecided, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0, lseek(descriptor, length, SEEK_SET) == length else {
        throw HostError("open the journal \(undecided)", errno: errno)
      }
    }
    try Disk.write(mark, to: descriptor, undecided)
  }

  package mutating func move(_ from: JournalPlace, to: JournalPlace) throws(HostError) {
    let part = Stopwatch.part()
    defer { Stopwatch.end(part, "journal") }
    try Disk.rename(path(from), to: path(to))
  }

  package mutating func end() throws(HostError) {
    let part = Stopwatch.part()
    defer { Stopwatch.end(part, "journal") }
    if descriptor >= 0 {
      close(descriptor)
      descriptor = -1
    }
    for place in JournalPlace.allCases { try Disk.remove(path(place)) }
  }

  package mutating func load(_ place: JournalPlace) throws(HostError) -> [UInt8]? {
    let bytes = try Disk.read(path(place))
    // Reserved space that was not written yet reads as zeros.
    if let bytes { length = off_t(bytes.firstIndex(of: 0) ?? bytes.count) }
    return bytes
  }
}
