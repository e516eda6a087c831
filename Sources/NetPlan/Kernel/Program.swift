internal import Glibc

/// Runs another program to its end, in the network namespace of the calling thread: a child begins where the thread
/// that spawns it is.
enum Program {
  struct Result {
    var output: [UInt8] = []
    var errors: [UInt8] = []
    /// As `waitpid` has it; 0 where it ended well.
    var status: Int32 = 0
  }

  /// ENOENT where it is not installed. It is looked for where systems keep programs of the administrator, whatever the
  /// caller's PATH.
  static func run(_ name: String, _ arguments: [String], input: [UInt8] = []) throws(HostError) -> Result {
    var stdin = try Pipe(), stdout = try Pipe(), stderr = try Pipe()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, stdin.reader, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, stdout.writer, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, stderr.writer, STDERR_FILENO)
    var words: [UnsafeMutablePointer<CChar>?] = ([name] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var environment = [
      strdup("PATH=\(folders.joined(separator: ":"))"), strdup("LC_ALL=C"), nil,
    ]
    defer { for word in environment { free(word) } }
    var child = pid_t()
    let failure = try spawn(name, &child, &actions, &words, &environment)
    guard failure == 0 else { throw HostError("run \(name)", errno: failure) }
    stdin.closeReader()
    stdout.closeWriter()
    stderr.closeWriter()
    var result = Result()
    exchange(input, &stdin, stdout, stderr, &result)
    while waitpid(child, &result.status, 0) < 0, errno == EINTR {}
    return result
  }

  /// Signals that are held back here would be held back in the child as well.
  private static func spawn(
    _ name: String, _ child: inout pid_t, _ actions: inout posix_spawn_file_actions_t,
    _ words: inout [UnsafeMutablePointer<CChar>?], _ environment: inout [UnsafeMutablePointer<CChar>?]
  ) throws(HostError) -> Int32 {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var usual = sigset_t()
    sigemptyset(&usual)
    sigaddset(&usual, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &usual)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    guard let path = path(of: name) else { return ENOENT }
    return posix_spawn(&child, path, &actions, &attributes, &words, &environment)
  }

  private static let folders = [
    "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin",
  ]

  static func path(of name: String) -> String? {
    folders.lazy.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }

  /// Writes what it reads and reads what it writes, at once: either side may wait for the other.
  private static func exchange(
    _ input: [UInt8], _ stdin: inout Pipe, _ stdout: borrowing Pipe, _ stderr: borrowing Pipe,
    _ result: inout Result
  ) {
    var sent = 0
    var open = [true, true]
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    if input.isEmpty { stdin.closeWriter() } else { _ = fcntl(stdin.writer, F_SETFL, O_NONBLOCK) }
    while open[0] || open[1] || stdin.writer >= 0 {
      var polled = [
        pollfd(fd: stdin.writer, events: Int16(POLLOUT), revents: 0),
        pollfd(fd: open[0] ? stdout.reader : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: open[1] ? stderr.reader : -1, events: Int16(POLLIN), revents: 0),
      ]
      if poll(&polled, 3, -1) < 0 {
        if errno == EINTR { continue }
        return
      }
      if polled[0].revents != 0 {
        let count = input[sent...].withUnsafeBytes { write(stdin.writer, $0.baseAddress, $0.count) }
        if count >= 0 { sent += count }
        // One that reads no further says why by its status.
        if sent == input.count || count < 0 && errno != EAGAIN && errno != EINTR { stdin.closeWriter() }
      }
      for (index, fd) in [stdout.reader, stderr.reader].enumerated() where polled[index + 1].revents != 0 {
        let count = read(fd, &buffer, buffer.count)
        if count > 0 {
          if index == 0 { result.output += buffer[..<count] } else { result.errors += buffer[..<count] }
        } else if count == 0 || errno != EINTR {
          open[index] = false
        }
      }
    }
  }

  private struct Pipe: ~Copyable {
    private(set) var reader: Int32 = -1
    private(set) var writer: Int32 = -1

    init() throws(HostError) {
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { throw HostError("make a pipe", errno: errno) }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      (reader, writer) = (ends[0], ends[1])
    }

    mutating func closeReader() {
      if reader >= 0 { close(reader) }
      reader = -1
    }

    mutating func closeWriter() {
      if writer >= 0 { close(writer) }
      writer = -1
    }

    deinit {
      if reader >= 0 { close(reader) }
      if writer >= 0 { close(writer) }
    }
  }
}
