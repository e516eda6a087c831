internal import CNetlink
import Glibc

/// A program that is started and ends, or puts itself into the background, in the thread's network namespace. One whose end
/// nobody waits for is killed.
package final class ChildProcess {
  package struct Result: Sendable {
    /// Its exit code, or 128 + the number of the signal that ended it.
    package var code: Int32 = 0
    package var output: [UInt8] = []
    package var errors: [UInt8] = []
  }

  private let operation: String
  private let stdin, stdout, stderr: Pipe
  private let input: [UInt8]
  /// So much of the input has gone out.
  private var sent = 0
  /// nil once it has been reaped.
  private var child: Int32?

  /// Starts it; `arguments[0]` is a path. It goes on by itself as far as pipes hold what it reads and says, which is a
  /// megabyte where this process may have that much (pipe(7)).
  package init(_ arguments: [String], input: [UInt8] = []) throws(NetlinkError) {
    operation = "start \(arguments[0])"
    self.input = input
    (stdin, stdout, stderr) = (try Pipe(operation), try Pipe(operation), try Pipe(operation))
    let ends = (stdin.reader, stdout.writer, stderr.writer)
    let child = unsafe ChildProcess.withWords(arguments) { unsafe cnl_spawn($0, ends.0, ends.1, ends.2) }
    guard child > 0 else { throw NetlinkError(operation: operation, errno: -child) }
    self.child = child
    stdin.closeReader()
    stdout.closeWriter()
    stderr.closeWriter()
    for fd in [stdin.writer, stdout.reader, stderr.reader] { _ = fcntl(fd, F_SETFL, O_NONBLOCK) }
    cnl_pipe_room(stdout.reader, 1 << 20)
    if input.count > 1 << 16 { cnl_pipe_room(stdin.writer, 1 << 20) }
    write()
  }

  deinit {
    guard let child else { return }
    kill(child, SIGKILL)
    _ = cnl_reap(child)
  }

  /// Waits for its end. What is not read of the input is no error. Past `timeout` milliseconds without a word of it the
  /// program is killed, and the error says so.
  package func end(timeout: Int32) throws(NetlinkError) -> Result {
    var result = Result()
    guard let child else { return result }
    let isInTime = exchange(with: child, timeout, &result)
    if !isInTime { kill(child, SIGKILL) }
    let code = cnl_reap(child)
    self.child = nil
    guard isInTime, code >= 0 else {
      throw NetlinkError(operation: operation, errno: isInTime ? -code : ETIMEDOUT)
    }
    result.code = code
    return result
  }

  package static func run(
    _ arguments: [String], input: [UInt8] = [], timeout: Int32
  ) throws(NetlinkError) -> Result {
    try ChildProcess(arguments, input: input).end(timeout: timeout)
  }

  /// Starts one that outlives this process and its terminal, in the thread's network namespace; what it says goes to the
  /// descriptor `errors`. Its process id.
  package static func startApart(_ arguments: [String], errors: Int32) throws(NetlinkError) -> Int32 {
    let child = unsafe withWords(arguments) { unsafe cnl_spawn_apart($0, errors) }
    guard child > 0 else { throw NetlinkError(operation: "start \(arguments[0])", errno: -child) }
    return child
  }

  /// Reaps a child of this process that has ended; false where it has not.
  package static func reap(_ child: Int32) -> Bool { waitpid(child, nil, WNOHANG) == child }

  private static func withWords(
    _ arguments: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Int32
  ) -> Int32 {
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
      return unsafe words.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress) }
    }
  }

  /// Writes what it reads and reads what it writes, at once, since either side may wait for the other. A daemon may keep
  /// the ends: what is there when the program itself has ended is all. False where it was silent for too long.
  private func exchange(with child: Int32, _ timeout: Int32, _ result: inout Result) -> Bool {
    let ended = cnl_pidfd(child)
    defer { if ended >= 0 { cnl_close(ended) } }
    while true {
      var polled = [
        pollfd(fd: stdin.writer, events: Int16(POLLOUT), revents: 0),
        pollfd(fd: stdout.reader, events: Int16(POLLIN), revents: 0),
        pollfd(fd: stderr.reader, events: Int16(POLLIN), revents: 0),
        pollfd(fd: ended, events: Int16(POLLIN), revents: 0),
      ]
      let count = unsafe poll(&polled, nfds_t(polled.count), timeout)
      if count == 0 { return false }
      if count < 0, errno != EINTR { return true }
      if polled[0].revents != 0 { write() }
      if polled[1].revents != 0 { ChildProcess.read(stdout, &result.output) }
      if polled[2].revents != 0 { ChildProcess.read(stderr, &result.errors) }
      if polled[3].revents != 0 {
        ChildProcess.read(stdout, &result.output)
        ChildProcess.read(stderr, &result.errors)
        return true
      }
      if ended < 0, stdout.reader < 0, stderr.reader < 0 { return true }
    }
  }

  /// As much of the input as it takes.
  private func write() {
    guard stdin.writer >= 0 else { return }
    let count = unsafe input.withUnsafeBytes { bytes in
      unsafe Glibc.write(stdin.writer, bytes.baseAddress.map { unsafe $0 + sent }, bytes.count - sent)
    }
    if count >= 0 { sent += count }
    // One that reads no further says why by its code.
    if sent == input.count || count < 0 && errno != EAGAIN && errno != EINTR { stdin.closeWriter() }
  }

  /// All that is there.
  private static func read(_ pipe: Pipe, _ text: inout [UInt8]) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while pipe.reader >= 0 {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe Glibc.read(pipe.reader, $0.baseAddress, $0.count)
      }
      if count > 0 {
        text += buffer[..<count]
      } else if count == 0 || errno != EINTR {
        if count == 0 || errno != EAGAIN { pipe.closeReader() }
        return
      }
    }
  }

  private final class Pipe {
    private(set) var reader: Int32 = -1
    private(set) var writer: Int32 = -1

    init(_ operation: String) throws(NetlinkError) {
      var ends: [Int32] = [-1, -1]
      let result = unsafe ends.withUnsafeMutableBufferPointer { unsafe cnl_pipe($0.baseAddress) }
      guard result == 0 else { throw NetlinkError(operation: operation, errno: -result) }
      (reader, writer) = (ends[0], ends[1])
    }

    func closeReader() {
      if reader >= 0 { cnl_close(reader) }
      reader = -1
    }

    func closeWriter() {
      if writer >= 0 { cnl_close(writer) }
      writer = -1
    }

    deinit {
      closeReader()
      closeWriter()
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

  /// Has the process send datagrams without a checksum from its IPv4 UDP socket at `port`, if `socket` is that descriptor of
  /// it: RFC 768 has zero for none.
  package func omitChecksums(of socket: Int32, at port: UInt16) -> Bool {
    cnl_pidfd_omit_checksums(descriptor, socket, port) == 1
  }

  /// Whether it has ended within `timeout` milliseconds.
  package func hasEnded(within timeout: Int32) -> Bool { cnl_pidfd_ended(descriptor, timeout) == 1 }
}
