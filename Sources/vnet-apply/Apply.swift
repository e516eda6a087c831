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
    let source = try Source(self)
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
    var change = try Session.open(options, of: source.name, isForEverybody: source.isForEverybody)
      .begin("apply", lockTimeout: lock.seconds)
    let before = try change.observe(for: source.topology, isZoned: source.isZoned)
    let (plan, attachments) = try source.plan(on: before, change.transaction.host)
    if !options.quiet { Output.result(plan.text(Output.style)) }
    try change.authorize(plan, "apply")
    if !plan.isEmpty {
      try Report.refuse(plan)
      try Report.tell(change.transaction.apply(plan, before: before.state), quiet: options.quiet)
    }
    if let attachments { Session.keep(attachments, of: plan.name, in: change.stateDirectory) }
    if plan.isEmpty { return }
    if !options.quiet { Output.result("Applied.\n") }
  }

  /// Read before anything is locked: a file that is wrong costs nobody a wait.
  private enum Source {
    case files(Loaded, Apply)
    case saved(Plan, String)

    init(_ apply: Apply) throws {
      if let path = apply.savedPlan {
        self = .saved(try Files.savedPlan(path), path)
      } else {
        self = .files(try Loading.load(apply.paths, machineID: try Files.machineID), apply)
      }
    }

    var topology: Topology {
      switch self {
      case .files(let loaded, _): loaded.topology
      case .saved(let plan, _): .empty(plan.name)
      }
    }

    var name: String { topology.name }

    var isForEverybody: Bool {
      if case .saved(let plan, _) = self { plan.isOfServices } else { topology.isForEverybody }
    }

    var isZoned: Bool {
      if case .saved(let plan, _) = self { plan.changes.contains { $0.id.isZone } } else { false }
    }

    func plan(on host: Observation, _ linux: borrowing LinuxHost) throws -> (Plan, Attachments?) {
      switch self {
      case .files(let loaded, let apply):
        var planner = Planner(topology: loaded.topology, host: host)
        planner.only = apply.only
        planner.allow = apply.allow.acceptances
        var plan = try Loading.plan(planner, loaded.files)
        plan.complete(from: linux, loaded.topology, allow: apply.allow.acceptances)
        return (plan, Attachments(loaded.topology, planner.target))
      case .saved(var plan, let path):
        let stale = plan.stale(on: host.state)
        if stale.isEmpty {
          plan.nameAccounts(from: linux)
          return (plan, nil)
        }
        Output.error("error: the plan \(path) was made for another state of this host:")
        for id in stale.prefix(10) { Output.error("  \(id) is not as it was") }
        Output.error("  hint: make the plan anew")
        throw Exit.failed
      }
    }
  }
}
