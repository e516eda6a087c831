internal import ArgumentParser
internal import NetPlan

struct Confirm: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "confirm", abstract: "Keep a change that waits under --confirm-within.")

  @OptionGroup var options: GlobalOptions
  @OptionGroup var lock: LockOption

  func run() throws {
    var change = try Session.open(options).enter("confirm", lockTimeout: lock.seconds)
    guard case .waiting(let name, _) = change.recovery else {
      Output.error("error: nothing waits to be confirmed")
      throw Exit.failed
    }
    try change.decide(keep: true)
    if !options.quiet { Output.result("Confirmed: '\(name)' stays as it was applied.\n") }
  }
}
