import Glibc
import Synchronization

/// What a command gave back.
struct Outcome: CustomStringConvertible {
  let command: String
  /// The exit code, or 128 + the number of the signal that ended it.
  let code: Int32
  let stdout: String
  let stderr: String
  let seconds: Double

  var output: String { stdout + stderr }

  var description: String {
    """
    $ \(command)
    exit \(code) after \(seconds.rounded(to: 3)) s
    stderr: \(stderr)
    stdout: \(stdout)
    """
  }
}

struct CommandFailure: Error, CustomStringConvertible {
  let description: String
}

/// A started process in a process group of its own; its standard input stays open until `finish`.
final class Child {
  let pid: pid_t
  private let command: String
  private let started = Clock.seconds
  private var input: Int32?
  private var output: [UInt8] = []
  private var errors: [UInt8] = []
  private var open: [(descriptor: Int32, isOutput: Bool)]
  private var lineStart = 0
  private var outcome: Outcome?

  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    command = arguments.joined(separator: " ")
    let made = try Self.spawning.withLock { _ in try Self.spawn(arguments, environment) }
    pid = made.pid
    input = made.input
    open = [(made.output, true), (made.errors, false)]
  }

  /// Between `pipe` and `fcntl` another child would inherit the ends and keep them open.
  private static let spawning = Mutex(())

  private static func spawn(
    _ arguments: [String], _ environment: [String: String]
  ) throws -> (pid: pid_t, input: Int32, output: Int32, errors: Int32) {
    let (inRead, inWrite) = try pipe()
    let (outRead, outWrite) = try pipe()
    let (errRead, errWrite) = try pipe()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, inRead, 0)
    posix_spawn_file_actions_adddup2(&actions, outWrite, 1)
    posix_spawn_file_actions_adddup2(&actions, errWrite, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
    // A worker thread of the tests blocks signals; a shell that inherits that waits for SIGCHLD for ever.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)

    let variables = Self.baseEnvironment.merging(environment) { $1 }.map { "\($0)=\($1)" }.sorted()
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = variables.map { strdup($0) } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var child: pid_t = 0
    let result = posix_spawnp(&child, arguments[0], &actions, &attributes, &argv, &envp)
    for fd in [inRead, outWrite, errWrite] { close(fd) }
    guard result == 0 else {
      for fd in [inWrite, outRead, errRead] { close(fd) }
      throw CommandFailure(description: "\(arguments[0]): \(String(cString: strerror(result)))")
    }
    return (child, inWrite, outRead, errRead)
  }

  /// The few variables that tools need; nothing of the caller's own leaks into a test.
  private static var baseEnvironment: [String: String] {
    let path = Tools.environment("PATH") ?? "/usr/bin:/bin"
    return ["PATH": path + ":/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "TERM": "dumb"]
  }

  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard Glibc.pipe(&ends) == 0 else { throw CommandFailure(description: "pipe failed: errno \(errno)") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  func write(_ text: String) {
    guard let input else { return }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
      guard written > 0 else { return }
      bytes = bytes.dropFirst(written)
    }
  }

  func closeInput() {
    if let input { close(input) }
    input = nil
  }

  /// Reads what is there, waiting at most `seconds`; false once both streams have ended.
  private func pump(_ seconds: Double) -> Bool {
    var polled = open.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    guard poll(&polled, nfds_t(polled.count), Int32(max(0, seconds) * 1000)) > 0 else { return !open.isEmpty }
    var buffer = [UInt8](repeating: 0, count: 65536)
    for (entry, source) in zip(polled, open) where entry.revents != 0 {
      let count = read(source.descriptor, &buffer, buffer.count)
      if count > 0 {
        if source.isOutput { output += buffer[..<count] } else { errors += buffer[..<count] }
      } else {
        close(source.descriptor)
        open.removeAll { $0.descriptor == source.descriptor }
      }
    }
    return !open.isEmpty
  }

  /// The next line of its standard output, or nil when none came in time.
  func line(timeout: Double = 10) -> String? {
    let end = Clock.seconds + timeout
    while true {
      if let newline = output[lineStart...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { lineStart = newline + 1 }
        return String(decoding: output[lineStart..<newline], as: UTF8.self)
      }
      let left = end - Clock.seconds
      guard left > 0, pump(left) else { return nil }
    }
  }

  /// The next `count` bytes of its standard output, or nil when they did not come in time.
  func bytes(_ count: Int, timeout: Double = 10) -> [UInt8]? {
    let end = Clock.seconds + timeout
    while output.count < lineStart + count {
      let left = end - Clock.seconds
      guard left > 0, pump(left) else { return nil }
    }
    defer { lineStart += count }
    return Array(output[lineStart..<lineStart + count])
  }

  /// Nothing where it has ended already: its number may be another's.
  func signal(_ number: Int32) { if outcome == nil { kill(pid, number) } }

  /// Closes its input and waits for its end; past `timeout` its process group is killed. Once more, it gives the same.
  func finish(timeout: Double = 120) -> Outcome {
    if let outcome { return outcome }
    let ended = end(timeout)
    outcome = ended
    return ended
  }

  private func end(_ timeout: Double) -> Outcome {
    closeInput()
    let end = Clock.seconds + timeout
    var status: Int32 = 0
    // A child of the command may keep the streams open: the command's own end is what counts.
    var ended = false
    while !ended {
      let streaming = pump(0.02)
      ended = waitpid(pid, &status, streaming ? WNOHANG : 0) == pid
      if !ended && Clock.seconds > end {
        kill(-pid, SIGKILL)
        errors += Array("\n[killed after \(timeout) s]".utf8)
        ended = waitpid(pid, &status, 0) == pid
      }
    }
    while !open.isEmpty && pollable() { _ = pump(0) }
    for source in open { close(source.descriptor) }
    open = []
    let signal = status & 0x7f
    return Outcome(
      command: command, code: signal == 0 ? (status >> 8) & 0xff : 128 + signal,
      stdout: String(decoding: output, as: UTF8.self), stderr: String(decoding: errors, as: UTF8.self),
      seconds: Clock.seconds - started)
  }

  private func pollable() -> Bool {
    var polled = open.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    return poll(&polled, nfds_t(polled.count), 0) > 0
  }
}

