internal import ArgumentParser
internal import NetPlan

struct Remove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract:
      "Remove everything a configuration's name owns, or the named parts; the host is as it was before.")

  @Argument(help: ArgumentHelp("The configuration, then what of it: VM or VM/NIC.", valueName: "config"))
  var words: [String] = []
  @Option(help: ArgumentHelp("The name instead of a configuration.", valueName: "name")) var name: String?
  @OptionGroup var options: GlobalOptions
  @OptionGroup var allow: AllowOption
  @OptionGroup var lock: LockOption
  @OptionGroup var trial: TrialOption

  func validate() throws {
    if name == nil, words.isEmpty { throw ValidationError("name a configuration, or give --name") }
    if name != nil, let file = words.first(where: Files.isConfiguration) {
      throw ValidationError("'\(file)' is a file: name a configuration or give --name, not both")
    }
  }

  func run() throws {
    let loaded = try name == nil ? Loading.load([words[0]], machineID: Files.machineID) : nil
    let owner = name ?? loaded?.topology.name ?? ""
    let parts = name == nil ? Array(words.dropFirst()) : words
    var change = try Session.open(
      options, of: owner, isForEverybody: loaded?.topology.isForEverybody
    ).begin("remove", lockTimeout: lock.seconds)
    let topology = parts.isEmpty ? nil : loaded?.topology
    let before = try change.observe(for: topology ?? .empty(owner))
    // What stays of the file on the host says what the parts that go were the last to need.
    let rest = topology?.without(parts).keeping(Set(before.state.nicIDs(of: owner)))
    var planner = Loading.planner(for: rest ?? .empty(owner), on: before)
    planner.only = parts
    planner.leaving = topology?.named(parts) ?? []
    planner.allow = allow.acceptances
    planner.isRemoval = true
    var plan = try Loading.plan(planner, loaded?.files ?? [], known: loaded?.topology.nicIDs ?? [])
    try plan.complete(
      from: change.transaction.host, on: before.state, loaded?.topology ?? planner.topology,
      allow: planner.allow)
    if !options.quiet { Output.result(plan.text(Output.style)) }
    try change.authorize(plan, "remove")
    let kept = Session.kept(owner, in: change.stateDirectory)
    let keeping = Session.Keeping(
      attachments: parts.isEmpty ? Attachments.none : kept?.without(parts),
      generation: parts.isEmpty ? Generation(files: [], allow: []) : nil)
    if plan.isEmpty { return try change.keep(keeping, of: owner) }
    try Report.refuse(plan)
    let ending = try change.carryOut(plan, before, keeping, trial.trial)
    try trial.trial.end(ending, of: change, "Removed.\n")
  }
}
