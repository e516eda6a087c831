internal import ArgumentParser
internal import Glibc
internal import NetPlan

/// What every command takes.
struct GlobalOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Work inside another network namespace, by ip-netns(8)'s name.", valueName: "name"))
  var netns: String?

  @Option(
    help: ArgumentHelp(
      "Where journal, ledger and services are: \(StatePlaces.usual), or /run/user/UID/vnet-apply where no privilege is needed nor there.",
      valueName: "dir"))
  var stateDir: String?

  @Flag(name: .shortAndLong, help: "Say more on standard error.")
  var verbose = false

  @Flag(name: .shortAndLong, help: "Say only what went wrong.")
  var quiet = false

  @Flag(help: "Say on standard error where the time went, and how often the kernel was asked.")
  var timing = false

  func validate() {
    guard timing else { return }
    Stopwatch.start()
    // However the run ends.
    atexit { Output.error(Stopwatch.text.dropped) }
  }

  /// A command line for the same namespace and state.
  func command(_ name: String) -> String {
    (["vnet-apply", name] + (netns.map { ["--netns", $0] } ?? [])
      + (stateDir.map { ["--state-dir", $0] } ?? [])).joined(separator: " ")
  }
}

/// The configuration's files.
struct ConfigurationArguments: ParsableArguments {
  @Argument(help: ArgumentHelp("Files, a folder, or - for standard input.", valueName: "config"))
  var paths: [String]
}

/// Risks accepted on the command line.
struct AllowOption: ParsableArguments {
  @Option(
    name: .customLong("allow"),
    help: ArgumentHelp("Accept a risk, everywhere or for one object.", valueName: "risk[=object]"))
  var values: [String] = []

  var acceptances: [RiskAcceptance] { AllowOption.acceptances(values) }

  static func acceptances(_ values: [String]) -> [RiskAcceptance] {
    values.map { value in
      let parts = value.split(separator: "=", maxSplits: 1).map(String.init)
      return RiskAcceptance(risk: parts.first ?? "", object: parts.count > 1 ? parts[1] : nil, position: nil)
    }
  }

  func validate() throws {
    for value in values {
      let risk = value.prefix { $0 != "=" }
      guard Risk.refusableNames.contains(String(risk)) else {
        throw ValidationError(
          "'\(risk)' is not a risk that can be accepted; there are: \(Risk.refusableNames.sorted().joined(separator: ", "))"
        )
      }
    }
  }
}
