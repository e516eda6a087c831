internal import ArgumentParser
internal import NetPlan

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what an apply would change; exit 2 if there is anything.")

  @OptionGroup var arguments: ConfigurationArguments
  @OptionGroup var options: GlobalOptions
  @OptionGroup var allow: AllowOption
  @Option(help: ArgumentHelp("Change nothing but this.", valueName: "vm[/nic]")) var only: [String] = []
  @Option(
    name: .customLong("out"), help: ArgumentHelp("Save the plan for 'apply --plan'.", valueName: "file"))
  var output: String?
  @Option(help: ArgumentHelp("Plan against a recorded host, without this one.", valueName: "snapshot"))
  var against: String?
  @Flag(help: "The plan as JSON.") var json = false
  @Flag(help: "The plan as Markdown.") var markdown = false
  @Flag(help: "Every line of a 'count'.") var full = false
  @Flag(help: "Exit 0 in spite of differences.") var exitZero = false

  func run() throws {
    var plan: Plan
    if let against {
      let host = try Files.snapshot(against)
      plan = try self.plan(on: host)
    } else {
      let loaded = try Loading.load(arguments.paths, machineID: Files.machineID)
      var session = try Session.open(options)
      plan = try Loading.plan(
        planner(loaded.topology, try session.observe(for: loaded.topology)), loaded.files)
      plan.name(holders: session.host.holders(of: plan.heldTAPs))
    }
    if let output { try Files.write(plan.savedJSON.text(indent: 1) + "\n", to: output) }
    if json {
      Output.result(plan.json.text(indent: 2) + "\n")
    } else if markdown {
      Output.result(plan.markdown)
    } else {
      var style = Output.style
      style.full = full
      Output.result(plan.text(style))
    }
    if !plan.isEmpty, !exitZero { throw Exit.differences }
  }

  private func plan(on host: Observation) throws -> Plan {
    let loaded = try Loading.load(arguments.paths, machineID: host.facts.machineID)
    return try Loading.plan(planner(loaded.topology, host), loaded.files)
  }

  private func planner(_ topology: Topology, _ host: Observation) -> Planner {
    var planner = Planner(topology: topology, host: host)
    planner.only = only
    planner.allow = allow.acceptances
    return planner
  }
}
