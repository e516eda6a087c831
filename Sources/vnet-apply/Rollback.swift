internal import ArgumentParser
internal import NetPlan

struct Rollback: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Undo a change that waits to be confirmed; else back to an earlier configuration, atomically.")

  @Argument(help: ArgumentHelp("As 'history' lists them; the one before the last.", valueName: "generation"))
  var number: Int?
  @Option(help: ArgumentHelp("Of this configuration, where there are several.", valueName: "name"))
  var name: String?
  @OptionGroup var options: GlobalOptions
  @OptionGroup var allow: AllowOption
  @OptionGroup var lock: LockOption
  @OptionGroup var trial: TrialOption

  func run() throws {
    var change = try Session.open(options, of: name).enter("rollback", lockTimeout: lock.seconds)
    if case .waiting(let waiting, _) = change.recovery {
      if number != nil || name.map({ $0 != waiting }) == true {
        Output.error("error: a change of '\(waiting)' waits to be confirmed: 'rollback' alone undoes it")
        throw Exit.busy
      }
      try change.decide(keep: false)
      if !options.quiet {
        Output.result("Undone: the host is as it was before the change of '\(waiting)'.\n")
      }
      return
    }
    let history = try History.of(name, in: change.places)
    let generation = try wanted(of: history)
    let loaded = try Loading.load(generation, of: history.name)
    try change.apply(.files(loaded, allow: allow.acceptances), trial.trial, keeps: true)
  }

  private func wanted(of history: History.Kept) throws -> Generation {
    if let number {
      if let found = history.list.first(where: { $0.number == number }) { return found }
      Output.error("error: '\(history.name)' has no generation \(number)")
      Output.error("  hint: it has \(history.list.map { "\($0.number)" }.joined(separator: ", "))")
      throw Exit.usage
    }
    guard let before = history.list.dropLast().last else {
      Output.error("error: there is no configuration of '\(history.name)' before the one that is applied")
      throw Exit.failed
    }
    return before
  }
}