/// Runs a command to its end.
@discardableResult
func run(
  _ arguments: [String], input: String = "", environment: [String: String] = [:], timeout: Double = 120
) throws -> Outcome {
  let child = try Child(arguments, environment: environment)
  if !input.isEmpty { child.write(input) }
  return child.finish(timeout: timeout)
}

/// Runs a command that must succeed; its output.
@discardableResult
func must(_ arguments: [String], input: String = "", timeout: Double = 120) throws -> String {
  let outcome = try run(arguments, input: input, timeout: timeout)
  guard outcome.code == 0 else { throw CommandFailure(description: outcome.description) }
  return outcome.stdout
}

enum Clock {
  /// CLOCK_MONOTONIC in seconds.
  static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  static func sleep(_ seconds: Double) { usleep(UInt32(seconds * 1e6)) }

  /// How many times slower than usual this machine may be (an emulated one says so): a wait for what a guest does is
  /// that many times longer.
  static let patience = Tools.environment("LAB_PATIENCE").flatMap(Double.init) ?? 1

  /// Whether `condition` held within `timeout` seconds. To ask takes time of its own, most often a program's: who waits for
  /// long asks less often.
  static func wait(_ timeout: Double, until condition: () throws -> Bool) rethrows -> Bool {
    let end = seconds + timeout
    var pause = 0.02
    while try !condition() {
      guard seconds < end else { return false }
      sleep(pause)
      pause = min(pause * 1.5, 0.1 * patience)
    }
    return true
  }
}

extension Double {
  func rounded(to places: Int) -> Double {
    let scale = pow(10, Double(places))
    return (self * scale).rounded() / scale
  }
}
