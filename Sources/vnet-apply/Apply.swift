internal import ArgumentParser
internal import NetPlan

struct Apply: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Plan, show the plan, apply it atomically, verify (default).")

  @Argument(help: ArgumentHelp("Files, a folder, or - for standard input.", valueName: "config"))
  var paths: [String] = []
  @OptionGroup var options: GlobalOptions
  @OptionGroup var allow: AllowOption
  @OptionGroup var lock: LockOption
  @Flag(name: [.customShort("n"), .long], help: "Show the plan and change nothing.") var dryRun = false
  @Option(name: .customLong("plan"), help: ArgumentHelp("Apply a saved plan verbatim.", valueName: "file"))
  var savedPlan: String?
  @Option(help: ArgumentHelp("Change nothing but this.", valueName: "vm[/nic]")) var only: [String] = []
  @OptionGroup var trial: TrialOption
  @Flag(help: "Keep it out of 'history' and of the next boot.") var transient = false

  func validate() throws {
    guard paths.isEmpty == (savedPlan != nil) else {
      throw ValidationError(
        paths.isEmpty ? "name a configuration, or a plan with --plan" : "--plan takes no configuration")
    }
  }

  func run() throws {
    if dryRun {
      let planning = Planning(paths: paths, options: options, only: only, allow: allow.acceptances)
      let result = try planning.plan()
      Output.result(result.plan.text(result.style))
      if !result.plan.isEmpty { throw Exit.differences }
      return
    }
    let source = try PlanSource(self)
    if !Capability.netAdmin.isEffective, savedPlan == nil, source.topology.isForEverybody,
      !source.topology.hasPasst
    {
      // Who changes nothing needs no privilege.
      let result = try Planning(paths: paths, options: options, only: only, allow: allow.acceptances).plan()
      if result.plan.isEmpty {
        if !options.quiet { Output.result(result.plan.text(result.style)) }
        return
      }
    }
    let change = try Session.open(options, of: source.name, isForEverybody: source.isForEverybody)
      .begin("apply", lockTimeout: lock.seconds)
    try change.apply(source, trial.trial, keeps: !transient && only.isEmpty)
  }
}
