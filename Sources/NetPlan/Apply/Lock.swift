internal import Glibc

/// One writer per network namespace: a lock on a file whose place no option moves. Who has no privilege has one for what
/// is their own.
package struct Lock: ~Copyable {
  private let descriptor: Int32

  package enum Failure: Error, Sendable, Hashable {
    case held(pid: Int32?)
    case host(HostError)
  }

  /// Waits up to `timeout` seconds for the lock of the namespace with this cookie.
  package init(
    namespace cookie: UInt64, in directory: String = StatePlaces.usual, timeout: Double = 0
  ) throws(Failure) {
    let path = "\(directory)/\(cookie).lock"
    do throws(HostError) {
      try Disk.makeDirectory(directory, exactly: true)
    } catch {
      throw .host(error)
    }
    // O_CLOEXEC: a child that inherited it would keep the lock alive. Nobody else may open it: to read is enough for flock(2).
    let fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard fd >= 0, fchmod(fd, 0o600) == 0 else {
      let failure = errno
      close(fd)
      throw .host(HostError("open the lock \(path)", errno: failure))
    }
    var waited = 0.0
    while flock(fd, LOCK_EX | LOCK_NB) != 0 {
      let failure = errno
      if failure == EINTR { continue }
      guard failure == EWOULDBLOCK else {
        close(fd)
        throw .host(HostError("lock \(path)", errno: failure))
      }
      guard waited < timeout else {
        let holder = Lock.holder(fd)
        close(fd)
        throw .held(pid: holder)
      }
      usleep(20_000)
      waited += 0.02
    }
    let text = Array("\(getpid())\n".utf8)
    guard ftruncate(fd, 0) == 0, pwrite(fd, text, text.count, 0) == text.count else {
      let failure = errno
      close(fd)
      throw .host(HostError("write the lock \(path)", errno: failure))
    }
    descriptor = fd
  }

  deinit { close(descriptor) }

  /// A look that takes no lock, and is nobody's way, by proc_locks(5).
  package static func isHeld(namespace cookie: UInt64, in directory: String) -> Bool {
    var status = stat()
    guard stat("\(directory)/\(cookie).lock", &status) == 0,
      let locks = (try? Disk.read("/proc/locks")).flatMap(\.self)
    else { return false }
    let suffix = ":\(status.st_ino)"
    return String(decoding: locks, as: UTF8.self).split(separator: "\n").contains { line in
      let words = line.split(separator: " ")
      // "1: FLOCK ADVISORY WRITE 708 00:19:42 0 EOF"; who waits has "->" before it.
      return words.count > 5 && words[1] == "FLOCK" && words[5].hasSuffix(suffix)
    }
  }

  private static func holder(_ fd: Int32) -> Int32? {
    var buffer = [UInt8](repeating: 0, count: 16)
    let count = pread(fd, &buffer, buffer.count, 0)
    guard count > 0 else { return nil }
    return Int32(String(decoding: buffer[..<count].prefix { $0 != 10 }, as: UTF8.self))
  }
}
