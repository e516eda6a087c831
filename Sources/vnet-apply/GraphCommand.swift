internal import ArgumentParser
internal import NetPlan

struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Draw the topology, with what an apply would change marked.")

  @OptionGroup var arguments: ConfigurationArguments
  @OptionGroup var options: GlobalOptions
  @Option(help: "What is written.") var format = GraphFormat.mermaid
  @Option(help: ArgumentHelp("Mark what a recorded host lacks, without this one.", valueName: "snapshot"))
  var against: String?
  @Option(
    name: .customLong("from"),
    help: ArgumentHelp("Mark the difference from this configuration, without any host.", valueName: "config"))
  var old: [String] = []
  @Flag(help: "Draw what the file says, and mark nothing.") var noPlan = false

  func validate() throws {
    if noPlan, against != nil || !old.isEmpty || options.netns != nil {
      throw ValidationError("--no-plan looks at no host: it goes with none of --against, --from and --netns")
    }
    if !old.isEmpty { try Planning.check(old, arguments.paths, netns: options.netns) }
  }

  func run() throws {
    if noPlan {
      return Output.result(format.render(Graph(try Loading.load(arguments.paths, machineID: nil).topology)))
    }
    let planning = Planning(paths: arguments.paths, options: options, only: [], allow: [])
    do {
      Output.result(format.render(try planning.plan(against: against, from: old).graph))
    } catch let code as ExitCode where old.isEmpty && code != Exit.privilege {
      Output.error("  hint: --no-plan draws what the file says, without a host")
      throw code
    }
  }
}

extension GraphFormat: ExpressibleByArgument {}
