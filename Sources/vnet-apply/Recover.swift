internal import ArgumentParser
internal import NetPlan

struct Recover: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract: "Finish an interrupted apply (every command that changes anything does this first).")

  @OptionGroup var options: GlobalOptions
  @OptionGroup var lock: LockOption

  func run() throws {
    let change = try Session.open(options).begin("recover", lockTimeout: lock.seconds)
    if change.recovery == .nothing, !options.quiet { Output.result("Nothing to recover.\n") }
  }
}
