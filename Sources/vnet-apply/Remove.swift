internal import ArgumentParser
internal import NetPlan

struct Remove: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Remove everything a configuration's name owns, or the named parts; the host is as it was before.")

  @Argument(help: ArgumentHelp("The configuration, then what of it: VM or VM/NIC.", valueName: "config"))
  var words: [String] = []
  @Option(help: ArgumentHelp("The name instead of a configuration.", valueName: "name")) var name: String?
  @OptionGroup var options: GlobalOptions
  @OptionGroup var allow: AllowOption
  @OptionGroup var lock: LockOption

  func validate() throws {
    if name == nil, words.isEmpty { throw ValidationError("name a configuration, or give --name") }
  }

  func run() throws {
    let owner = try name ?? Loading.load([words[0]], machineID: Files.machineID).topology.name
    let parts = name == nil ? Array(words.dropFirst()) : words
    var change = try Session.open(options).begin("remove", lockTimeout: lock.seconds)
    let before = try change.observe(for: .empty(owner))
    var planner = Planner(topology: .empty(owner), host: before)
    planner.only = parts
    planner.allow = allow.acceptances
    planner.isRemoval = true
    var plan = try Loading.plan(planner, [])
    plan.complete(from: change.transaction.host, planner.topology, allow: planner.allow)
    if !options.quiet { Output.result(plan.text(Output.style)) }
    if plan.isEmpty { return }
    try Report.refuse(plan)
    try Report.tell(change.transaction.apply(plan, before: before.state), quiet: options.quiet)
    if parts.isEmpty { Session.keep(nil, of: owner, in: change.stateDirectory) }
    if !options.quiet { Output.result("Removed.\n") }
  }
}
