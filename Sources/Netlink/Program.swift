internal import CNetlink

/// A program that is started and ends, or puts itself into the background, in the thread's network namespace.
package enum Program {
  package struct Result: Sendable {
    /// Its exit code, or 128 + the number of the signal that ended it.
    package var code: Int32
    /// What it said on standard error, at most 4 KiB.
    package var errors: [UInt8]
  }

  /// `arguments[0]` is a path. Past `timeout` milliseconds it is killed, and the error says so.
  package static func run(_ arguments: [String], timeout: Int32) throws(NetlinkError) -> Result {
    let operation = "start \(arguments[0])"
    var ends: [Int32] = [-1, -1]
    let piped = unsafe ends.withUnsafeMutableBufferPointer { unsafe cnl_pipe($0.baseAddress) }
    guard piped == 0 else { throw NetlinkError(operation: operation, errno: -piped) }
    defer { cnl_close(ends[0]) }
    let child = spawn(arguments, errors: ends[1])
    cnl_close(ends[1])
    guard child > 0 else { throw NetlinkError(operation: operation, errno: -child) }
    let code = cnl_reap(child, timeout)
    guard code >= 0 else { throw NetlinkError(operation: operation, errno: -code) }
    // A daemon may keep the other end: what is there by now is all.
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe cnl_read(ends[0], $0.baseAddress, $0.count) }
    return Result(code: code, errors: Array(buffer.prefix(max(0, count))))
  }

  private static func spawn(_ arguments: [String], errors: Int32) -> Int32 {
    // One block of C strings, and their addresses.
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for argument in arguments {
      offsets.append(bytes.count)
      bytes += argument.utf8.map { CChar(bitPattern: $0) } + [0]
    }
    return unsafe bytes.withUnsafeMutableBufferPointer { block in
      var words = unsafe offsets.map { offset in unsafe block.baseAddress.map { unsafe $0 + offset } }
      unsafe words.append(nil)
      return unsafe words.withUnsafeMutableBufferPointer { unsafe cnl_spawn($0.baseAddress, errors) }
    }
  }
}

/// A running process, held by a descriptor: a number that comes to mean another process does no harm.
package struct ProcessHandle: ~Copyable {
  private let descriptor: Int32

  /// nil where there is no such process.
  package init?(pid: Int32) {
    descriptor = cnl_pidfd(pid)
    if descriptor < 0 { return nil }
  }

  deinit { cnl_close(descriptor) }

  /// False where it has ended, or may not be signalled.
  package func signal(_ number: Int32) -> Bool { cnl_pidfd_signal(descriptor, number) == 0 }

  /// Whether it has ended within `timeout` milliseconds.
  package func hasEnded(within timeout: Int32) -> Bool { cnl_pidfd_ended(descriptor, timeout) == 1 }
}
