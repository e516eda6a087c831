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
  @Option(
    name: .customLong("from"),
    help: ArgumentHelp(
      "The difference from this configuration, without any host; with --against, on a recorded one.",
      valueName: "config"))
  var old: [String] = []
  @Flag(help: "The plan as JSON.") var json = false
  @Flag(help: "The plan as Markdown.") var markdown = false
  @Flag(help: "Every line of a 'count'.") var full = false
  @Flag(help: "Exit 0 in spite of differences.") var exitZero = false

  func validate() throws {
    guard !old.isEmpty else { return }
    if output != nil {
      throw ValidationError(
        "--out saves a plan for a host, and --from makes one for none: nobody can apply it")
    }
    try Planning.check(old, arguments.paths, netns: options.netns)
  }

  func run() throws {
    var plan = try Planning(paths: arguments.paths, options: options, only: only, allow: allow.acceptances)
      .plan(against: against, from: old)
    if let output {
      try Files.write(plan.plan.savedJSON.text(indent: 1) + "\n", to: output)
    }
    if json {
      Output.result(plan.plan.json.text(indent: 2) + "\n")
    } else if markdown {
      Output.result(plan.plan.markdown)
    } else {
      plan.style.full = full
      Output.result(plan.plan.text(plan.style))
    }
    if !plan.plan.isEmpty, !exitZero { throw Exit.differences }
  }
}
