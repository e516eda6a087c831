import Witness

/// A failure or a signal at the N-th call of one kind, by `strace -e inject`.
struct Injection: CustomStringConvertible {
  enum Effect {
    case error(String)
    case signal(String)
    /// Seconds before the call is made.
    case delay(Double)

    var text: String {
      switch self {
      case .error(let name): "error=\(name)"
      case .signal(let name): "signal=\(name)"
      case .delay(let seconds): "delay_enter=\(Int(seconds * 1e6))"
      }
    }
  }

  let call: String
  let effect: Effect
  /// Children too. A service that is started is not to be waited for.
  var follows = true
  /// Counted from 1, per thread; `N+` is every call from the N-th on.
  let when: String

  init(call: String, effect: Effect, when: String) {
    self.call = call
    self.effect = effect
    self.when = when
  }

  init(at call: TracedCall, _ effect: Effect) {
    self.init(call: call.name, effect: effect, when: "\(call.ordinal)")
  }

  var description: String { "inject=\(call):\(effect.text):when=\(when)" }

  func command(trace: String) -> [String] {
    // A filter in the kernel is faster, but strace then injects no signals.
    let filter = if case .error = effect, follows { ["--seccomp-bpf"] } else { [String]() }
    return ["strace"] + (follows ? ["-f"] : []) + ["-qq", "-o", trace] + filter + [
      "-e", "trace=\(call)", "-e", "\(self)",
    ]
  }
}

/// One call of a traced run: the `ordinal`-th of its name, counted from 1 as `when=` counts.
struct TracedCall {
  let name: String
  let ordinal: Int
  /// It opens a file to read it: nothing is changed by it.
  var isReading = false
  /// As strace writes it.
  var line = ""
}

extension Host {
  /// The calls of `set` (names parted by commas) that a command makes, in order; it must end as expected.
  func calls(
    _ set: String, _ arguments: [String], follows: Bool = true, exits code: Int32 = 0
  ) throws -> [TracedCall] {
    let trace = files.path + "/calls"
    let outcome = try vnet(
      behind: ["strace"] + (follows ? ["-f"] : []) + ["-qq", "-o", trace, "-e", "trace=\(set)"], arguments,
      timeout: 60)
    guard outcome.code == code else { throw CommandFailure(description: outcome.description) }
    var counts: [Substring: Int] = [:]
    let lines = try files.read("calls").split(separator: "\n")
    // `when=` counts in each thread; the program has one that matters.
    let thread = follows ? lines.first?.prefix { $0 != " " } ?? "" : ""
    return lines.filter { $0.hasPrefix(thread) && !$0.contains("resumed>") }.compactMap { line in
      let name = line.dropFirst(thread.count).drop { $0 == " " }.prefix { $0 != "(" && $0 != " " }
      guard set.split(separator: ",").contains(name) else { return nil }
      counts[name, default: 0] += 1
      let isReading = name == "openat" && !line.contains(/O_WRONLY|O_RDWR|O_CREAT/)
      return TracedCall(
        name: String(name), ordinal: counts[name] ?? 0, isReading: isReading, line: String(line))
    }
  }

  /// The command under an injection, and whether the injected call was reached.
  func vnet(_ arguments: [String], _ injection: Injection) throws -> (outcome: Outcome, reached: Bool) {
    let trace = files.path + "/trace"
    let outcome = try vnet(behind: injection.command(trace: trace), arguments, timeout: 60)
    let text = try files.read("trace")
    return (
      outcome, text.contains("(INJECTED)") || text.contains("(DELAYED)") || text.contains("killed by SIG")
    )
  }

  /// A call of `vnet` started under an injection.
  func start(_ arguments: [String], _ injection: Injection) throws -> Child {
    try space.start(
      injection.command(trace: files.path + "/trace-\(arguments[0])") + [Tools.vnetApply] + arguments)
  }
}
