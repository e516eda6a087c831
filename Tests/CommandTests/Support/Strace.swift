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
  /// Counted from 1, per thread; `N+` is every call from the N-th on.
  let when: String

  var description: String { "inject=\(call):\(effect.text):when=\(when)" }

  func command(trace: String) -> [String] {
    // A filter in the kernel is faster, but strace then injects no signals.
    let filter = if case .error = effect { ["--seccomp-bpf"] } else { [String]() }
    return ["strace", "-f", "-qq", "-o", trace] + filter + ["-e", "trace=\(call)", "-e", "\(self)"]
  }
}

extension Host {
  /// The command under an injection, and whether the injected call was reached.
  func vnet(_ arguments: [String], _ injection: Injection) throws -> (outcome: Outcome, reached: Bool) {
    let trace = files.path + "/trace"
    let outcome = try space.run(injection.command(trace: trace) + [Tools.vnetApply] + arguments, timeout: 60)
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
